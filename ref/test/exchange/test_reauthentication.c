/* Make before break, RFC 7296 2.8.3. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exchange/reauthentication.h"
#include "test/endpoint/world.h"

static struct world world;
static struct world_side *const a = &world.sides[0];
static struct world_side *const b = &world.sides[1];
static uint16_t second;

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 11);
    second = world_add_child(&world, 0, 1);
    world_boot(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

/* The first Child SA came with the IKE SA, the second is beside it. */
static void connect_both_children(void)
{
    struct command more = {.type = COMMAND_INITIATE, .child_index = second};
    world_connect(&world);
    (void)world_command_with(&world, 0, more);
    world_run(&world, WORLD_S);
    assert_int_equal(a->child_count, 2);
}

static void assert_unchanged(uint32_t ike_sa)
{
    assert_int_equal(a->ike_count, 1);
    assert_int_equal(a->ike[0].id, ike_sa);
    assert_int_equal(a->child_count, 2);
    world_assert_agreement(&world);
}

/* Whichever side begins: everything is new, and nothing went before its successor was there. */
static void test_everything_is_new(void **state)
{
    for (unsigned side = 0; side < 2; side++) {
        connect_both_children();
        uint64_t spi_i = a->ike[0].info.spi_i;
        unsigned ups = a->child_ups;
        uint32_t id = world_command(&world, side, COMMAND_REAUTHENTICATE);
        assert_int_not_equal(id, 0);
        while (a->child_downs == 0) {
            assert_false(world_answered(&world, side, id));
            world_run(&world, WORLD_MS);
        }
        assert_int_equal(a->child_ups, ups + 2);
        world_run(&world, WORLD_S);
        assert_int_equal(world_result(&world, side, id), STATUS_OK);
        assert_int_equal(a->ike_count, 1);
        assert_int_not_equal(a->ike[0].info.spi_i, spi_i);
        assert_int_equal(a->ike[0].info.initiator, side == 0);
        assert_int_equal(a->child_count, 2);
        assert_int_equal(world.sides[side].last_ike_down.reason, DOWN_REPLACED);
        world_assert_agreement(&world);
        tear_down(state);
        set_up(state);
    }
}

/* Late packets are still opened by who started it; the responder sends on the old Child SA until
 * it knows the new one to be there. */
static void test_no_packet_is_lost(void **state)
{
    (void)state;
    world_connect(&world);
    uint32_t old = b->child[0].info.spi_in;
    (void)world_command(&world, 0, COMMAND_REAUTHENTICATE);
    world_run(&world, WORLD_S);
    assert_true(b->last_child_up.child.outbound_standby);
    assert_int_equal(b->last_child_up.child.replaces_spi_in, old);
    assert_false(a->last_child_up.child.outbound_standby);
    assert_int_equal(a->last_child_down.linger_ns, a->config.delete_linger_ns);
}

/* The peer does not want the second Child SA any more: there is no whole successor. */
static void test_half_a_successor_goes_again(void **state)
{
    (void)state;
    connect_both_children();
    uint32_t before = a->ike[0].id;
    b->peers[0].children[second].proposals.count = 0;
    uint32_t id = world_command(&world, 0, COMMAND_REAUTHENTICATE);
    world_run(&world, 2 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_PEER(NO_PROPOSAL_CHOSEN));
    assert_unchanged(before);
}

static void test_a_refused_successor_leaves_the_old_one(void **state)
{
    (void)state;
    connect_both_children();
    uint32_t before = a->ike[0].id;
    b->peers[0].remote_id.data[0] ^= 1; /* nobody it knows */
    uint32_t id = world_command(&world, 0, COMMAND_REAUTHENTICATE);
    world_run(&world, 2 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_PEER(AUTHENTICATION_FAILED));
    assert_unchanged(before);
}

static enum world_fate to_nowhere(struct world *w, struct world_packet *packet, void *context)
{
    (void)w;
    (void)packet;
    (void)context;
    return WORLD_DROP;
}

static void test_silence_leaves_the_old_one(void **state)
{
    (void)state;
    connect_both_children();
    uint32_t before = a->ike[0].id;
    a->peers[0].liveness_ns = b->peers[0].liveness_ns = 0;
    world.hook = to_nowhere;
    uint32_t id = world_command(&world, 0, COMMAND_REAUTHENTICATE);
    world_run(&world, 1000 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_UNREACHABLE);
    assert_unchanged(before);
}

/* The old one may be rekeyed while the new one is on its way: it is the heir that goes. */
static void test_the_old_one_is_rekeyed_meanwhile(void **state)
{
    (void)state;
    connect_both_children();
    uint32_t id = world_command(&world, 0, COMMAND_REAUTHENTICATE);
    assert_int_not_equal(world_command(&world, 1, COMMAND_REKEY_IKE), 0);
    world_run(&world, 5 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    assert_int_equal(a->ike_count, 1);
    assert_int_equal(a->child_count, 2);
    world_assert_agreement(&world);
}

/* Both at once: two successors, each with the Child SAs, and the old one is deleted once. */
static void test_both_sides_at_once(void **state)
{
    (void)state;
    connect_both_children();
    uint64_t spi_i = a->ike[0].info.spi_i;
    uint32_t one = world_command(&world, 0, COMMAND_REAUTHENTICATE);
    uint32_t two = world_command(&world, 1, COMMAND_REAUTHENTICATE);
    world_run(&world, 5 * WORLD_S);
    assert_int_equal(world_result(&world, 0, one), STATUS_OK);
    assert_int_equal(world_result(&world, 1, two), STATUS_OK);
    for (size_t i = 0; i < a->ike_count; i++) {
        assert_int_not_equal(a->ike[i].info.spi_i, spi_i);
    }
    assert_true(a->child_count >= 2);
}

/* The mapping of the old one is still there, so the responder reaches its peer behind the NAT. */
static void test_through_the_mapping_of_the_old_one(void **state)
{
    (void)state;
    (void)world_nat_add(&world, "192.0.2.1", "203.0.113.1");
    connect_both_children();
    assert_true(b->ike[0].info.nat_remote);
    uint64_t spi_i = b->ike[0].info.spi_i;
    uint32_t id = world_command(&world, 1, COMMAND_REAUTHENTICATE);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 1, id), STATUS_OK);
    assert_int_not_equal(b->ike[0].info.spi_i, spi_i);
    assert_true(b->ike[0].info.nat_remote && a->ike[0].info.nat_local);
    world_assert_agreement(&world);
}

static void test_not_without_child_sas(void **state)
{
    (void)state;
    assert_int_equal(world_command(&world, 0, COMMAND_REAUTHENTICATE), 0);
    connect_both_children();
    struct command all = {.type = COMMAND_DELETE_CHILD, .child_index = UINT16_MAX};
    (void)world_command_with(&world, 1, all);
    world_run(&world, WORLD_S);
    assert_int_equal(world_command(&world, 1, COMMAND_REAUTHENTICATE), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_everything_is_new),           CASE(test_no_packet_is_lost),
        CASE(test_half_a_successor_goes_again), CASE(test_a_refused_successor_leaves_the_old_one),
        CASE(test_silence_leaves_the_old_one),  CASE(test_the_old_one_is_rekeyed_meanwhile),
        CASE(test_both_sides_at_once),          CASE(test_through_the_mapping_of_the_old_one),
        CASE(test_not_without_child_sas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
