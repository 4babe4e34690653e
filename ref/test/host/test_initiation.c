/* host/initiation.c: where to start from and where to go, in a network of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/initiation.h"
#include "link_lab.h"
#include "net_lab.h"

static struct host_config config;
static struct own_addresses own; /* asked for each time */
static struct peer_config *peer; /* p at 192.0.2.2, child 10.1.0.0/24 to 10.2.0.0/24 */

static int tear_down(void **state)
{
    (void)state;
    host_config_wipe(&config);
    return 0;
}

static void enter(void)
{
    net_lab_enter();
    link_lab_join("ui0", "ui1");
    net_lab_ip("addr add 192.0.2.1/24 dev ui0");
    net_lab_ip("addr add 192.0.2.7/24 dev ui0");
    net_lab_ip("addr add 10.1.0.1/24 dev ui1");
    net_lab_config(&config, "");
    peer = &config.endpoint.peers[0];
}

static void list_is(const struct address_list *list, size_t count, const char *const *texts)
{
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++) {
        struct address expected = net_lab_address(texts[i]);
        assert_true(address_equal(&list->items[i], &expected));
    }
}

/* The source stands first and once; an address inside the protected network is no way out. */
static void addresses_outside_what_is_protected(void **state)
{
    (void)state;
    enter();
    struct address_list out;
    struct address source = net_lab_address("192.0.2.7"), none = {0};
    initiation_addresses(peer, &own, &source, &out);
    list_is(&out, 2, (const char *const[]){"192.0.2.7", "192.0.2.1"});
    initiation_addresses(peer, &own, &none, &out);
    list_is(&out, 2, (const char *const[]){"192.0.2.1", "192.0.2.7"});
    source = net_lab_address("10.1.0.1");
    initiation_addresses(peer, &own, &source, &out); /* always, wherever it lies */
    list_is(&out, 3, (const char *const[]){"10.1.0.1", "192.0.2.1", "192.0.2.7"});
    peer->children[0].transport_mode = true; /* then it is its own outer address */
    initiation_addresses(peer, &own, &none, &out);
    assert_int_equal(out.count, 3);
}

/* Nothing that is inside for one is outside for another: of a child in tunnel mode alone, not what
 * a person has named, not host to host. */
static void what_is_inside(void **state)
{
    (void)state;
    enter();
    struct address inner = net_lab_address("10.1.0.1"), outer = net_lab_address("192.0.2.1");
    struct address remote = net_lab_address("192.0.2.2"), other = net_lab_address("192.0.2.3");
    struct child_config *child = &peer->children[0];
    assert_true(initiation_is_inside(peer, &inner, &remote));
    assert_false(initiation_is_inside(peer, &outer, &remote));
    child->remote.items[0] = selector_host(&remote);
    assert_false(initiation_is_inside(peer, &inner, &remote));
    assert_true(initiation_is_inside(peer, &inner, &other));
    child->transport_mode = true;
    assert_false(initiation_is_inside(peer, &inner, &other));
    child->transport_mode = false;
    peer->local_addresses.items[peer->local_addresses.count++] = inner;
    assert_false(initiation_is_inside(peer, &inner, &other));
}

static void addresses_that_are_configured(void **state)
{
    (void)state;
    enter();
    struct address_list out;
    struct address none = {0};
    peer->local_addresses.count = 2;
    peer->local_addresses.items[0] = net_lab_address("192.0.2.7");
    peer->local_addresses.items[1] = net_lab_address("192.0.2.8"); /* not this host's now */
    initiation_addresses(peer, &own, &none, &out);
    list_is(&out, 1, (const char *const[]){"192.0.2.7"});
}

static void the_source(void **state)
{
    (void)state;
    enter();
    struct address remote = net_lab_address("192.0.2.2"), far = net_lab_address("203.0.113.1");
    struct address first = net_lab_address("192.0.2.1"), second = net_lab_address("192.0.2.7");
    struct address source = initiation_source(&config, peer, &own, &remote);
    assert_true(address_equal(&source, &first)); /* the route's */
    assert_int_equal(initiation_source(&config, peer, &own, &far).family, ADDRESS_NONE);
    peer->local_addresses.count = 2; /* the route's is not among them */
    peer->local_addresses.items[0] = net_lab_address("2001:db8::1");
    peer->local_addresses.items[1] = second;
    source = initiation_source(&config, peer, &own, &remote);
    assert_true(address_equal(&source, &second));
    peer->local_addresses.items[1] = net_lab_address("192.0.2.8"); /* nobody has it */
    assert_int_equal(initiation_source(&config, peer, &own, &remote).family, ADDRESS_NONE);
}

static void the_first_remote_address_with_a_route(void **state)
{
    (void)state;
    enter();
    struct command command = {.type = COMMAND_INITIATE};
    struct address reached = net_lab_address("192.0.2.2"), ours = net_lab_address("192.0.2.1");
    peer->remote_addresses.count = 3;
    peer->remote_addresses.items[0] = net_lab_address("203.0.113.1"); /* no route */
    peer->remote_addresses.items[1] = reached;
    peer->remote_addresses.items[2] = net_lab_address("192.0.2.3");
    peer->remote_port = 1500;
    config.endpoint.ike_port = 2500;
    assert_true(initiation_path(&config, peer, &own, NULL, &command));
    assert_true(address_equal(&command.path.remote.ip, &reached));
    assert_true(address_equal(&command.path.local.ip, &ours));
    assert_int_equal(command.path.remote.port, 1500);
    assert_int_equal(command.path.local.port, 2500);
    list_is(&command.addresses, 2, (const char *const[]){"192.0.2.1", "192.0.2.7"});
}

/* What a packet was going to is asked only when the configuration names no address. */
static void a_peer_without_address(void **state)
{
    (void)state;
    enter();
    struct command command = {.type = COMMAND_ACQUIRE};
    struct address remote = net_lab_address("192.0.2.3"), none = {0};
    struct address configured = net_lab_address("192.0.2.2");
    assert_true(initiation_path(&config, peer, &own, &remote, &command));
    assert_true(address_equal(&command.path.remote.ip, &configured));
    peer->remote_addresses.count = 0;
    assert_true(initiation_path(&config, peer, &own, &remote, &command));
    assert_true(address_equal(&command.path.remote.ip, &remote));
    assert_false(initiation_path(&config, peer, &own, NULL, &command));
    assert_false(initiation_path(&config, peer, &own, &none, &command));
    assert_int_equal(peer->remote_addresses.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(addresses_outside_what_is_protected, tear_down),
        cmocka_unit_test_teardown(what_is_inside, tear_down),
        cmocka_unit_test_teardown(addresses_that_are_configured, tear_down),
        cmocka_unit_test_teardown(the_source, tear_down),
        cmocka_unit_test_teardown(the_first_remote_address_with_a_route, tear_down),
        cmocka_unit_test_teardown(a_peer_without_address, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
