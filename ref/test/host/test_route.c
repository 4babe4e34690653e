/* host/route: what is put is what the kernel's table holds, and clearing leaves nothing of ours and
 * everything of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "host/route.h"
#include "net_lab.h"

#define TABLE 4711
#define TABLE_OTHER 4712
#define MARK 0x77
#define LOOPBACK 1

static struct route route_of(const char *prefix, uint8_t length, unsigned interface,
                             uint32_t metric)
{
    return (struct route){.to = {.address = net_lab_address(prefix), .length = length},
                          .interface = interface,
                          .metric = metric};
}

static bool shows(const char *command, const char *wanted)
{
    char text[4096];
    net_lab_say(command, text, sizeof(text));
    return strstr(text, wanted) != NULL;
}

#define TABLE_V4 "ip -4 route show table 4711 2>&1"
#define TABLE_V6 "ip -6 route show table 4711 2>&1"

static void put_and_remove(void **state)
{
    (void)state;
    net_lab_enter();
    net_lab_ip("address add 10.1.0.1/32 dev lo");
    struct route tun = route_of("10.2.0.0", 24, LOOPBACK, ROUTE_METRIC_TUN);
    struct route block = route_of("10.2.0.0", 24, 0, ROUTE_METRIC_UNREACHABLE);
    struct route six = route_of("2001:db8::", 32, 0, ROUTE_METRIC_UNREACHABLE);
    assert_int_equal(route_put(TABLE, &tun), 0);
    assert_int_equal(route_put(TABLE, &block), 0);
    assert_int_equal(route_put(TABLE, &six), 0);
    assert_true(shows(TABLE_V4, "10.2.0.0/24 dev lo"));
    assert_true(shows(TABLE_V4, "unreachable 10.2.0.0/24"));
    assert_true(shows(TABLE_V6, "unreachable 2001:db8::/32"));
    tun.source = net_lab_address("10.1.0.1");
    assert_int_equal(route_put(TABLE, &tun), 0); /* replaced, not added */
    assert_true(shows(TABLE_V4, "src 10.1.0.1"));
    assert_int_equal(route_remove(TABLE, &tun), 0);
    assert_false(shows(TABLE_V4, "dev lo"));
    assert_int_equal(route_remove(TABLE, &tun), ESRCH);
    assert_true(shows(TABLE_V4, "unreachable 10.2.0.0/24"));
}

/* An address that is not ours is no source; an interface that is not there is none. */
static void refusals(void **state)
{
    (void)state;
    net_lab_enter();
    struct route route = route_of("10.2.0.0", 24, LOOPBACK, ROUTE_METRIC_TUN);
    route.source = net_lab_address("10.9.9.9");
    assert_int_equal(route_put(TABLE, &route), EINVAL);
    route = route_of("10.2.0.0", 24, 4242, ROUTE_METRIC_TUN);
    assert_int_equal(route_put(TABLE, &route), ENODEV);
}

static void rule_spares_our_mark(void **state)
{
    (void)state;
    net_lab_enter();
    assert_int_equal(route_rule_add(ADDRESS_V4, TABLE, MARK), 0);
    assert_int_equal(route_rule_add(ADDRESS_V4, TABLE, MARK), 0); /* there already */
    assert_int_equal(route_rule_add(ADDRESS_V6, TABLE, MARK), 0);
    struct route block = route_of("10.2.0.0", 24, 0, ROUTE_METRIC_UNREACHABLE);
    assert_int_equal(route_put(TABLE, &block), 0);
    net_lab_ip("route add default dev lo");
    assert_true(shows("ip rule", "4500:"));
    assert_false(shows("ip route get 10.2.0.1 2>&1", "dev lo"));
    assert_true(shows("ip route get 10.2.0.1 mark 0x77 2>&1", "dev lo"));
    assert_int_equal(route_clear(ADDRESS_V4, TABLE), 2); /* the rule and the route */
    assert_true(shows("ip route get 10.2.0.1 2>&1", "dev lo"));
    assert_int_equal(route_clear(ADDRESS_V4, TABLE), 0);
    assert_true(shows("ip -6 rule", "4500:")); /* the other family's */
    assert_int_equal(route_clear(ADDRESS_V6, TABLE), 1);
}

