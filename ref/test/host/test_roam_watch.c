/* host/roam_watch: an IKE SA is told of what is new, once, and of half a change only when its own
 * source is gone, RFC 4555 3.5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "host/roam_watch.h"
#include "net_lab.h"

struct lab {
    struct host_config config;
    struct roam_watch watch;
    struct own_addresses own; /* asked for each time */
    struct ike_sa_status sa;
    struct command command;
};

/* IKE SA 1 with 192.0.2.2, which knows of 192.0.2.1. */
static void lab_open(struct lab *lab)
{
    *lab = (struct lab){.sa = {.id = 1}};
    net_lab_enter();
    net_lab_ip("link add v0 type veth peer name v1");
    net_lab_ip("link set v0 up");
    net_lab_ip("link set v1 up");
    net_lab_ip("address add 192.0.2.1/24 dev v0");
    net_lab_config(&lab->config, "");
    struct address_list list = {.count = 1, .items = {net_lab_address("192.0.2.1")}};
    lab->sa.info.path.local = (struct transport_address){list.items[0], 4500};
    lab->sa.info.path.remote = (struct transport_address){net_lab_address("192.0.2.2"), 4500};
    assert_int_equal(roam_watch_init(&lab->watch), STATUS_OK);
    roam_watch_add(&lab->watch, 1, 0, &list.items[0], &list);
}

static void lab_close(struct lab *lab)
{
    roam_watch_destroy(&lab->watch);
    assert_null(lab->watch.entries.buckets);
    host_config_wipe(&lab->config);
}

static bool look(struct lab *lab, bool settled)
{
    return roam_watch_look(&lab->watch, &lab->config, &lab->own, &lab->sa, settled, &lab->command);
}

static bool local_is(const struct lab *lab, const char *text)
{
    struct address wanted = net_lab_address(text);
    return address_equal(&lab->command.path.local.ip, &wanted);
}

static void another_address_can_wait(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    assert_false(look(&lab, true));
    net_lab_ip("address add 198.51.100.1/24 dev v0");
    assert_false(look(&lab, false));
    assert_true(look(&lab, true));
    assert_int_equal(lab.command.type, COMMAND_ROAM);
    assert_int_equal(lab.command.ike_sa, 1);
    assert_true(local_is(&lab, "192.0.2.1"));
    assert_true(transport_address_equal(&lab.command.path.remote, &lab.sa.info.path.remote));
    assert_int_equal(lab.command.path.local.port, 4500);
    assert_int_equal(lab.command.addresses.count, 2);
    assert_false(look(&lab, true)); /* told once */
    lab_close(&lab);
}

static void another_source_cannot(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    net_lab_ip("address del 192.0.2.1/24 dev v0");
    net_lab_ip("address add 192.0.2.5/24 dev v0");
    assert_true(look(&lab, false));
    assert_true(local_is(&lab, "192.0.2.5"));
    assert_false(look(&lab, false));
    lab_close(&lab);
}

static void no_route_is_told_when_settled(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    net_lab_ip("address del 192.0.2.1/24 dev v0");
    assert_false(look(&lab, false));
    assert_true(look(&lab, true));
    assert_int_equal(lab.command.path.local.ip.family, ADDRESS_NONE);
    assert_int_equal(lab.command.addresses.count, 0);
    lab_close(&lab);
}

/* Where there is no way to where the peer is, one of its other addresses may do (3.4). */
static void the_peers_other_address(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    net_lab_ip("address del 192.0.2.1/24 dev v0");
    net_lab_ip("address add 198.51.100.1/24 dev v0");
    lab.sa.peer_addresses.items[lab.sa.peer_addresses.count++] = net_lab_address("198.51.100.2");
    assert_false(look(&lab, false)); /* may be half of a change */
    assert_true(look(&lab, true));
    assert_true(local_is(&lab, "198.51.100.1"));
    assert_true(address_equal(&lab.command.path.remote.ip, &lab.sa.peer_addresses.items[0]));
    lab_close(&lab);
}

