/* host/address_monitor: changes of this host's addresses and routes are heard of, ours are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "host/address_monitor.h"
#include "host/route.h"
#include "net_lab.h"

#define TABLE 4711
#define TABLE_OTHER 4712

struct lab {
    struct event_loop loop;
    struct address_monitor monitor;
};

static void lab_open(struct lab *lab)
{
    struct problem problem = {0};
    net_lab_enter();
    assert_true(event_loop_open(&lab->loop, &problem));
    assert_true(address_monitor_open(&lab->monitor, &lab->loop, TABLE, &problem));
    assert_false(address_monitor_take(&lab->monitor));
}

static void lab_close(struct lab *lab)
{
    address_monitor_close(&lab->monitor, &lab->loop);
    assert_int_equal(lab->monitor.source.fd, -1);
    event_loop_close(&lab->loop);
}

/* The kernel tells before it answers who made the change: what there is to hear is there now. */
static bool heard(struct lab *lab)
{
    event_loop_turn(&lab->loop, 0);
    event_loop_turn(&lab->loop, 0);
    return address_monitor_take(&lab->monitor);
}

static void changes_are_heard(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "address add 192.0.2.7/24 dev lo",    "-6 address add 2001:db8::7/64 dev lo nodad",
        "route add 198.51.100.0/24 dev lo",   "-6 route add 2001:db8:1::/48 dev lo",
        "route del 198.51.100.0/24 dev lo",   "address del 192.0.2.7/24 dev lo",
        "link add v0 type veth peer name v1", "link set lo down",
    };
    struct lab lab;
    lab_open(&lab);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        net_lab_ip(changes[i]);
        if (!heard(&lab)) {
            fail_msg("not heard: %s", changes[i]);
        }
        assert_false(address_monitor_take(&lab.monitor)); /* once */
    }
    lab_close(&lab);
}

static void several_count_as_one(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    net_lab_ip("address add 192.0.2.7/24 dev lo");
    net_lab_ip("address add 192.0.2.8/24 dev lo");
    assert_true(heard(&lab));
    assert_false(heard(&lab));
    lab_close(&lab);
}

static void our_own_table_is_no_news(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    struct route route = {.to = {.address = net_lab_address("10.2.0.0"), .length = 24},
                          .metric = ROUTE_METRIC_UNREACHABLE};
    assert_int_equal(route_put(TABLE, &route), 0);
    assert_int_equal(route_remove(TABLE, &route), 0);
    assert_false(heard(&lab));
    assert_int_equal(route_put(TABLE_OTHER, &route), 0);
    assert_true(heard(&lab));
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_heard),
        cmocka_unit_test(several_count_as_one),
        cmocka_unit_test(our_own_table_is_no_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
