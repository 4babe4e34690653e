/* Floods, by count and not by the clock: what they cost stays bounded, what they are answered is no
 * more than what they sent, and somebody honest connects all the same. `make flood` has the
 * figures. RFC 7296 2.6, RFC 8019. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <string.h>

#include "endpoint/endpoint_store.h"
#include "test/endpoint/stranger.h"
#include "wire/ike_header.h"

#define PACE_NS 50000 /* between two of them: 20000 a second */

static struct world world;
static struct world_side *const b = &world.sides[1];
static const struct sa_store *store;
static size_t most; /* half-open ones at any time */

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 47);
    b->config.half_open_timeout_attacked_ns = 2 * WORLD_S;
    b->config.half_open_max = 512;
    b->config.puzzle_threshold = 256;
    b->config.puzzle_difficulty = 9;
    most = 0;
    world_boot(&world);
    store = endpoint_store(b->endpoint);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

static void tick(void)
{
    struct event event;
    world.now_ns += PACE_NS;
    if (endpoint_deadline(b->endpoint) <= world.now_ns) {
        endpoint_expire(b->endpoint, world.now_ns);
        while (endpoint_next_event(b->endpoint, &event)) {
            event_wipe(&event);
        }
    }
    most = store->half_open.count > most ? store->half_open.count : most;
}

/* An honest client, whose datagrams take their time as ever; then it goes again. */
static void somebody_connects(void)
{
    uint32_t id = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    assert_int_not_equal(world_command(&world, 0, COMMAND_DELETE_IKE), 0);
    world_run(&world, WORLD_S);
}

static void flood(uint32_t addresses, uint32_t count)
{
    static struct stranger s;
    size_t memory = 0;
    for (uint32_t i = 0; i < count; i++) {
        stranger_init(&s, i % addresses);
        s.spi_i += (uint64_t)i << 24;
        (void)stranger_ask(&s, b, world.now_ns);
        assert_true(s.answers <= 1);
        assert_true(s.accepted || s.answered <= s.asked);
        tick();
        if (i % (count / 4) == 0) {
            somebody_connects();
            size_t now = mallinfo2().uordblks;
            memory = memory == 0 ? now : memory;
            assert_true(now < memory + 1000000);
        }
    }
}

static void test_from_many_addresses(void **state)
{
    (void)state;
    flood(1U << 20, 40000);
    assert_in_range(most, b->config.cookie_threshold, b->config.cookie_threshold + 8);
    assert_true(store->counters.cookies_sent > 39000);
}

static void test_from_one_address(void **state)
{
    (void)state;
    flood(1, 40000);
    /* one address has its limit, and spoils nothing for the others */
    assert_in_range(most, b->config.prefix_half_open, b->config.prefix_half_open + 1);
}

/* They do return their cookies, and then say no more: what they hold is bounded, and who solves its
 * puzzle comes through. */
static void test_tarpits(void **state)
{
    static struct stranger s;
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        stranger_init(&s, i);
        (void)stranger_ask(&s, b, world.now_ns);
        if (s.demanded) {
            (void)stranger_ask(&s, b, world.now_ns);
        }
        tick();
        if (i % 5000 == 4999) {
            somebody_connects();
        }
    }
    assert_in_range(most, b->config.puzzle_threshold, b->config.half_open_max);
    assert_true(store->counters.puzzles_solved > 0);
}

/* IKE_AUTH of noise: one key exchange for each that has solved its puzzle, and few tries. */
static void test_noise_in_ike_auth(void **state)
{
    static struct stranger s;
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        stranger_init(&s, i);
        (void)stranger_ask(&s, b, world.now_ns);
        if (s.demanded) {
            (void)stranger_ask(&s, b, world.now_ns);
        }
        for (unsigned k = 0; k < 20 && s.accepted; k++) {
            s.accepted = true;
            enum status status = stranger_auth_noise(&s, b, world.now_ns);
            assert_int_equal(status, STATUS_DROP);
            assert_int_equal(s.answers, 0);
            tick();
        }
    }
    for (const struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        assert_true(sa->failures <= 8 + 1);
    }
    somebody_connects();
}

/* A million is for `make flood`: no SPI hits, none is told from another, hints are rationed. */
static void test_spis_tried(void **state)
{
    uint8_t octets[60];
    unsigned hints = 0;
    (void)state;
    world_connect(&world);
    const struct ike_sa *sa = world_core_ike_sa(&world, 1);
    uint32_t expected = sa->expected_request;
    uint64_t since_ns = world.now_ns;
    memset(octets, 0, sizeof octets);
    for (unsigned i = 0; i < 100000; i++) {
        struct writer w = writer_over(octets, sizeof octets);
        struct datagram answer;
        struct ike_header header = {.spi_i = sa->spi_i,
                                    .spi_r = sa->spi_r + 1 + i,
                                    .next_payload = PAYLOAD_SK,
                                    .exchange_type = INFORMATIONAL,
                                    .flags = IKE_FLAG_INITIATOR,
                                    .message_id = expected};
        ike_header_build(&w, &header);
        writer_zero(&w, 32);
        writer_patch_u16(&w, 30, 32);
        ike_header_patch_length(&w);
        struct datagram d = {.path = sa->path, .octets = writer_bytes(&w)};
        assert_int_equal(endpoint_receive(b->endpoint, &d, world.now_ns), STATUS_DROP);
        while (endpoint_next_datagram(b->endpoint, &answer)) {
            hints++;
        }
        tick();
    }
    assert_true(hints <= 1 + (world.now_ns - since_ns) / (WORLD_S / 10));
    assert_int_equal(sa->expected_request, expected);
    world_assert_agreement(&world);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_from_many_addresses), CASE(test_from_one_address), CASE(test_tarpits),
        CASE(test_noise_in_ike_auth),   CASE(test_spis_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