/* The host has lost its outer address, and what is left is one that its Child SA protects. */
static void lose_the_outer_address(void)
{
    net_lab_ip("address add 10.1.0.1/24 dev v1");
    net_lab_ip("address del 192.0.2.1/24 dev v0");
    net_lab_ip("route add 192.0.2.0/24 dev v0");
}

static void an_inner_address_is_no_source(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    lose_the_outer_address();
    assert_false(look(&lab, false));
    assert_true(look(&lab, true)); /* as where there is no route at all */
    assert_int_equal(lab.command.path.local.ip.family, ADDRESS_NONE);
    net_lab_ip("address add 192.0.2.5/24 dev v0");
    assert_true(look(&lab, true));
    assert_true(local_is(&lab, "192.0.2.5"));
    lab_close(&lab);
}

/* Who has told us so, or has spoken from inside all along, or is inside and outside alike. */
static void an_inner_address_that_is_meant(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct lab lab;
        lab_open(&lab);
        struct peer_config *peer = &lab.config.endpoint.peers[0];
        struct child_config *child = &peer->children[0];
        struct address inner = net_lab_address("10.1.0.1");
        switch (i) {
        case 0:
            peer->local_addresses.items[peer->local_addresses.count++] = inner;
            break;
        case 1: /* everything */
            child->local.items[0] = selector_any(ADDRESS_V4);
            break;
        case 2: /* host to host */
            child->local.items[0] = selector_host(&inner);
            child->remote.items[0] = selector_host(&lab.sa.info.path.remote.ip);
            break;
        default:
            child->transport_mode = true;
        }
        lose_the_outer_address();
        assert_true(look(&lab, false));
        assert_true(local_is(&lab, "10.1.0.1"));
        lab_close(&lab);
    }
}

static void entries_come_and_go(void **state)
{
    (void)state;
    struct lab lab;
    struct address_list none = {0};
    struct address unknown = {0};
    lab_open(&lab);
    roam_watch_add(&lab.watch, 9, 1, &unknown, &none); /* the successor knows what 1 knew */
    assert_int_equal(lab.watch.entries.count, 1);
    lab.sa.id = 9;
    assert_false(look(&lab, true));
    for (uint32_t i = 10; i < 40; i++) {
        roam_watch_add(&lab.watch, i, 0, &unknown, &none);
    }
    assert_false(look(&lab, true));
    roam_watch_remove(&lab.watch, 4242); /* not there */
    assert_int_equal(lab.watch.entries.count, 31);
    roam_watch_remove(&lab.watch, 9);
    assert_int_equal(lab.watch.entries.count, 30);
    assert_false(look(&lab, false));
    assert_true(look(&lab, true)); /* knows nothing: is told */
    lab_close(&lab);
}

static void force_is_told_in_any_case(void **state)
{
    (void)state;
    struct lab lab;
    struct address none = {0}, wanted;
    lab_open(&lab);
    roam_watch_force(&lab.watch, &lab.config, &lab.own, &lab.sa, &none, &lab.command);
    assert_true(local_is(&lab, "192.0.2.1"));
    net_lab_ip("address add 192.0.2.7/24 dev v0");
    wanted = net_lab_address("192.0.2.7");
    roam_watch_force(&lab.watch, &lab.config, &lab.own, &lab.sa, &wanted, &lab.command);
    assert_true(local_is(&lab, "192.0.2.7"));
    assert_int_equal(lab.command.addresses.count, 2);
    assert_true(look(&lab, false)); /* the route's source is another than what was told */
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_address_can_wait),
        cmocka_unit_test(another_source_cannot),
        cmocka_unit_test(no_route_is_told_when_settled),
        cmocka_unit_test(the_peers_other_address),
        cmocka_unit_test(an_inner_address_is_no_source),
        cmocka_unit_test(an_inner_address_that_is_meant),
        cmocka_unit_test(entries_come_and_go),
        cmocka_unit_test(force_is_told_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
