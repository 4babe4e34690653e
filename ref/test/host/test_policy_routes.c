/* host/policy_routes: into the TUN while there is one, nowhere when there is none, and nothing of
 * it left after clearing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <net/if.h>
#include <string.h>

#include "host/policy_routes.h"
#include "host/route.h"
#include "net_lab.h"

#define LOOPBACK 1

static void enter(struct host_config *config)
{
    net_lab_enter();
    net_lab_ip("link add v0 type veth peer name v1");
    net_lab_ip("address add 192.0.2.1/24 dev v0");
    net_lab_ip("link set v0 up");
    net_lab_ip("link set v1 up");
    net_lab_ip("route add default via 192.0.2.2");
    net_lab_config(config, "");
}

static bool shows(const char *command, const char *wanted)
{
    char text[4096];
    net_lab_say(command, text, sizeof(text));
    return strstr(text, wanted) != NULL;
}

#define TABLE "ip route show table 4711 2>&1"
#define WAY "ip route get 10.2.0.1 2>&1"

static void what_is_behind_a_child(void **state)
{
    (void)state;
    struct peer_config peer = {0};
    struct child_config child = {0};
    struct selector_list list;
    child_remote_selectors(&peer, &child, &list);
    assert_int_equal(list.count, 0); /* not known before an SA is up */
    peer.remote_addresses.items[0] = net_lab_address("192.0.2.2");
    peer.remote_addresses.items[1] = net_lab_address("2001:db8::2");
    peer.remote_addresses.count = 2;
    child_remote_selectors(&peer, &child, &list);
    assert_int_equal(list.count, 2);
    assert_true(address_equal(&list.items[1].start, &peer.remote_addresses.items[1]));
    assert_true(address_equal(&list.items[1].end, &peer.remote_addresses.items[1]));
    assert_true(selector_parse("10.2.0.0/24", &child.remote.items[0]));
    child.remote.count = 1;
    child_remote_selectors(&peer, &child, &list);
    assert_int_equal(list.count, 1);
    assert_true(selector_equal(&list.items[0], &child.remote.items[0]));
}

static void blocked_then_routed(void **state)
{
    (void)state;
    struct host_config config;
    struct problem problem = {0};
    enter(&config);
    config.mtu = 1234;
    assert_true(policy_routes_block(&config, &problem));
    assert_true(shows(WAY, "via 192.0.2.2")); /* no rule leads to the table yet */
    assert_true(policy_routes_rule(&config, &problem));
    assert_true(policy_routes_rule(&config, &problem)); /* again is fine */
    assert_true(shows(WAY, "No route to host"));
    assert_true(shows("ip route get 10.2.0.1 mark 0x77 2>&1", "via 192.0.2.2"));
    assert_true(policy_routes_put(&config, LOOPBACK, &problem));
    assert_true(shows(WAY, "dev lo table 4711"));
    assert_true(shows(TABLE, "mtu 1234"));
    assert_false(shows(TABLE, "src"));
    net_lab_ip("address add 10.1.0.1/32 dev lo");
    assert_true(policy_routes_put(&config, LOOPBACK, &problem)); /* after addresses have changed */
    assert_true(shows(TABLE, "src 10.1.0.1"));
    net_lab_ip("route del 10.2.0.0/24 table 4711 metric 100");
    assert_true(shows(WAY, "No route to host"));       /* fail closed */
    assert_int_equal(policy_routes_clear(&config), 3); /* a route, a rule of each family */
    assert_true(shows(WAY, "via 192.0.2.2"));
    assert_int_equal(policy_routes_clear(&config), 0);
    host_config_wipe(&config);
}

/* There is no moment at which neither the old nor the new instance's routes hold packets back. */
static void inherited_and_settled(void **state)
{
    (void)state;
    struct host_config config;
    struct problem problem = {0};
    size_t stale = 99;
    enter(&config);
    assert_true(policy_routes_inherit(&config, &stale, &problem));
    assert_int_equal(stale, 0);
    assert_true(policy_routes_block(&config, &problem) && policy_routes_rule(&config, &problem));
    net_lab_ip("route add unreachable 10.3.0.0/24 table 4711 metric 9000 proto static");
    policy_routes_settle(&config);
    assert_true(policy_routes_inherit(&config, &stale, &problem));
    assert_int_equal(stale, 2); /* both routes; our rule stays */
    assert_true(shows(WAY, "No route to host"));
    assert_true(shows(TABLE, "metric 9001"));
    assert_true(policy_routes_block(&config, &problem));
    policy_routes_settle(&config);
    assert_false(shows(TABLE, "metric 9001"));
    assert_true(shows(WAY, "No route to host"));
    host_config_wipe(&config);
}

static void peer_not_known_before(void **state)
{
    (void)state;
    struct host_config config;
    enter(&config);
    struct address remote = net_lab_address("192.0.2.9"), local = net_lab_address("192.0.2.1");
    assert_true(policy_routes_put_host(&config, LOOPBACK, &remote, &local));
    assert_true(shows(TABLE, "192.0.2.9 dev lo"));
    assert_true(shows(TABLE, "src 192.0.2.1"));
    assert_false(shows(TABLE, "mtu")); /* transport mode: the interface's, RFC 4303 3.3.4 */
    assert_true(shows(TABLE, "unreachable 192.0.2.9"));
    local = net_lab_address("192.0.2.77"); /* not ours */
    assert_false(policy_routes_put_host(&config, LOOPBACK, &remote, &local));
    host_config_wipe(&config);
}

static void somebody_else_is_alive(void **state)
{
    (void)state;
    struct host_config config;
    struct problem problem = {0};
    size_t stale;
    enter(&config);
    assert_true(policy_routes_free(&config, &problem));
    assert_true(policy_routes_put(&config, LOOPBACK, &problem));
    assert_false(policy_routes_inherit(&config, &stale, &problem));
    assert_non_null(strstr(problem.text, "routing table 4711 is in use"));
    assert_true(shows(TABLE, "10.2.0.0/24 dev lo")); /* and nothing of theirs was touched */
    policy_routes_clear(&config);
    net_lab_ip("link set v1 name ikt0");
    problem = (struct problem){0};
    assert_false(policy_routes_free(&config, &problem));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_non_null(strstr(problem.text, "interface name ikt0 is taken"));
    host_config_wipe(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_behind_a_child), cmocka_unit_test(blocked_then_routed),
        cmocka_unit_test(inherited_and_settled),  cmocka_unit_test(peer_not_known_before),
        cmocka_unit_test(somebody_else_is_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
