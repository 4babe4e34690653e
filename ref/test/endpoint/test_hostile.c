/* A million datagrams that nobody honest sent, at an established endpoint: mutations of everything
 * it and its peer have said, and noise. Nothing may change: its SAs, its Message IDs, its memory.
 * HOSTILE=n in the environment sends n of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/endpoint_store.h"
#include "test/endpoint/world.h"
#include "wire/ike_header.h"

#define DATAGRAMS 1000000
#define CORPUS_MAX 64
#define WORLD_SPAN_NS 50000 /* between two of them: 20000 a second */

static struct world world;
static struct world_side *const a = &world.sides[0];
static struct world_side *const b = &world.sides[1];

static struct sample {
    struct path path;
    bool encapsulated;
    size_t length;
    uint8_t octets[1200];
} corpus[CORPUS_MAX];
static size_t corpus_count;
static uint32_t questions; /* of b whether a lives, each answered */

/* Keeps what goes to b, and to a as well: reflected messages are hostile too. */
static enum world_fate keep(struct world *w, struct world_packet *packet, void *context)
{
    (void)w;
    (void)context;
    if (corpus_count < CORPUS_MAX && packet->length <= sizeof corpus[0].octets) {
        struct sample *sample = &corpus[corpus_count++];
        sample->path = (struct path){.local = packet->path.remote, .remote = packet->path.local};
        if (packet->from == 1) {
            sample->path = packet->path;
        }
        sample->encapsulated = packet->encapsulated;
        sample->length = packet->length;
        memcpy(sample->octets, packet->octets, packet->length);
    }
    return WORLD_PASS;
}

static uint64_t dice(uint64_t sides)
{
    return world_random(&world) % sides;
}

static void run_all_exchanges(void)
{
    static const enum command_type commands[] = {COMMAND_REKEY_CHILD, COMMAND_LIVENESS,
                                                 COMMAND_REKEY_IKE, COMMAND_DELETE_CHILD,
                                                 COMMAND_INITIATE};
    world.hook = keep;
    world_connect(&world);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        assert_int_not_equal(world_command(&world, i % 2, commands[i]), 0);
        world_run(&world, WORLD_S);
    }
    world.hook = NULL;
    world_run(&world, 60 * WORLD_S); /* until what was closed has been forgotten */
    world_assert_agreement(&world);
    assert_true(corpus_count >= 16);
}

static size_t mutate(uint8_t *octets, size_t length, size_t capacity)
{
    for (uint64_t changes = 1 + dice(4); changes > 0 && length > 0; changes--) {
        switch (dice(6)) {
        case 0:
            octets[dice(length)] ^= (uint8_t)(1U << dice(8));
            break;
        case 1:
            octets[dice(length)] = (uint8_t)dice(256);
            break;
        case 2: /* the header is where the decisions are */
            octets[dice(length < 48 ? length : 48)] = (uint8_t)dice(256);
            break;
        case 3:
            length = dice(length) + 1;
            break;
        case 4:
            for (uint64_t more = dice(40); more > 0 && length < capacity; more--) {
                octets[length++] = (uint8_t)dice(256);
            }
            break;
        default: /* keep the Length field honest, so that more of it is looked at */
            break;
        }
    }
    if (length >= 28 && dice(4) > 0) {
        octets[24] = 0;
        octets[25] = 0;
        octets[26] = (uint8_t)(length >> 8);
        octets[27] = (uint8_t)length;
    }
    return length;
}

/* The SPIs of the IKE SA that lives, so that it is not only ghosts that are spoken to. */
static void set_spis(uint8_t *octets)
{
    struct writer w = writer_over(octets, 16);
    writer_u64(&w, b->ike[0].info.spi_i);
    writer_u64(&w, b->ike[0].info.spi_r);
}

