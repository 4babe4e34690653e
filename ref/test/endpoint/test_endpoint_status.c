/* Looking at an endpoint: what its SAs and counters tell. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "test/endpoint/stranger.h"
#include "test/endpoint/world.h"

static struct world world;

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 43);
    world_boot(&world);
    world_connect(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void test_in_order_of_number(void **state)
{
    struct ike_sa_status ike;
    struct child_sa_status child;
    uint32_t last = 0;
    size_t count = 0;
    (void)state;
    struct endpoint *a = world.sides[0].endpoint;
    for (unsigned i = 0; i < 3; i++) { /* traffic it does not carry: a further Child SA each */
        assert_int_not_equal(
            world_command_with(&world, 0, (struct command){.type = COMMAND_ACQUIRE}), 0);
        world_run(&world, WORLD_S);
    }
    for (; endpoint_child_sa_after(a, last, &child); count++) {
        assert_true(child.id > last);
        last = child.id;
    }
    assert_int_equal(count, world.sides[0].child_count);
    assert_int_equal(count, 4);
    assert_true(endpoint_ike_sa_after(a, 0, &ike));
    assert_int_equal(child.ike_sa, ike.id);
    assert_false(endpoint_ike_sa_after(a, ike.id, &ike));
    assert_false(endpoint_child_sa_after(a, last, &child));
    assert_false(endpoint_child_sa_after(a, UINT32_MAX, &child));
}

static void test_what_an_ike_sa_tells(void **state)
{
    struct ike_sa_status ike, peers;
    (void)state;
    assert_true(endpoint_ike_sa_after(world.sides[0].endpoint, 0, &ike));
    assert_true(endpoint_ike_sa_after(world.sides[1].endpoint, 0, &peers));
    assert_string_equal(ike.state, "established");
    assert_int_equal(ike.outstanding, 0);
    assert_int_equal(ike.message_id_next_request, peers.message_id_expected);
    assert_int_equal(ike.info.spi_i, peers.info.spi_i);
    assert_true(ike.info.initiator && !peers.info.initiator);
    assert_int_equal(ike.rekey_at_ns, UINT64_MAX);
    assert_true(ike.established_ns >= WORLD_S && ike.established_ns <= world.now_ns);
    uint32_t next = ike.message_id_next_request;
    assert_int_not_equal(world_command(&world, 0, COMMAND_DELETE_IKE), 0);
    assert_true(endpoint_ike_sa_after(world.sides[0].endpoint, 0, &ike));
    assert_string_equal(ike.state, "deleting");
    assert_int_equal(ike.outstanding, 1);
    assert_int_equal(ike.message_id_next_request, next + 1);
    world_run(&world, WORLD_S);
    assert_false(endpoint_ike_sa_after(world.sides[0].endpoint, 0, &ike)); /* closed: not shown */
}

static void test_a_child_sa_tells_no_keys(void **state)
{
    static const struct secret none;
    struct child_sa_status child;
    (void)state;
    assert_true(endpoint_child_sa_after(world.sides[0].endpoint, 0, &child));
    assert_string_equal(child.state, "installed");
    assert_int_equal(child.info.spi_in, world.sides[1].child[0].info.spi_out);
    assert_int_equal(child.rekey_at_ns, UINT64_MAX);
    assert_memory_equal(&child.info.encryption_in, &none, sizeof none);
    assert_memory_equal(&child.info.encryption_out, &none, sizeof none);
    assert_memory_equal(&child.info.integrity_in, &none, sizeof none);
    assert_memory_equal(&child.info.integrity_out, &none, sizeof none);
}

static void test_counters(void **state)
{
    struct endpoint_counters before, after;
    struct endpoint *a = world.sides[0].endpoint;
    (void)state;
    endpoint_counters(a, &before);
    assert_int_equal(before.ike_sas, 1);
    assert_int_equal(before.child_sas, 1);
    assert_int_equal(before.half_open, 0);
    assert_int_equal(before.datagrams_out, 2); /* IKE_SA_INIT and IKE_AUTH */
    assert_int_equal(before.datagrams_in, 2);
    assert_int_equal(before.retransmissions, 0);
    world_kill(&world, 1);
    assert_int_not_equal(world_command(&world, 0, COMMAND_LIVENESS), 0);
    world_run(&world, 250 * WORLD_MS);
    endpoint_counters(a, &after);
    assert_int_equal(after.datagrams_out, 4);
    assert_int_equal(after.retransmissions, 1);
    world_run(&world, 60 * WORLD_S);
    endpoint_counters(a, &after);
    assert_int_equal(after.retransmissions, 6);
    assert_int_equal(after.ike_sas + after.child_sas, 0);
}

static size_t ike_sas_shown(const struct world_side *side)
{
    struct ike_sa_status ike;
    size_t count = 0;
    for (uint32_t id = 0; endpoint_ike_sa_after(side->endpoint, id, &ike); id = ike.id) {
        assert_true(ike.id > id);
        count++;
    }
    return count;
}

/* In a flood the counter tells; who is up is listed as ever. */
static void test_half_open_ones_while_they_are_few(void **state)
{
    static struct stranger s;
    struct ike_sa_status ike;
    struct endpoint_counters counters;
    struct world_side *b = &world.sides[1];
    (void)state;
    b->config.cookie_threshold = HALF_OPEN_SHOWN_MAX + 1;
    for (uint32_t i = 0; i <= HALF_OPEN_SHOWN_MAX; i++) {
        assert_int_equal(ike_sas_shown(b), i + 1);
        stranger_init(&s, i);
        (void)stranger_ask(&s, b, world.now_ns);
        assert_true(s.accepted);
    }
    assert_true(endpoint_ike_sa_after(b->endpoint, 0, &ike));
    assert_string_equal(ike.state, "established");
    assert_int_equal(ike_sas_shown(b), 1);
    endpoint_counters(b->endpoint, &counters);
    assert_int_equal(counters.half_open, HALF_OPEN_SHOWN_MAX + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_in_order_of_number),
        CASE(test_what_an_ike_sa_tells),
        CASE(test_a_child_sa_tells_no_keys),
        CASE(test_counters),
        CASE(test_half_open_ones_while_they_are_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
