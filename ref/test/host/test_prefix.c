/* host/prefix.c: a range becomes exactly its prefixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "host/prefix.h"

static const struct {
    const char *range;
    const char *prefixes;
} rows[] = {
    {"10.1.0.0/24", "10.1.0.0/24 "},
    {"0.0.0.0/0", "0.0.0.0/0 "},
    {"::/0", "::/0 "},
    {"10.1.0.5", "10.1.0.5/32 "},
    {"2001:db8::1", "2001:db8::1/128 "},
    {"10.0.0.1-10.0.0.9", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/30 10.0.0.8/31 "},
    {"10.0.0.255-10.0.1.0", "10.0.0.255/32 10.0.1.0/32 "},
    {"255.255.255.254-255.255.255.255", "255.255.255.254/31 "},
    {"128.0.0.0-255.255.255.255", "128.0.0.0/1 "},
    {"2001:db8::-2001:db8::2", "2001:db8::/127 2001:db8::2/128 "},
};

static void ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct traffic_selector selector;
        struct prefix prefixes[PREFIXES_PER_RANGE_MAX];
        assert_true(selector_parse(rows[i].range, &selector));
        size_t count = prefixes_of_range(&selector.start, &selector.end, prefixes);
        char text[512] = "", address[ADDRESS_TEXT_MAX];
        for (size_t j = 0; j < count; j++) {
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s/%u ",
                     address_format(&prefixes[j].address, address), prefixes[j].length);
        }
        assert_string_equal(text, rows[i].prefixes);
    }
}

static void worst_range_fits(void **state)
{
    (void)state;
    struct address start, end;
    struct prefix prefixes[PREFIXES_PER_RANGE_MAX];
    assert_true(address_parse("::1", &start));
    assert_true(address_parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", &end));
    assert_int_equal(prefixes_of_range(&start, &end, prefixes), PREFIXES_PER_RANGE_MAX);
    assert_true(address_equal(&prefixes[PREFIXES_PER_RANGE_MAX - 1].address, &end));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(worst_range_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
