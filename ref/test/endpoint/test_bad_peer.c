/* A peer that holds the keys and talks nonsense: requests and responses whose payloads are
 * mutations of honest ones, sealed well. It may lose its IKE SA by that, but nothing may break: no
 * crash, no spin, every command answered, nothing left in the end. BAD=n in the environment sends n
 * of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "endpoint/endpoint_store.h"
#include "protect/sk_message.h"
#include "test/endpoint/world.h"

#define MESSAGES 20000
#define CORPUS_MAX 128

static struct world world;
static struct world_side *const b = &world.sides[1];

static struct sample {
    uint8_t exchange_type, first;
    bool response;
    size_t length;
    uint8_t octets[700];
} corpus[CORPUS_MAX];
static size_t corpus_count;

static uint64_t dice(uint64_t sides)
{
    return world_random(&world) % sides;
}

static void keep_plaintext(unsigned to, struct bytes datagram)
{
    uint8_t plain[IKE_MESSAGE_MAX];
    struct ike_header header;
    struct payload_chain chain;
    struct bytes inner;
    if (ike_header_parse(datagram, &header) != STATUS_OK || header.exchange_type == IKE_SA_INIT ||
        payload_chain_parse(header.next_payload, bytes_of(datagram.data + 28, datagram.length - 28),
                            &chain) != STATUS_OK) {
        return;
    }
    struct sample *sample = &corpus[corpus_count];
    struct ike_sa *sa = world_core_ike_sa_by_spis(&world, to, header.spi_i, header.spi_r);
    if (sa != NULL && sa->open != NULL && corpus_count < CORPUS_MAX &&
        sk_message_open(&sa->protection, sa->open, datagram, &chain.items[0], plain, &inner,
                        &sample->first) == STATUS_OK &&
        inner.length <= sizeof sample->octets) {
        sample->exchange_type = header.exchange_type;
        sample->response = (header.flags & IKE_FLAG_RESPONSE) != 0;
        sample->length = inner.length;
        memcpy(sample->octets, inner.data, inner.length);
        corpus_count++;
    }
}

static enum world_fate keep(struct world *w, struct world_packet *packet, void *context)
{
    (void)w;
    (void)context;
    keep_plaintext(1 - packet->from, bytes_of(packet->octets, packet->length));
    return WORLD_PASS;
}

static void meet(void)
{
    for (unsigned i = 0; i < 2; i++) {
        world_kill(&world, i);
        world_start(&world, i);
    }
    world_run(&world, WORLD_S);
    world_connect(&world);
}

static void learn(void)
{
    static const enum command_type commands[] = {COMMAND_REKEY_CHILD, COMMAND_LIVENESS,
                                                 COMMAND_REKEY_IKE,   COMMAND_DELETE_CHILD,
                                                 COMMAND_INITIATE,    COMMAND_DELETE_IKE};
    world.hook = keep;
    world_boot(&world);
    world_connect(&world);
    for (size_t i = 0; i < 2 * sizeof commands / sizeof commands[0]; i++) {
        (void)world_command(&world, i % 2, commands[i / 2]);
        world_run(&world, WORLD_S);
        if (i == 5) {
            world_address_set(&world, 0, "192.0.2.11");
            (void)world_roam(&world, 0, "192.0.2.11");
            world_run(&world, WORLD_S);
        }
    }
    world.hook = NULL;
    assert_true(corpus_count > 20);
}

static void mutate(struct sample *s)
{
    for (uint64_t changes = dice(4); changes > 0 && s->length > 0; changes--) {
        size_t at = dice(s->length);
        switch (dice(6)) {
        case 0:
            s->octets[at] ^= (uint8_t)(1U << dice(8));
            break;
        case 1:
            s->octets[at] = (uint8_t)dice(256);
            break;
        case 2:
            s->length = at;
            break;
        case 3:
            s->first = (uint8_t)(33 + dice(21));
            break;
        case 4: /* one payload twice, or two chains run together */
            if (s->length * 2 <= sizeof s->octets) {
                memcpy(s->octets + s->length, s->octets, s->length);
                s->octets[0] = s->first;
                s->length *= 2;
            }
            break;
        default:
            s->exchange_type = (uint8_t)(35 + dice(4));
            break;
        }
    }
}

/* b's newest IKE SA is one that a has too. */
static bool has_victim(void)
{
    const struct ike_sa *sa = world_core_ike_sa(&world, 1);
    return sa != NULL && world_core_ike_sa_by_spis(&world, 0, sa->spi_i, sa->spi_r) != NULL;
}

static void misbehave(void)
{
    static struct sample s;
    const struct ike_sa *sa = world_core_ike_sa(&world, 1);
    s = corpus[dice(corpus_count)];
    mutate(&s);
    struct world_forgery f = {
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .exchange_type = s.exchange_type,
        .response = s.response,
        .message_id = s.response ? sa->request.message_id : sa->expected_request,
        .first_payload = s.first,
        .payloads = bytes_of(s.octets, s.length),
    };
    if (s.response && sa->request.active) {
        f.exchange_type = sa->request.exchange_type; /* else it is not looked at */
    }
    world_forge(&world, 0, &f);
}

/* b asks for something, and may get nonsense for an answer before the real one. */
static void ask(void)
{
    static const enum command_type commands[] = {COMMAND_REKEY_CHILD, COMMAND_REKEY_IKE,
                                                 COMMAND_LIVENESS, COMMAND_INITIATE};
    (void)world_command(&world, 1, commands[dice(4)]);
}

static void test_nothing_breaks(void **state)
{
    const char *wanted = getenv("BAD");
    uint64_t count = wanted != NULL ? strtoull(wanted, NULL, 10) : MESSAGES;
    unsigned meetings = 0;
    (void)state;
    world_init(&world, 13);
    b->peers[0].retransmission.tries = world.sides[0].peers[0].retransmission.tries = 3;
    b->peers[0].liveness_ns = world.sides[0].peers[0].liveness_ns = WORLD_S;
    world_add_child(&world, 0, 1);
    learn();
    for (uint64_t i = 0; i < count; i++) {
        if (!has_victim() || b->command_count > WORLD_COMMANDS - 10) {
            world_run(&world, 10 * WORLD_S);
            assert_int_equal(world_unanswered(&world, 1), 0);
            b->command_count = 0;
            world.sides[0].command_count = 0;
            meet();
            meetings++;
        }
        if (dice(2) == 0) {
            ask();
        }
        misbehave();
        world_run(&world, dice(30) * WORLD_MS);
        world.seal_count = 0;
    }
    assert_true(meetings > 10);
    (void)world_command(&world, 1, COMMAND_SHUTDOWN);
    world_kill(&world, 0);
    world_run(&world, 120 * WORLD_S);
    assert_null(world_residue(&world, 1));
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