static void send_one(void)
{
    static struct sample s;
    s = corpus[dice(corpus_count)];
    if (dice(10) == 0) {
        s.length = dice(sizeof s.octets) + 1;
        for (size_t i = 0; i < s.length; i++) {
            s.octets[i] = (uint8_t)dice(256);
        }
    }
    if (s.length >= 28 && dice(2) == 0) {
        set_spis(s.octets);
        if (dice(2) == 0) { /* the Message ID it waits for */
            uint32_t expected = (uint32_t)dice(4);
            s.octets[20] = s.octets[21] = s.octets[22] = 0;
            s.octets[23] = (uint8_t)expected;
        }
    }
    s.length = mutate(s.octets, s.length, sizeof s.octets);
    if (dice(2) == 0) {
        s.path.remote.ip.octets[3] = (uint8_t)dice(256); /* from anywhere */
    }
    struct datagram d = {
        .path = s.path, .encapsulated = s.encapsulated, .octets = bytes_of(s.octets, s.length)};
    (void)!endpoint_receive(b->endpoint, &d, world.now_ns);
}

/* Hints from anybody make b ask a whether it lives (7296 2.21.4), and a answers. */
static void ask_a(const struct datagram *question)
{
    struct datagram answer;
    struct datagram at_a = *question;
    at_a.path = (struct path){.local = question->path.remote, .remote = question->path.local};
    (void)!endpoint_receive(a->endpoint, &at_a, world.now_ns);
    while (endpoint_next_datagram(a->endpoint, &answer)) {
        struct datagram at_b = answer;
        at_b.path = (struct path){.local = answer.path.remote, .remote = answer.path.local};
        (void)!endpoint_receive(b->endpoint, &at_b, world.now_ns);
    }
}

/* What else an attacker makes b say is thrown away, half-open SAs expire. */
static void drain(void)
{
    struct datagram datagram;
    struct event event;
    while (endpoint_next_datagram(b->endpoint, &datagram)) {
        if (!datagram.keepalive && (datagram.octets.data[19] & IKE_FLAG_RESPONSE) == 0) {
            ask_a(&datagram);
        }
    }
    while (endpoint_next_event(b->endpoint, &event)) {
        if (event.type == EVENT_LIVENESS) {
            questions++;
        } else {
            assert_true(event.type == EVENT_IKE_SA_KEYS || event.type == EVENT_IKE_SA_DOWN);
            assert_true(event.ike_sa != b->ike[0].id);
        }
        event_wipe(&event);
    }
    if (endpoint_deadline(b->endpoint) <= world.now_ns) {
        endpoint_expire(b->endpoint, world.now_ns);
    }
}

static size_t ike_sas_held(void)
{
    size_t count = 0;
    for (struct ike_sa *sa = endpoint_store(b->endpoint)->ike_sas; sa != NULL; sa = sa->next) {
        count++;
    }
    return count;
}

static void test_nothing_changes(void **state)
{
    const char *wanted = getenv("HOSTILE");
    uint64_t count = wanted != NULL ? strtoull(wanted, NULL, 10) : DATAGRAMS;
    (void)state;
    world_init(&world, 11);
    for (unsigned i = 0; i < 2; i++) {
        world.sides[i].config.half_open_timeout_ns = 2 * WORLD_S;
        world.sides[i].config.cookie_threshold = 8;
        world.sides[i].config.half_open_max = 16;
    }
    world_boot(&world);
    run_all_exchanges();
    const struct ike_sa *sa = world_core_ike_sa(&world, 1);
    uint32_t expected = sa->expected_request;
    uint32_t next = sa->next_request;
    struct path path = sa->path;
    size_t most = 0;
    size_t memory = 0;
    for (uint64_t i = 0; i < count; i++) {
        send_one();
        world.now_ns += WORLD_SPAN_NS;
        drain();
        if (i % 1024 == 0) {
            size_t held = ike_sas_held();
            most = held > most ? held : most;
            if (i == count / 8 / 1024 * 1024) {
                memory = mallinfo2().uordblks;
            }
        }
    }
    assert_true(most < 200); /* half-open ones and those that just ended: bounded */
    assert_true(mallinfo2().uordblks < memory + 1000000);
    assert_ptr_equal(world_core_ike_sa(&world, 1), sa);
    assert_int_equal(sa->expected_request, expected);
    assert_int_equal(sa->next_request, next + questions);
    assert_true(path_equal(&sa->path, &path));
    world_run(&world, 60 * WORLD_S);
    world_assert_agreement(&world);
    uint32_t id = world_command(&world, 0, COMMAND_REKEY_CHILD); /* and all is well */
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    assert_int_equal(a->ike_count, 1);
    assert_int_equal(ike_sas_held(), 1);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