static void clearing_more_than_a_batch(void **state)
{
    (void)state;
    net_lab_enter();
    for (unsigned i = 0; i < 300; i++) {
        struct route route = route_of("10.0.0.0", 32, 0, ROUTE_METRIC_UNREACHABLE);
        route.to.address.octets[2] = (uint8_t)(i >> 8);
        route.to.address.octets[3] = (uint8_t)i;
        assert_int_equal(route_put(TABLE, &route), 0);
    }
    struct route other = route_of("10.0.0.0", 32, 0, ROUTE_METRIC_UNREACHABLE);
    assert_int_equal(route_put(TABLE_OTHER, &other), 0);
    assert_int_equal(route_clear(ADDRESS_V4, TABLE), 300);
    assert_int_equal(route_clear(ADDRESS_V4, TABLE_OTHER), 1);
}

/* A start over what a killed instance left: guards and our rule stay, the rest makes way. */
static void clearing_all_but(void **state)
{
    (void)state;
    net_lab_enter();
    struct route guard = route_of("10.2.0.0", 24, 0, ROUTE_METRIC_GUARD);
    struct route stale = route_of("10.3.0.0", 24, 0, ROUTE_METRIC_UNREACHABLE);
    assert_int_equal(route_put(TABLE, &guard), 0);
    assert_int_equal(route_put(TABLE, &stale), 0);
    assert_int_equal(route_rule_add(ADDRESS_V4, TABLE, MARK), 0);
    assert_int_equal(route_rule_add(ADDRESS_V4, TABLE, MARK + 1), 0);
    assert_int_equal(route_clear_others(ADDRESS_V4, TABLE, ROUTE_METRIC_GUARD, MARK), 2);
    assert_true(shows(TABLE_V4, "10.2.0.0/24"));
    assert_false(shows(TABLE_V4, "10.3.0.0/24"));
    assert_true(shows("ip rule", "0x77"));
    assert_false(shows("ip rule", "0x78"));
    assert_int_equal(route_put(TABLE, &stale), 0);
    route_clear_metric(ADDRESS_V4, TABLE, ROUTE_METRIC_GUARD);
    assert_false(shows(TABLE_V4, "10.2.0.0/24"));
    assert_true(shows(TABLE_V4, "10.3.0.0/24"));
}

static void table_lives_by_its_interfaces(void **state)
{
    (void)state;
    static const struct {
        uint8_t family;
        const char *prefix;
    } rows[] = {{ADDRESS_V4, "10.2.0.0"}, {ADDRESS_V6, "2001:db8::"}};
    net_lab_enter();
    for (size_t i = 0; i < 2; i++) {
        struct route block = route_of(rows[i].prefix, 32, 0, ROUTE_METRIC_UNREACHABLE);
        struct route tun = route_of(rows[i].prefix, 32, LOOPBACK, ROUTE_METRIC_TUN);
        assert_false(route_table_alive(rows[i].family, TABLE));
        assert_int_equal(route_put(TABLE, &block), 0);
        assert_false(route_table_alive(rows[i].family, TABLE));
        assert_int_equal(route_put(TABLE, &tun), 0);
        assert_true(route_table_alive(rows[i].family, TABLE));
        assert_false(route_table_alive(rows[i].family, TABLE_OTHER));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_and_remove),       cmocka_unit_test(refusals),
        cmocka_unit_test(rule_spares_our_mark), cmocka_unit_test(clearing_more_than_a_batch),
        cmocka_unit_test(clearing_all_but),     cmocka_unit_test(table_lives_by_its_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
