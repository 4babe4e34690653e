/* base/selector.c: selectors as sets of packets. Selectors are written in their text form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/selector.h"

static struct traffic_selector parsed(const char *text)
{
    struct traffic_selector s;
    if (!selector_parse(text, &s)) {
        fail_msg("not a selector: %s", text);
    }
    return s;
}

/* a AND b in both orders; NULL when they share no packet. What a contains is derived: a AND b == b.
 */
static const struct {
    const char *a;
    const char *b;
    const char *both;
} pairs[] = {
    {"10.1.0.0/16", "10.1.2.0/24", "10.1.2.0/24"},
    {"10.1.0.0/16", "10.1.0.0/16", "10.1.0.0/16"},
    {"10.1.0.0/16", "10.2.0.0/16", NULL},
    {"10.0.0.1-10.0.0.9", "10.0.0.5-10.0.0.20", "10.0.0.5-10.0.0.9"},
    {"10.0.0.1-10.0.0.5", "10.0.0.5-10.0.0.20", "10.0.0.5"},
    {"10.0.0.1-10.0.0.4", "10.0.0.5-10.0.0.20", NULL},
    {"0.0.0.0/0", "::/0", NULL},
    {"2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::/48"},
    {"10.0.0.0/8[tcp]", "10.1.0.0/16", "10.1.0.0/16[tcp]"},
    {"10.0.0.0/8[tcp]", "10.1.0.0/16[udp]", NULL},
    {"10.0.0.0/8[tcp/443]", "10.1.0.0/16[tcp]", "10.1.0.0/16[tcp/443]"},
    {"10.0.0.0/8[tcp/443]", "10.1.0.0/16", "10.1.0.0/16[tcp/443]"},
    {"10.0.0.0/8[udp/1-500]", "10.0.0.0/8[udp/400-900]", "10.0.0.0/8[udp/400-500]"},
    {"10.0.0.0/8[udp/1-500]", "10.0.0.0/8[udp/500-900]", "10.0.0.0/8[udp/500]"},
    {"10.0.0.0/8[udp/1-499]", "10.0.0.0/8[udp/500-900]", NULL},
    {"10.0.0.0/8[tcp]", "10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/opaque]"},
    {"10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/opaque]"},
    {"10.0.0.0/8[tcp/1-65535]", "10.0.0.0/8[tcp/opaque]", NULL},
    {"10.0.0.0/8[tcp/0-65534]", "10.0.0.0/8[tcp/opaque]", NULL},
    {"10.0.0.0/8[tcp/65535]", "10.0.0.0/8[tcp/opaque]", NULL},
    {"10.0.0.0/8[icmp/0]", "10.0.0.0/8[icmp/opaque]", NULL},
    {"10.0.0.0/8[tcp/65535]", "10.0.0.0/8[tcp/60000-65535]", "10.0.0.0/8[tcp/65535]"},
    {"10.0.0.0/8[udp/1-500]", "10.0.0.0/8[udp/1-400]", "10.0.0.0/8[udp/1-400]"},
    {"10.0.0.0/8[udp/1-500]", "10.0.0.0/8[udp/100-500]", "10.0.0.0/8[udp/100-500]"},
};

static void check_pair(const char *a_text, const char *b_text, const char *both_text)
{
    struct traffic_selector a = parsed(a_text);
    struct traffic_selector b = parsed(b_text);
    struct traffic_selector untouched = selector_any(ADDRESS_V6);
    struct traffic_selector out = untouched;
    bool some = selector_intersect(&a, &b, &out);
    if (some != (both_text != NULL)) {
        fail_msg("%s AND %s", a_text, b_text);
    }
    struct traffic_selector expected = some ? parsed(both_text) : untouched;
    if (!selector_equal(&out, &expected)) {
        fail_msg("%s AND %s: %s", a_text, b_text, both_text);
    }
    assert_int_equal(selector_contains(&a, &b), some && selector_equal(&out, &b));
}

static void test_intersect_and_contains(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        check_pair(pairs[i].a, pairs[i].b, pairs[i].both);
        check_pair(pairs[i].b, pairs[i].a, pairs[i].both);
    }
}

