/* Child SAs of two peers that the same packets would fit, RFC 3948 5.1, 5.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exchange/child_conflict.h"
#include "test/exchange/core_lab.h"

/* Of b: a's Child SA is there, and c asks for one. */
static struct world world;
static struct world_side *const a = &world.sides[0];
static struct world_side *const b = &world.sides[1];
static struct ike_sa *first, *second;
static struct child_sa made;

static struct ike_sa *of_peer(uint16_t peer_index)
{
    struct ike_sa *sa = core_store(&world, 1)->ike_sas;
    while (sa->peer_index != peer_index) {
        sa = sa->next;
    }
    return sa;
}

/* c's net is a's: 10.1.0.0/24. */
static void one_net_for_both(void)
{
    world.sides[2].peers[0].children[0].local = a->peers[0].children[0].local;
    b->peers[1].children[0].remote = b->peers[0].children[0].remote;
}

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 47);
    (void)world_add_side(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

static void call_from_c(void)
{
    assert_int_not_equal(world_command(&world, 2, COMMAND_INITIATE), 0);
    world_run(&world, WORLD_S);
}

static void make_as(const struct child_sa *child)
{
    static struct selector_list local, remote; /* to be changed without changing the child's */
    selector_list_set(&local, child->local);
    selector_list_set(&remote, child->remote);
    made = *child;
    made.local = selectors_of(&local);
    made.remote = selectors_of(&remote);
}

/* Both are connected, with a net each; `made` is what a has, for c to have it too. */
static void connect_both(void)
{
    world_boot(&world);
    world_connect(&world);
    call_from_c();
    assert_int_equal(b->child_count, 2);
    first = of_peer(0);
    second = of_peer(1);
    make_as(first->children);
}

static bool conflicts(void)
{
    return child_conflict_exists(core_store(&world, 1), second, 0, &made);
}

static void one_entry(void)
{
    second->peer_index = 0;
}

static void test_the_same_traffic(void **state)
{
    (void)state;
    connect_both();
    assert_true(conflicts());
    made.local.items[0].start.octets[1]++; /* of another net of ours */
    made.local.items[0].end.octets[1]++;
    assert_false(conflicts());
    make_as(second->children);
    assert_false(conflicts());
}

/* The order of the configuration decides between its entries, not within one. */
static void test_some_of_the_traffic(void **state)
{
    (void)state;
    connect_both();
    made.remote.items[0].start.octets[3] = made.remote.items[0].end.octets[3] = 7;
    assert_false(conflicts());
    one_entry();
    assert_true(conflicts());
    made.remote.items[0].protocol = 17;
    first->children->remote.items[0].protocol = 6;
    assert_false(conflicts());
}

/* Another child of the same entry is another entry of the SPD. */
static void test_another_child(void **state)
{
    (void)state;
    connect_both();
    one_entry();
    made.remote.items[0].end.octets[3] = 7;
    first->children->child_index = 1;
    assert_false(conflicts());
}

/* Behind one NAT: one address, whatever the configuration says of its hosts. */
static void test_transport_mode(void **state)
{
    (void)state;
    connect_both();
    made.remote.items[0].protocol = 17;
    made.transport_mode = true;
    assert_false(conflicts());
    first->children->transport_mode = true;
    assert_true(conflicts());
    first->children->remote.items[0].protocol = 6;
    assert_false(conflicts());
}

static void test_the_same_peer(void **state)
{
    (void)state;
    connect_both();
    second->remote_id = first->remote_id;
    assert_false(conflicts());
}

static void test_what_is_going(void **state)
{
    (void)state;
    connect_both();
    first->children->state = CHILD_SA_DELETING;
    assert_false(conflicts());
    first->children->state = CHILD_SA_INSTALLED;
    first->children->redundant = true;
    assert_false(conflicts());
    first->children->redundant = false;
    first->state = IKE_SA_CLOSED;
    assert_false(conflicts());
    first->state = IKE_SA_ESTABLISHED;
    assert_true(conflicts());
}

/* c gets no Child SA as long as a has one, whose rekey and reauthentication are nobody's business.
 */
static void test_first_come_first_served(void **state)
{
    (void)state;
    one_net_for_both();
    world_boot(&world);
    world_connect(&world);
    call_from_c();
    assert_int_equal(world.sides[2].child_failed, 1);
    assert_int_equal(world.sides[2].last_child_failed.status, STATUS_PEER(TS_UNACCEPTABLE));
    assert_int_equal(world.sides[2].child_count, 0);
    assert_int_not_equal(world_command(&world, 0, COMMAND_REKEY_CHILD), 0);
    world_run(&world, WORLD_S);
    assert_int_not_equal(world_command(&world, 0, COMMAND_REAUTHENTICATE), 0);
    world_run(&world, WORLD_S);
    assert_int_equal(a->child_count, 1);
    assert_int_equal(b->child_count, 1);
    assert_int_not_equal(world_command(&world, 0, COMMAND_DELETE_IKE), 0);
    world_run(&world, WORLD_S);
    call_from_c();
    assert_int_equal(world.sides[2].child_count, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_same_traffic),        TEST(test_some_of_the_traffic),
        TEST(test_another_child),           TEST(test_transport_mode),
        TEST(test_the_same_peer),           TEST(test_what_is_going),
        TEST(test_first_come_first_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
