/* A million random and mutated ESP datagrams at a running plane: nothing of it changes but
 * counters, and the traffic goes on. The seed is fixed; under AddressSanitizer every buffer has its
 * exact size. */
#include "esp_lab.h"

#include <stdlib.h>

#define DATAGRAMS 1000000
#define BURST 64
#define ROOM 256

static void mutate(uint8_t *octets, size_t *length, uint64_t *seed)
{
    switch (lab_next(seed) % 8) {
    case 0: /* nothing but noise */
        *length = lab_next(seed) % ROOM;
        for (size_t i = 0; i < *length; i++) {
            octets[i] = (uint8_t)lab_next(seed);
        }
        break;
    case 1: /* cut */
        *length = lab_next(seed) % *length;
        break;
    case 2: /* longer */
        for (size_t more = lab_next(seed) % 40 + 1; more > 0 && *length < ROOM; more--) {
            octets[(*length)++] = (uint8_t)lab_next(seed);
        }
        break;
    case 3: /* another sequence number, ICV as it was */
        octets[4 + lab_next(seed) % 4] ^= (uint8_t)(lab_next(seed) % 255 + 1);
        break;
    default: /* some bits */
        octets[4 + lab_next(seed) % (*length - 4)] ^= (uint8_t)(1 << lab_next(seed) % 8);
        break;
    }
}

static void attack(struct lab *lab, size_t count, uint64_t seed)
{
    uint8_t inner[128];
    struct lab_packet sealed;
    lab_packet_set(&sealed, inner, lab_ip_build(inner, &lab->there, 40));
    assert_int_equal(lab_seal(lab->a, &sealed), PACKET_FORWARD);
    lab_packet_cross(&sealed); /* itself never delivered: a mutant is never an authentic packet */
    struct esp_pair *pair = sad_find(&lab->b->sad, LAB_SPI_B(1));
    size_t window_length = replay_window_length(pair->window.size);
    struct esp_pair before; /* there is no memory for all of the window */
    memcpy(&before, pair, offsetof(struct esp_pair, window) + window_length);

    struct packet burst[BURST];
    for (size_t done = 0; done < count; done += BURST) {
        for (size_t i = 0; i < BURST; i++) {
            uint8_t octets[ROOM];
            size_t length = sealed.packet.length;
            memcpy(octets, sealed.octets, length);
            mutate(octets, &length, &seed);
            burst[i] = sealed.packet;
            burst[i].buffer = malloc(length == 0 ? 1 : length);
            assert_non_null(burst[i].buffer);
            memcpy(burst[i].buffer, octets, length);
            burst[i].capacity = burst[i].length = length;
            burst[i].offset = 0;
            burst[i].udp_encapsulation = lab_next(&seed) % 2;
            burst[i].path.remote.port = (uint16_t)lab_next(&seed);
        }
        esp_plane_open(lab->b, burst, BURST, LAB_SECOND);
        for (size_t i = 0; i < BURST; i++) {
            assert_true(burst[i].verdict != PACKET_FORWARD && burst[i].verdict != PACKET_DUMMY);
            assert_true(packet_sound(&burst[i]));
            assert_int_equal(burst[i].user, 0);
            free(burst[i].buffer);
        }
    }
    assert_memory_equal(&pair->window, &before.window, window_length);
    assert_true(path_equal(&pair->path, &before.path));
    assert_true(pair->sequence_out == before.sequence_out);
    assert_int_equal(pair->usage.packets_in, before.usage.packets_in);
    assert_int_equal(pair->usage.last_in_ns, before.usage.last_in_ns);
    assert_true(pair->usage.not_authentic > 0);
    assert_int_equal(lab->b->sad.count, 1);
    lab_expect_no_event(lab->b);
    lab_assert_arrives(lab, true);
    lab_assert_arrives(lab, false);
}

static void test_a_million_datagrams(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct lab lab;
        lab_create(&lab, &(struct lab_options){.algorithm = (size_t[]){0, 3, 4, 6}[i],
                                               .transport_mode = i % 2,
                                               .v6_inside = i / 2,
                                               .esn = i % 2});
        lab_install(&lab, 1);
        lab_assert_arrives(&lab, true);
        attack(&lab, DATAGRAMS / 4, 0x1234567 + i);
        lab_destroy(&lab);
    }
}

/* The same for the other side: what the host writes to the TUN is not to be trusted either. */
static void test_random_inner_packets(void **state)
{
    (void)state;
    struct lab lab;
    uint64_t seed = 77;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    for (int round = 0; round < 200000; round++) {
        uint8_t inner[128];
        struct lab_packet p;
        size_t length = lab_ip_build(inner, &lab.there, lab_next(&seed) % 60);
        for (uint64_t changes = lab_next(&seed) % 4; changes > 0; changes--) {
            inner[lab_next(&seed) % 28] = (uint8_t)lab_next(&seed);
        }
        lab_packet_set(&p, inner, lab_next(&seed) % 8 == 0 ? lab_next(&seed) % length : length);
        enum packet_verdict verdict = lab_seal(lab.a, &p);
        if (verdict == PACKET_FORWARD) {
            lab_packet_cross(&p);
            assert_int_equal(lab_open(lab.b, &p), PACKET_FORWARD);
        } else {
            assert_true(verdict == PACKET_DROP_MALFORMED || verdict == PACKET_DROP_NO_POLICY);
        }
    }
    lab_destroy(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_million_datagrams),
        cmocka_unit_test(test_random_inner_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
