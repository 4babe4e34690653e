/* host/local_address.c: which of this host's addresses count, in a network of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <net/if.h>
#include <stdio.h>

#include "host/local_address.h"
#include "link_lab.h"
#include "net_lab.h"

static bool has(const struct address_list *list, const char *text)
{
    struct address address = net_lab_address(text);
    for (size_t i = 0; i < list->count; i++) {
        if (address_equal(&list->items[i], &address)) {
            return true;
        }
    }
    return false;
}

static void enter(void)
{
    net_lab_enter();
    link_lab_join("ua0", "ua1");
    net_lab_ip("addr add 192.0.2.1/24 dev ua0");
    net_lab_ip("addr add 2001:db8::1/64 dev ua0 nodad");
}

static void only_usable_addresses_are_listed(void **state)
{
    (void)state;
    enter();
    net_lab_ip("addr add 169.254.1.1/16 scope link dev ua0");
    net_lab_ip("addr add fe80::1/64 dev ua0 nodad");
    net_lab_ip("addr add 2001:db8::d/64 dev ua0 nodad preferred_lft 0"); /* deprecated */
    net_lab_ip("addr add 198.51.100.1/24 dev ua1");
    net_lab_ip("addr add 203.0.113.1/32 dev lo");
    struct address_list list;
    assert_true(local_addresses_list(0, &list));
    assert_int_equal(list.count, 3);
    assert_true(has(&list, "192.0.2.1"));
    assert_true(has(&list, "2001:db8::1"));
    assert_true(has(&list, "198.51.100.1"));
    assert_true(local_addresses_list(if_nametoindex("ua1"), &list));
    assert_int_equal(list.count, 2);
    assert_false(has(&list, "198.51.100.1"));
    net_lab_ip("link set ua0 down");
    assert_true(local_addresses_list(0, &list));
    assert_false(has(&list, "192.0.2.1"));
}

static void the_list_has_a_limit(void **state)
{
    (void)state;
    enter();
    for (int i = 0; i < ADDRESSES_MAX + 2; i++) {
        char command[64];
        snprintf(command, sizeof(command), "addr add 198.51.100.%d/24 dev ua1", i + 1);
        net_lab_ip(command);
    }
    struct address_list list;
    assert_true(local_addresses_list(0, &list));
    assert_int_equal(list.count, ADDRESSES_MAX);
}

/* The far end of a point-to-point link is not ours. */
static void point_to_point(void **state)
{
    (void)state;
    enter();
    net_lab_ip("addr add 198.51.100.1 peer 198.51.100.2 dev ua1");
    net_lab_ip("addr add 2001:db8:1::1 peer 2001:db8:1::2 dev ua1 nodad");
    struct address_list list;
    assert_true(local_addresses_list(0, &list));
    assert_true(has(&list, "198.51.100.1"));
    assert_false(has(&list, "198.51.100.2"));
    assert_true(has(&list, "2001:db8:1::1"));
    assert_false(has(&list, "2001:db8:1::2"));
}

static void an_address_within_selectors(void **state)
{
    (void)state;
    static const struct {
        const char *selector;
        uint8_t family;
        const char *address; /* NULL: none */
    } rows[] = {
        {"192.0.2.0/24", ADDRESS_V4, "192.0.2.1"},
        {"192.0.2.0/24[tcp/443]", ADDRESS_V4, "192.0.2.1"}, /* a route cannot look at ports */
        {"192.0.2.2-192.0.2.9", ADDRESS_V4, NULL},
        {"192.0.2.0/24", ADDRESS_V6, NULL},
        {"2001:db8::/32", ADDRESS_V6, "2001:db8::1"},
        {"127.0.0.0/8", ADDRESS_V4, "127.0.0.1"}, /* the loopback's count here */
    };
    enter();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct selector_list selectors = {.count = 1};
        struct address out;
        assert_true(selector_parse(rows[i].selector, &selectors.items[0]));
        bool found = local_address_within(&selectors, rows[i].family, &out);
        if (found != (rows[i].address != NULL)) {
            fail_msg("%s: %d", rows[i].selector, found);
        }
        if (found) {
            struct address expected = net_lab_address(rows[i].address);
            assert_true(address_equal(&out, &expected));
        }
    }
}

static void where_the_route_starts(void **state)
{
    (void)state;
    enter();
    struct address near = net_lab_address("192.0.2.9"), far = net_lab_address("203.0.113.9");
    struct address near6 = net_lab_address("2001:db8::9"), ours = net_lab_address("192.0.2.1");
    struct address ours6 = net_lab_address("2001:db8::1"), source;
    source = local_address_towards(&near, 0);
    assert_true(address_equal(&source, &ours));
    source = local_address_towards(&near6, 0);
    assert_true(address_equal(&source, &ours6));
    source = local_address_towards(&far, 0);
    assert_int_equal(source.family, ADDRESS_NONE);
    /* A route that only packets with the mark take. */
    net_lab_ip("rule add fwmark 0x77 lookup 4711");
    net_lab_ip("route add 203.0.113.0/24 via 192.0.2.9 dev ua0 table 4711");
    source = local_address_towards(&far, 0x77);
    assert_true(address_equal(&source, &ours));
    source = local_address_towards(&far, 0);
    assert_int_equal(source.family, ADDRESS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_usable_addresses_are_listed),
        cmocka_unit_test(the_list_has_a_limit),
        cmocka_unit_test(point_to_point),
        cmocka_unit_test(an_address_within_selectors),
        cmocka_unit_test(where_the_route_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
