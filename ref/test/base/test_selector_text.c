/* base/selector_text.c: what is written is what was read, in the shortest form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/selector.h"

static void test_round_trip(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *formatted; /* NULL: the same */
    } rows[] = {
        {"10.1.0.0/24", NULL},
        {"0.0.0.0/0", NULL},
        {"::/0", NULL},
        {"10.1.0.5", NULL},
        {"10.1.0.5/32", "10.1.0.5"},
        {"10.1.0.1-10.1.0.9", NULL},
        {"10.1.0.0-10.1.0.255", "10.1.0.0/24"},
        {"10.1.0.0-10.1.0.254", NULL},
        {"10.1.0.1-10.1.0.1", "10.1.0.1"},
        {"10.1.0.1-10.1.1.0", NULL},
        {"2001:db8::/33", NULL},
        {"2001:db8::1-2001:db8::ffff", NULL},
        {"10.1.0.0/24[tcp/443]", NULL},
        {"10.1.0.0/24[udp/1000-2000]", NULL},
        {"10.1.0.0/24[udp/53-53]", "10.1.0.0/24[udp/53]"},
        {"10.1.0.0/24[tcp/0-65535]", "10.1.0.0/24[tcp]"},
        {"10.1.0.0/24[icmp]", NULL},
        {"::/0[icmpv6/34304]", NULL},
        {"10.1.0.5[17]", "10.1.0.5[udp]"},
        {"10.1.0.5[132/7]", NULL},
        {"10.1.0.5[any]", "10.1.0.5"},
        {"10.1.0.5[0]", "10.1.0.5"},
        {"10.1.0.5[any/7-9]", NULL},
        {"10.1.0.5[tcp/opaque]", NULL},
        {"10.1.0.5[tcp/65535]", NULL},
        {"10.1.0.5[icmp/0]", NULL},
        {"10.1.0.1-10.1.0.9[255/0-65534]", NULL},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff1-"
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe[255/10000-20000]",
         NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct traffic_selector s;
        struct traffic_selector again;
        char out[SELECTOR_TEXT_MAX];
        if (!selector_parse(rows[i].text, &s)) {
            fail_msg("not a selector: %s", rows[i].text);
        }
        const char *expected = rows[i].formatted != NULL ? rows[i].formatted : rows[i].text;
        assert_string_equal(selector_format(&s, out), expected);
        assert_true(selector_parse(out, &again));
        assert_true(selector_equal(&s, &again));
    }
}

static void test_prefix_bounds(void **state)
{
    (void)state;
    struct traffic_selector s;
    char out[ADDRESS_TEXT_MAX];
    assert_true(selector_parse("10.1.64.0/18", &s));
    assert_string_equal(address_format(&s.start, out), "10.1.64.0");
    assert_string_equal(address_format(&s.end, out), "10.1.127.255");
    assert_int_equal(s.port_start, 0);
    assert_int_equal(s.port_end, 65535);
    assert_int_equal(s.protocol, 0);
}

static void test_not_a_selector(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "10.1.0.0/33",
        "10.1.0.0/",
        "10.1.0.0/2x",
        "10.1.0.0/+8",
        "10.1.0.5/24",
        "::/129",
        "/24",
        "10.1.0.9-10.1.0.1",
        "10.1.0.1-::1",
        "10.1.0.1-",
        "-10.1.0.1",
        "10.1.0.1-10.1.0.9/24",
        "10.1.0.0/24[",
        "10.1.0.0/24[]",
        "10.1.0.0/24[tcp",
        "10.1.0.0/24[179",
        "10.1.0.0/24tcp]",
        "10.1.0.0/24[tcp]x",
        "10.1.0.0/24[tcp/]",
        "10.1.0.0/24[/443]",
        "10.1.0.0/24[tcp/65536]",
        "10.1.0.0/24[tcp/9-8]",
        "10.1.0.0/24[tcp/1-2-3]",
        "10.1.0.0/24[tcp/443/444]",
        "10.1.0.0/24[256]",
        "10.1.0.0/24[TCP]",
        "10.1.0.0/24[99999999999999999999]",
        "example.org",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct traffic_selector s = {.protocol = 99};
        if (selector_parse(texts[i], &s)) {
            fail_msg("accepted: %s", texts[i]);
        }
        assert_int_equal(s.protocol, 99);
    }
}

static void test_too_long_a_text(void **state)
{
    (void)state;
    char text[2 * SELECTOR_TEXT_MAX];
    struct traffic_selector s;
    memset(text, '1', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_false(selector_parse(text, &s));
    text[SELECTOR_TEXT_MAX] = '\0';
    assert_false(selector_parse(text, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_prefix_bounds),
        cmocka_unit_test(test_not_a_selector),
        cmocka_unit_test(test_too_long_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
