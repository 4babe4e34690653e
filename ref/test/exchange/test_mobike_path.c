/* Changing the path of an IKE SA, RFC 4555 3.5; whole moves are in endpoint/test_mobike.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/mobike.h"
#include "exchange/mobike_path.h"
#include "test/exchange/core_connected.h"

static struct core_message seen;

static void test_which_addresses_may_serve(void **state)
{
    struct peer_config *peer = &world.sides[0].peers[0];
    struct address outside = world_address("192.0.2.9"), inside = world_address("10.1.0.9");
    (void)state;
    assert_true(mobike_may_use(sa, &outside));
    assert_false(mobike_may_use(sa, &inside)); /* the Child SA protects it */
    peer->children[0].transport_mode = true;
    assert_true(mobike_may_use(sa, &inside)); /* in transport mode that is the address itself */
    peer->children[0].transport_mode = false;
    peer->local_addresses.count = 1;
    peer->local_addresses.items[0] = inside;
    assert_false(mobike_may_use(sa, &outside));
    assert_true(mobike_may_use(sa, &inside)); /* who configures it wants it */
}

static void test_children_are_told_to_move(void **state)
{
    struct event event;
    (void)state;
    sa->path.local.ip = world_address("192.0.2.9");
    mobike_move_children(store, sa);
    assert_true(core_event(&world, 0, EVENT_CHILD_SA_MOVED, &event));
    assert_int_equal(event.child.spi_in, sa->children->spi_in);
    assert_true(path_equal(&event.child.path, &sa->path));
    event_wipe(&event);
    sa->children->redundant = true; /* the host has not heard of it */
    mobike_move_children(store, sa);
    assert_false(core_event(&world, 0, EVENT_CHILD_SA_MOVED, &event));
}

/* RFC 4555 3.5: SAs first, then the update, along the new path. */
static void test_change_of_path(void **state)
{
    struct path path = sa->path;
    struct datagram sent;
    struct event event;
    (void)state;
    path.local.ip = world_address("192.0.2.9");
    uint32_t changes = sa->path_changes;
    mobike_change_path(store, sa, &path, 6);
    assert_true(path_equal(&sa->path, &path));
    assert_int_equal(sa->path_changes, changes + 1);
    assert_true(core_event(&world, 0, EVENT_IKE_SA_MOVED, &event));
    assert_true(path_equal(&event.ike.path, &path));
    event_wipe(&event);
    assert_true(core_event(&world, 0, EVENT_CHILD_SA_MOVED, &event));
    event_wipe(&event);
    assert_int_equal(sa->request.task.type, TASK_UPDATE_ADDRESSES);
    assert_int_equal(sa->request.task.command, 6);
    assert_true(core_datagram(&world, 0, &sent));
    assert_true(path_equal(&sent.path, &path));
    core_open(&seen, world_core_ike_sa(&world, 1), &sent);
    assert_non_null(message_notify(&seen.message, UPDATE_SA_ADDRESSES));
}

