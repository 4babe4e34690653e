/* The door of the core: datagrams and time in, datagrams and events out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "endpoint/endpoint_store.h"
#include "test/exchange/core_connected.h"

static struct endpoint *a(void)
{
    return world.sides[0].endpoint;
}

static void test_a_new_one_wants_nothing(void **state)
{
    struct datagram datagram;
    struct event event;
    (void)state;
    struct endpoint *fresh =
        endpoint_create(&world.sides[0].config, &world.sides[0].random, 5 * WORLD_S);
    assert_non_null(fresh);
    assert_int_equal(endpoint_deadline(fresh), UINT64_MAX);
    assert_false(endpoint_next_datagram(fresh, &datagram));
    assert_false(endpoint_next_event(fresh, &event));
    assert_int_equal(endpoint_store(fresh)->now_ns, 5 * WORLD_S);
    endpoint_destroy(fresh);
    endpoint_destroy(NULL);
}

static void test_time_never_runs_backwards(void **state)
{
    uint64_t now_ns = store->now_ns;
    struct command c = {.type = COMMAND_ADDRESSES};
    struct datagram keepalive = {.keepalive = true, .octets = bytes_of("\xff", 1)};
    (void)state;
    endpoint_expire(a(), 1);
    assert_int_equal(endpoint_command(a(), &c, 1), STATUS_OK);
    assert_int_equal(endpoint_receive(a(), &keepalive, 1), STATUS_OK);
    assert_int_equal(store->now_ns, now_ns);
    endpoint_expire(a(), now_ns + 1);
    assert_int_equal(store->now_ns, now_ns + 1);
}

static void test_what_became_of_a_datagram(void **state)
{
    uint8_t octets[IKE_HEADER_LENGTH] = {0};
    struct datagram d = {.path = sa->path, .octets = bytes_of(octets, sizeof octets)};
    struct endpoint_counters before, after;
    (void)state;
    endpoint_counters(a(), &before);
    struct datagram keepalive = {.keepalive = true, .octets = bytes_of("\xff", 1)};
    assert_int_equal(endpoint_receive(a(), &keepalive, 1), STATUS_OK);
    octets[0] = 1;
    octets[17] = 0x20;
    octets[18] = IKE_SA_INIT;
    octets[27] = sizeof octets;
    assert_int_equal(endpoint_receive(a(), &d, 1), STATUS_DROP);
    octets[17] = 0x30;
    assert_int_equal(endpoint_receive(a(), &d, 1), STATUS_NOTIFY(INVALID_MAJOR_VERSION));
    endpoint_counters(a(), &after);
    assert_int_equal(after.datagrams_in, before.datagrams_in + 3);
    assert_int_equal(after.dropped, before.dropped + 1);
    assert_int_equal(after.invalid, before.invalid + 1);
}

/* First in, first out; each is lent until the next call. */
static void test_datagrams_in_order(void **state)
{
    struct datagram out;
    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        sa_store_send(store, &sa->path, i == 1, i == 2, bytes_of(&i, 1));
    }
    for (uint8_t i = 0; i < 3; i++) {
        assert_true(endpoint_next_datagram(a(), &out));
        assert_int_equal(out.octets.length, 1);
        assert_int_equal(out.octets.data[0], i);
        assert_int_equal(out.encapsulated, i == 1);
        assert_int_equal(out.keepalive, i == 2);
        assert_true(path_equal(&out.path, &sa->path));
    }
    assert_false(endpoint_next_datagram(a(), &out));
    sa_store_send(store, &sa->path, false, false, bytes_of("x", 1)); /* and after it ran dry */
    assert_true(endpoint_next_datagram(a(), &out));
    assert_int_equal(out.octets.data[0], 'x');
}

static void test_events_are_wiped(void **state)
{
    static const struct event nothing;
    struct event event;
    (void)state;
    sa_store_emit_done(store, 9, STATUS_OK);
    sa_store_emit_done(store, 0, STATUS_OK); /* without an id no such event is wanted */
    assert_true(endpoint_next_event(a(), &event));
    assert_int_equal(event.command, 9);
    event_wipe(&event);
    assert_memory_equal(&event, &nothing, sizeof event);
    assert_false(endpoint_next_event(a(), &event));
}

static bool no_randomness(void *context, uint8_t *out, size_t length)
{
    (void)context;
    (void)out;
    (void)length;
    return false;
}

/* The cookies' secret could be guessed (RFC 7296 2.6): there is none without it. */
static void test_none_without_randomness(void **state)
{
    static const struct random_source none = {.fill = no_randomness};
    (void)state;
    assert_null(endpoint_create(&world.sides[0].config, &none, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_none_without_randomness),   CASE(test_a_new_one_wants_nothing),
        CASE(test_time_never_runs_backwards), CASE(test_what_became_of_a_datagram),
        CASE(test_datagrams_in_order),        CASE(test_events_are_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
