/* host/path_mtu_probe: each answer is of the route as it is now, whatever was asked before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "host/path_mtu_probe.h"
#include "link_lab.h"
#include "net_lab.h"

static struct path_mtu_probe probe;

static void enter(uint32_t mark)
{
    net_lab_enter();
    link_lab_join("um0", "um1");
    net_lab_ip("link set um0 mtu 1400");
    net_lab_ip("link set um1 mtu 1300");
    net_lab_ip("addr add 192.0.2.1/24 dev um0");
    net_lab_ip("addr add 198.51.100.1/24 dev um1");
    net_lab_ip("addr add 2001:db8::1/64 dev um0 nodad");
    path_mtu_probe_init(&probe, mark);
}

static unsigned ask(const char *remote)
{
    struct address address = net_lab_address(remote);
    return path_mtu_probe_ask(&probe, &address);
}

static void each_route_has_its_own(void **state)
{
    (void)state;
    enter(0);
    for (int i = 0; i < 2; i++) { /* the first connection leaves nothing to the second */
        assert_int_equal(ask("192.0.2.9"), 1400);
        assert_int_equal(ask("198.51.100.9"), 1300);
        assert_int_equal(ask("203.0.113.9"), 0); /* no route */
        assert_int_equal(ask("2001:db8::9"), 1400);
        assert_int_equal(ask("2001:db8:9::9"), 0);
    }
    net_lab_ip("route add 198.51.100.9 dev um1 mtu 1290");
    assert_int_equal(ask("198.51.100.9"), 1290);
    net_lab_ip("route del 198.51.100.9");
    assert_int_equal(ask("198.51.100.9"), 1300);
    net_lab_ip("link set um0 mtu 1500");
    assert_int_equal(ask("192.0.2.9"), 1500);
    path_mtu_probe_close(&probe);
    assert_int_equal(probe.fds[0], -1);
    assert_int_equal(probe.fds[1], -1);
}

/* The source of the first answer is gone, and was good for another route alone. */
static void no_source_stays(void **state)
{
    (void)state;
    enter(0);
    assert_int_equal(ask("192.0.2.9"), 1400);
    net_lab_ip("rule add from 192.0.2.1 to 198.51.100.0/24 unreachable");
    assert_int_equal(ask("198.51.100.9"), 1300);
    net_lab_ip("addr del 192.0.2.1/24 dev um0");
    assert_int_equal(ask("198.51.100.9"), 1300);
    path_mtu_probe_close(&probe);
}

static void routes_of_our_mark(void **state)
{
    (void)state;
    enter(0x77);
    net_lab_ip("rule add fwmark 0x77 lookup 4711");
    net_lab_ip("route add 203.0.113.0/24 via 192.0.2.9 dev um0 table 4711");
    assert_int_equal(ask("203.0.113.9"), 1400);
    path_mtu_probe_close(&probe);
    path_mtu_probe_init(&probe, 0);
    assert_int_equal(ask("203.0.113.9"), 0);
    path_mtu_probe_close(&probe);
}

/* Between two questions the socket has no port, so that nobody can send to it. */
static void nothing_listens(void **state)
{
    (void)state;
    char text[1024];
    enter(0);
    assert_int_equal(ask("192.0.2.9"), 1400);
    assert_int_equal(ask("2001:db8::9"), 1400);
    net_lab_say("cat /proc/net/udp /proc/net/udp6 | grep -v local_address", text, sizeof(text));
    assert_string_equal(text, "");
    path_mtu_probe_close(&probe);
}

static void descriptors_allow(rlim_t count)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Sockets that are there from the beginning are had when nothing else is. */
static void no_descriptor_is_asked_for_later(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    enter(0);
    descriptors_allow(0);
    unsigned v4 = ask("192.0.2.9"), v6 = ask("2001:db8::9");
    descriptors_allow(before.rlim_cur);
    assert_int_equal(v4, 1400);
    assert_int_equal(v6, 1400);
    path_mtu_probe_close(&probe);
}

static void without_a_socket_it_is_unknown(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    enter(0);
    path_mtu_probe_close(&probe);
    descriptors_allow(0);
    path_mtu_probe_init(&probe, 0);
    unsigned meanwhile = ask("192.0.2.9");
    descriptors_allow(before.rlim_cur);
    assert_int_equal(meanwhile, 0);
    assert_int_equal(ask("192.0.2.9"), 1400);
    path_mtu_probe_close(&probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_has_its_own),
        cmocka_unit_test(no_source_stays),
        cmocka_unit_test(routes_of_our_mark),
        cmocka_unit_test(nothing_listens),
        cmocka_unit_test(no_descriptor_is_asked_for_later),
        cmocka_unit_test(without_a_socket_it_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