static void test_matches(void **state)
{
    (void)state;
    static const struct {
        const char *selector;
        const char *address;
        uint8_t protocol;
        int port; /* -1: the packet shows none */
        bool matches;
    } rows[] = {
        {"10.1.0.0/24", "10.1.0.0", 6, 80, true},
        {"10.1.0.0/24", "10.1.0.255", 50, -1, true},
        {"10.1.0.0/24", "10.1.1.0", 6, 80, false},
        {"10.1.0.0/24", "10.0.255.255", 6, 80, false},
        {"0.0.0.0/0", "2001:db8::1", 6, 80, false},
        {"::/0", "2001:db8::1", 6, 80, true},
        {"10.1.0.0/24[tcp]", "10.1.0.1", 6, -1, true},
        {"10.1.0.0/24[tcp]", "10.1.0.1", 17, 80, false},
        {"10.1.0.0/24[tcp/80-81]", "10.1.0.1", 6, 79, false},
        {"10.1.0.0/24[tcp/80-81]", "10.1.0.1", 6, 80, true},
        {"10.1.0.0/24[tcp/80-81]", "10.1.0.1", 6, 81, true},
        {"10.1.0.0/24[tcp/80-81]", "10.1.0.1", 6, 82, false},
        {"10.1.0.0/24[tcp/80-81]", "10.1.0.1", 6, -1, false},
        {"10.1.0.0/24[tcp/opaque]", "10.1.0.1", 6, -1, true},
        {"10.1.0.0/24[tcp/opaque]", "10.1.0.1", 6, 0, false},
        {"10.1.0.0/24[tcp/opaque]", "10.1.0.1", 6, 65535, false},
        {"10.1.0.0/24[icmp/2048]", "10.1.0.1", 1, 8 * 256, true},
        {"10.1.0.0/24[icmp/2048]", "10.1.0.1", 1, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct traffic_selector s = parsed(rows[i].selector);
        struct address address;
        assert_true(address_parse(rows[i].address, &address));
        bool matches = selector_matches(&s, &address, rows[i].protocol, rows[i].port >= 0,
                                        (uint16_t)(rows[i].port >= 0 ? rows[i].port : 0));
        if (matches != rows[i].matches) {
            fail_msg("row %zu: %s and %s", i, rows[i].selector, rows[i].address);
        }
    }
}

static void test_lists(void **state)
{
    (void)state;
    struct selector_list a = {.count = 2, .items = {parsed("10.1.0.0/24"), parsed("::/0")}};
    struct selector_list b = a;
    struct selector_list none = {.count = 0};
    struct address v4;
    struct address v6;
    assert_true(address_parse("10.2.0.1", &v4) && address_parse("2001:db8::1", &v6));
    assert_true(selector_list_matches(&a, &v6, 17, true, 53));
    assert_false(selector_list_matches(&a, &v4, 17, true, 53));
    assert_false(selector_list_matches(&none, &v6, 17, true, 53));
    assert_true(selector_list_equal(&a, &b));
    b.items[1].protocol = 6;
    assert_false(selector_list_equal(&a, &b));
    b.count = 1;
    assert_false(selector_list_equal(&a, &b));
    a.count = 1; /* what stands behind the last one does not count */
    assert_true(selector_list_equal(&a, &b));
    assert_false(selector_list_matches(&a, &v6, 17, true, 53));
}

static void test_any_and_host(void **state)
{
    (void)state;
    struct traffic_selector any = selector_any(ADDRESS_V4);
    struct traffic_selector expected = parsed("0.0.0.0/0");
    assert_true(selector_equal(&any, &expected));
    any = selector_any(ADDRESS_V6);
    expected = parsed("::/0");
    assert_true(selector_equal(&any, &expected));
    struct address address;
    assert_true(address_parse("192.0.2.7", &address));
    struct traffic_selector host = selector_host(&address);
    expected = parsed("192.0.2.7");
    assert_true(selector_equal(&host, &expected));
}

static void test_opaque(void **state)
{
    (void)state;
    struct traffic_selector s = parsed("10.1.0.0/16[tcp/opaque]");
    assert_true(selector_is_opaque(&s));
    s = parsed("10.1.0.0/16[tcp]");
    assert_false(selector_is_opaque(&s)); /* ANY is more than that */
    s = parsed("10.1.0.0/16[tcp/65535]");
    assert_false(selector_is_opaque(&s));
}

static void test_kept_selectors(void **state)
{
    (void)state;
    struct selector_list list = {.count = 2}, again = {.count = 7};
    struct selectors kept = {9, NULL};
    list.items[0] = selector_any(ADDRESS_V4);
    list.items[1] = selector_any(ADDRESS_V6);
    assert_ptr_equal(selectors_of(&list).items, list.items);
    assert_true(selectors_keep(selectors_of(&list), &kept));
    list.items[1].protocol = 17; /* the copy is its own */
    selector_list_set(&again, kept);
    assert_int_equal(again.count, 2);
    assert_true(selector_equal(&again.items[0], &list.items[0]));
    assert_int_equal(again.items[1].protocol, 0);
    assert_true(selectors_match(kept, &kept.items[1].start, 6, true, 1));
    selectors_free(&kept);
    assert_int_equal(kept.count, 0);
    list.count = 0;
    assert_true(selectors_keep(selectors_of(&list), &kept)); /* nothing is kept as nothing */
    assert_null(kept.items);
    selector_list_set(&again, kept);
    assert_int_equal(again.count, 0);
    selectors_free(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_selectors), cmocka_unit_test(test_intersect_and_contains),
        cmocka_unit_test(test_matches),        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_any_and_host),   cmocka_unit_test(test_opaque),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
