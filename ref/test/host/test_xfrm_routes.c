/* host/xfrm_routes: a way only where there is no other, and nothing left of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/local_address.h"
#include "host/xfrm_routes.h"
#include "net_lab.h"

static bool shows(const char *command, const char *wanted)
{
    char text[4096];
    net_lab_say(command, text, sizeof(text));
    return strstr(text, wanted) != NULL;
}

#define WAY "ip route get 10.2.0.1 2>&1"

static void enter(struct host_config *config)
{
    net_lab_enter();
    net_lab_ip("link add v0 type veth peer name v1");
    net_lab_ip("address add 192.0.2.1/24 dev v0");
    net_lab_ip("link set v0 up");
    net_lab_ip("link set v1 up");
    net_lab_config(config, "");
}

static void only_where_there_is_no_other(void **state)
{
    (void)state;
    struct host_config config;
    struct address local = net_lab_address("192.0.2.1"), gone = net_lab_address("192.0.2.77");
    enter(&config);
    assert_int_not_equal(local_address_interface(&local), 0);
    assert_int_equal(local_address_interface(&gone), 0);
    xfrm_routes_begin(&config);
    xfrm_routes_put(&config, 0, 0, &gone);
    assert_true(shows(WAY, "unreachable"));
    xfrm_routes_put(&config, 0, 0, &local);
    xfrm_routes_put(&config, 0, 0, &local); /* again does no harm */
    assert_true(shows(WAY, "dev v0"));
    net_lab_ip("route add default via 192.0.2.2");
    assert_true(shows(WAY, "via 192.0.2.2"));
    assert_int_equal(xfrm_routes_end(&config), 3); /* the route and two rules */
    assert_false(shows("ip rule; ip -6 rule; ip route show table 4711 2>&1", "4711"));
    assert_int_equal(xfrm_routes_end(&config), 0);
    host_config_wipe(&config);
}

static void what_a_dead_one_left(void **state)
{
    (void)state;
    struct host_config config;
    struct address local = net_lab_address("192.0.2.1");
    enter(&config);
    xfrm_routes_begin(&config);
    xfrm_routes_put(&config, 0, 0, &local);
    xfrm_routes_begin(&config);
    assert_true(shows(WAY, "unreachable"));
    assert_int_equal(xfrm_routes_end(&config), 2);
    host_config_wipe(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_where_there_is_no_other),
                                       cmocka_unit_test(what_a_dead_one_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
