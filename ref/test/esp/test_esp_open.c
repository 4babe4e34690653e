/* One packet opened: what is believed, what changes, RFC 4303 3.4. */
#include "esp_lab.h"

#include "esp/esp_packet.h"

/* A packet of one octet from A, as B gets it, and its header. */
static struct esp_header sealed_of(struct lab *lab, struct lab_packet *p)
{
    struct esp_header header;
    lab_packet_set(p, "x", 1);
    assert_int_equal(esp_seal(sad_find(&lab->a->sad, LAB_SPI_A(1)), &lab_random, &p->packet, 200),
                     PACKET_FORWARD);
    assert_int_equal(esp_header_parse(packet_bytes(&p->packet), &header), STATUS_OK);
    return header;
}

static void test_payload_and_order(void **state)
{
    (void)state;
    for (size_t algorithm = 0; algorithm < LAB_ALGORITHMS; algorithm++) {
        struct lab lab;
        struct lab_packet p[3], again;
        struct esp_header headers[3];
        lab_create(&lab, &(struct lab_options){.algorithm = algorithm});
        lab_install(&lab, 1);
        struct esp_pair *pair = sad_find(&lab.b->sad, LAB_SPI_B(1));
        for (size_t i = 0; i < 3; i++) {
            headers[i] = sealed_of(&lab, &p[i]);
        }
        again = p[1];
        again.packet.buffer = again.octets;
        static const size_t order[] = {1, 0, 2};
        for (size_t i = 0; i < 3; i++) {
            struct packet *packet = &p[order[i]].packet;
            struct esp_opened opened = {0};
            assert_int_equal(esp_open(pair, &headers[order[i]], packet, &opened), PACKET_FORWARD);
            assert_int_equal(opened.next_header, 200);
            assert_int_equal(opened.highest, order[i] != 0);
            assert_int_equal(packet->length, 1);
            assert_int_equal(packet_octets(packet)[0], 'x');
        }
        struct esp_opened opened;
        assert_int_equal(esp_open(pair, &headers[1], &again.packet, &opened), PACKET_DROP_REPLAYED);
        assert_int_equal(pair->usage.replayed, 1);
        assert_int_equal(pair->window.highest, 3);
        lab_destroy(&lab);
    }
}

/* Before a packet has proved authentic, nothing but counters changes. */
static void test_only_counters_change(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p, forged;
    struct esp_opened opened;
    lab_create(&lab, &(struct lab_options){.algorithm = 4});
    lab_install(&lab, 1);
    struct esp_pair *pair = sad_find(&lab.b->sad, LAB_SPI_B(1));
    struct esp_header header = sealed_of(&lab, &p);
    for (uint32_t i = 1; i <= 3; i++) {
        forged = p;
        forged.packet.buffer = forged.octets;
        struct esp_header ahead = {header.spi, header.sequence + 1000};
        assert_int_equal(esp_open(pair, &ahead, &forged.packet, &opened),
                         PACKET_DROP_NOT_AUTHENTIC);
        assert_int_equal(pair->failures, i);
        assert_int_equal(pair->usage.not_authentic, i);
        assert_int_equal(pair->window.highest, 0);
    }
    size_t whole = p.packet.length;
    p.packet.length = whole - 4; /* not a multiple of the block any more */
    assert_int_equal(esp_open(pair, &header, &p.packet, &opened), PACKET_DROP_MALFORMED);
    p.packet.length = ESP_HEADER_LENGTH + 16 + 16; /* nothing between IV and ICV */
    assert_int_equal(esp_open(pair, &header, &p.packet, &opened), PACKET_DROP_MALFORMED);
    assert_int_equal(pair->usage.malformed, 2);
    p.packet.length = whole;
    assert_int_equal(esp_open(pair, &header, &p.packet, &opened), PACKET_FORWARD);
    assert_int_equal(pair->failures, 0);
    lab_destroy(&lab);
}

/* Any single bit changed anywhere: refused, and nothing of the SA changes. */
static void test_every_bit_is_protected(void **state)
{
    (void)state;
    for (size_t algorithm = 0; algorithm < LAB_ALGORITHMS; algorithm++) {
        struct lab lab;
        lab_create(&lab, &(struct lab_options){.algorithm = algorithm, .esn = true});
        lab_install(&lab, 1);
        uint8_t inner[256];
        struct lab_packet sealed, p;
        lab_packet_set(&sealed, inner, lab_ip_build(inner, &lab.there, 20));
        assert_int_equal(lab_seal(lab.a, &sealed), PACKET_FORWARD);
        lab_packet_cross(&sealed);
        for (size_t bit = 0; bit < sealed.packet.length * 8; bit++) {
            p = sealed;
            p.packet.buffer = p.octets;
            p.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
            enum packet_verdict verdict = lab_open(lab.b, &p);
            bool zero = bit / 8 == 7 && bit % 8 == 0; /* sequence number 1 made 0 */
            assert_true(verdict == (bit < 32 ? PACKET_DROP_NO_SA
                                    : zero   ? PACKET_DROP_REPLAYED
                                             : PACKET_DROP_NOT_AUTHENTIC));
        }
        for (size_t length = 0; length < sealed.packet.length; length++) {
            p = sealed;
            p.packet.buffer = p.octets;
            p.packet.length = length;
            enum packet_verdict verdict = lab_open(lab.b, &p);
            assert_true(verdict == PACKET_DROP_MALFORMED || verdict == PACKET_DROP_NOT_AUTHENTIC);
        }
        struct esp_usage usage;
        assert_true(esp_plane_pair_usage(lab.b, LAB_SPI_B(1), &usage));
        assert_int_equal(usage.packets_in, 0);
        assert_int_equal(usage.sequence_in, 0);
        assert_true(usage.not_authentic > 0);
        assert_int_equal(lab_open(lab.b, &sealed), PACKET_FORWARD);
        lab_destroy(&lab);
    }
}

/* RFC 4303 A3: the peer went on by more than 2^32 while nothing arrived. */
static void test_resynchronization(void **state)
{
    (void)state;
    for (size_t algorithm = 0; algorithm < LAB_ALGORITHMS; algorithm += 3) {
        struct lab lab;
        lab_create(&lab, &(struct lab_options){.algorithm = algorithm, .esn = true});
        lab_install(&lab, 1);
        lab_assert_arrives(&lab, true);
        sad_find(&lab.a->sad, LAB_SPI_A(1))->sequence_out += UINT64_C(3) << 32;
        int lost = 0;
        for (enum packet_verdict verdict = PACKET_DROP_INTERNAL; verdict != PACKET_FORWARD;
             lost++) {
            uint8_t inner[256];
            struct lab_packet p;
            lab_packet_set(&p, inner, lab_ip_build(inner, &lab.there, 20));
            assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
            lab_packet_cross(&p);
            verdict = lab_open(lab.b, &p);
            assert_true(lost < RESYNC_FAILURES + RESYNC_EVERY * RESYNC_TRIES);
        }
        lab_assert_arrives(&lab, true);
        lab_destroy(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_payload_and_order),
        cmocka_unit_test(test_only_counters_change),
        cmocka_unit_test(test_every_bit_is_protected),
        cmocka_unit_test(test_resynchronization),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