/* The latest move is the one that counts: the command of an update that waits is let go. */
static void test_a_later_move_takes_the_place_of_a_waiting_one(void **state)
{
    struct path path = sa->path;
    struct event event;
    (void)state;
    for (unsigned i = 0; i < 3; i++) { /* the first is out at once, the second waits */
        path.local.ip.octets[3] = (uint8_t)(11 + i);
        mobike_change_path(store, sa, &path, 6 + i);
    }
    assert_true(core_event(&world, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 7);
    assert_int_equal(event.status, STATUS_DROP);
    assert_int_equal(sa->tasks.count, 1);
    assert_int_equal(sa->tasks.items[0].command, 8);
}

static void test_what_is_out_goes_along_the_new_path(void **state)
{
    struct datagram sent;
    (void)state;
    mobike_resend(store, sa);
    assert_false(core_datagram(&world, 0, &sent)); /* nothing is out */
    assert_int_not_equal(world_command(&world, 0, COMMAND_LIVENESS), 0);
    sa->request.sent = 5;
    sa->request.timeout_ns *= 7;
    sa->path.local.ip = world_address("192.0.2.9");
    mobike_resend(store, sa);
    assert_true(core_datagram(&world, 0, &sent));
    assert_true(path_equal(&sent.path, &sa->path));
    assert_int_equal(sa->request.sent, 2); /* and all its tries are before it again */
    assert_int_equal(sa->request.next_ns, store->now_ns + sa->peer->retransmission.timeout_ns);
}

static void test_predecessors_follow(void **state)
{
    struct ike_sa *old = sa_store_add(store, 0, true, IKE_SA_REKEYED);
    (void)state;
    assert_non_null(old);
    old->successor = sa->id + 100;
    mobike_predecessors_follow(store, sa, TASK_NONE);
    assert_false(path_equal(&old->path, &sa->path)); /* somebody else's */
    old->successor = sa->id;
    mobike_predecessors_follow(store, sa, TASK_NONE);
    assert_true(path_equal(&old->path, &sa->path));
    assert_int_equal(old->encapsulated, sa->encapsulated);
}

static void assert_children_go(const struct path *path)
{
    struct event event;
    assert_true(core_event(&world, 0, EVENT_CHILD_SA_MOVED, &event));
    assert_true(path_equal(&event.child.path, path));
    event_wipe(&event);
}

/* RFC 4555 3.8: Child SAs follow ESP by themselves; a packet that was only late leads them astray,
 * and the next one, or the next IKE message, from where the peer is leads them back. */
static void test_children_come_back_from_a_late_packet(void **state)
{
    struct event event;
    struct path late = sa->path;
    (void)state;
    late.remote.port = 20000;
    sa->mobike = sa->nat_remote = true;
    for (int by_ike = 0; by_ike < 2; by_ike++) {
        nat_follow_esp(store, sa, &late);
        assert_children_go(&late);
        if (by_ike) {
            nat_follow(store, sa, &sa->path);
        } else {
            nat_follow_esp(store, sa, &sa->path);
        }
        assert_children_go(&sa->path);
        nat_follow_esp(store, sa, &sa->path);
        nat_follow(store, sa, &sa->path);
        assert_false(core_event(&world, 0, EVENT_CHILD_SA_MOVED, &event)); /* they are there */
    }
}

/* What went out while there was no route is lost; with the route it goes out once more. */
static void test_the_route_comes_back(void **state)
{
    struct command command = {.type = COMMAND_ROAM, .path = sa->path};
    struct datagram sent;
    (void)state;
    assert_int_not_equal(world_command(&world, 0, COMMAND_LIVENESS), 0);
    while (core_datagram(&world, 0, &sent)) {
    }
    command.addresses.count = 1;
    command.addresses.items[0] = sa->path.local.ip;
    sa->announced = store->local_addresses = command.addresses;
    mobike_roam(store, sa, &command);
    assert_false(core_datagram(&world, 0, &sent)); /* there has always been one */
    sa->route_awaited = true;
    mobike_roam(store, sa, &command);
    assert_true(core_datagram(&world, 0, &sent));
    assert_true(bytes_equal(sent.octets, stored_message_bytes(&sa->request.message)));
    assert_false(sa->route_awaited);
}

/* An IKE SA that is being connected takes the new address, and tells of it when it is up; the
 * peer's family is what it must have. */
static void test_roams_while_it_connects(void **state)
{
    struct command command = {.type = COMMAND_ROAM, .id = 90};
    struct event event;
    (void)state;
    command.path.local.ip = world_address("2001:db8::7");
    mobike_roam_connecting(store, sa, &command);
    assert_int_equal(sa->tasks.count, 0);
    command.path.local.ip = world_address("192.0.2.60");
    mobike_roam_connecting(store, sa, &command);
    assert_true(address_equal(&sa->path.local.ip, &command.path.local.ip));
    assert_true(task_queue_has(&sa->tasks, TASK_UPDATE_ADDRESSES, 0));
    while (task_queue_push(&sa->tasks, &(struct task){.type = TASK_LIVENESS})) {
    }
    sa->tasks.items[0].type = TASK_LIVENESS; /* full of other things */
    while (core_event(&world, 0, EVENT_COMMAND_DONE, &event)) {
    }
    command.path.local.ip = world_address("192.0.2.61");
    mobike_roam_connecting(store, sa, &command);
    assert_true(core_event(&world, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.status, STATUS_INTERNAL);
}

/* RFC 4555 3.5: without a route the addresses of the configuration are tried, too. */
static void test_configured_addresses_are_paths(void **state)
{
    struct peer_config *peer = &world.sides[0].peers[0];
    struct command command = {.type = COMMAND_ROAM};
    (void)state;
    peer->remote_addresses.count = 1;
    peer->remote_addresses.items[0] = world_address("2001:db8::2");
    command.addresses.count = 1;
    command.addresses.items[0] = world_address("2001:db8::1");
    mobike_roam(store, sa, &command);
    assert_true(address_equal(&sa->path.remote.ip, &peer->remote_addresses.items[0]));
    assert_true(address_equal(&sa->path.local.ip, &command.addresses.items[0]));
    assert_true(sa->route_awaited);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_route_comes_back),
        CASE(test_roams_while_it_connects),
        CASE(test_configured_addresses_are_paths),
        CASE(test_children_come_back_from_a_late_packet),
        CASE(test_which_addresses_may_serve),
        CASE(test_children_are_told_to_move),
        CASE(test_change_of_path),
        CASE(test_a_later_move_takes_the_place_of_a_waiting_one),
        CASE(test_what_is_out_goes_along_the_new_path),
        CASE(test_predecessors_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
