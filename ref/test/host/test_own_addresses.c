/* host/own_addresses: the list is the kernel's as of the last change that was heard of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <net/if.h>
#include <sys/resource.h>

#include "host/own_addresses.h"
#include "link_lab.h"
#include "net_lab.h"

#define TABLE 4711

struct lab {
    struct event_loop loop;
    struct address_monitor monitor;
    struct own_addresses own;
};

static void lab_open(struct lab *lab, bool listens)
{
    struct problem problem = {0};
    net_lab_enter();
    link_lab_join("uo0", "uo1");
    net_lab_ip("addr add 192.0.2.1/24 dev uo0");
    assert_true(event_loop_open(&lab->loop, &problem));
    assert_true(address_monitor_open(&lab->monitor, &lab->loop, TABLE, &problem));
    own_addresses_init(&lab->own, listens ? &lab->monitor : NULL, 0);
}

static void lab_close(struct lab *lab)
{
    address_monitor_close(&lab->monitor, &lab->loop);
    event_loop_close(&lab->loop);
}

static void hear(struct lab *lab)
{
    event_loop_turn(&lab->loop, 0);
    event_loop_turn(&lab->loop, 0);
}

static size_t count(struct lab *lab)
{
    return own_addresses_list(&lab->own)->count;
}

static void kept_until_a_change_is_heard_of(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, true);
    assert_int_equal(count(&lab), 1);
    net_lab_ip("addr add 192.0.2.7/24 dev uo0");
    assert_int_equal(count(&lab), 1);
    hear(&lab);
    assert_int_equal(count(&lab), 2);
    /* Who else has taken the news makes no difference. */
    net_lab_ip("link set uo0 down");
    hear(&lab);
    assert_true(address_monitor_take(&lab.monitor));
    assert_int_equal(count(&lab), 0);
    lab_close(&lab);
}

/* More changes than the socket has room for: what was lost may have been of the addresses. */
static void an_overrun_is_a_change(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, true);
    hear(&lab);
    assert_int_equal(count(&lab), 1);
    int least = 1;
    assert_int_equal(
        setsockopt(lab.monitor.source.fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), 0);
    /* Of our own table, which is no news: it fills the buffer, and the address is lost. */
    for (int i = 0; i < 20; i++) {
        net_lab_ip("route add 198.51.100.0/24 dev uo0 table 4711");
        net_lab_ip("route del 198.51.100.0/24 dev uo0 table 4711");
    }
    net_lab_ip("addr add 192.0.2.7/32 dev uo0");
    assert_int_equal(count(&lab), 1);
    hear(&lab);
    assert_int_equal(count(&lab), 2);
    lab_close(&lab);
}

static void asked_each_time_where_nobody_listens(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, false);
    assert_int_equal(count(&lab), 1);
    net_lab_ip("addr add 192.0.2.7/24 dev uo0");
    assert_int_equal(count(&lab), 2);
    own_addresses_init(&lab.own, NULL, if_nametoindex("uo0"));
    assert_int_equal(count(&lab), 0);
    lab_close(&lab);
}

/* No socket to ask with: the old list is better than none, and no reason to stop asking. */
static void a_kernel_that_does_not_answer(void **state)
{
    (void)state;
    struct lab lab;
    struct rlimit before, none;
    lab_open(&lab, true);
    assert_int_equal(count(&lab), 1);
    net_lab_ip("addr add 192.0.2.7/24 dev uo0");
    hear(&lab);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    size_t meanwhile = count(&lab);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(meanwhile, 1);
    assert_int_equal(count(&lab), 2);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_until_a_change_is_heard_of),
        cmocka_unit_test(an_overrun_is_a_change),
        cmocka_unit_test(asked_each_time_where_nobody_listens),
        cmocka_unit_test(a_kernel_that_does_not_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
