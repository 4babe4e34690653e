/* base/address.c: text, octets and comparison of addresses of both families. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/address.h"

static struct address parsed(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a));
    return a;
}

static void test_text_round_trip(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.0.0.0", "192.0.2.1",   "255.255.255.255",
                                        "::",      "2001:db8::1", "ffff:ffff:ffff:ffff:1:2:3:4"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct address a = parsed(texts[i]);
        char out[ADDRESS_TEXT_MAX];
        assert_string_equal(address_format(&a, out), texts[i]);
    }
}

static void test_not_an_address(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",         "192.0.2", "192.0.2.256",  "192.0.2.1 ",   "any",  "10.1",
        "2001:db8", "1::2::3", "fe80::1%eth0", "192.0.2.1/24", "[::1]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct address a = {.family = 99};
        assert_false(address_parse(texts[i], &a));
        assert_int_equal(a.family, 99);
    }
}

static void test_octets(void **state)
{
    (void)state;
    struct address v4 = parsed("192.0.2.1");
    struct address v6 = parsed("2001:db8::1");
    struct address none = {0};
    assert_int_equal(address_length(&v4), 4);
    assert_int_equal(address_length(&v6), 16);
    assert_int_equal(address_length(&none), 0);
    assert_memory_equal(address_bytes(&v4).data, "\xc0\x00\x02\x01", 4);
    assert_memory_equal(v4.octets + 4, (uint8_t[12]){0}, 12);
    struct address again = address_from(address_bytes(&v6));
    assert_true(address_equal(&v6, &again));
}

static void test_compare(void **state)
{
    (void)state;
    struct address low = parsed("10.0.0.255");
    struct address high = parsed("10.0.1.0");
    struct address v6 = parsed("a00:ff::");
    assert_true(address_compare(&low, &high) < 0);
    assert_true(address_compare(&high, &low) > 0);
    assert_int_equal(address_compare(&low, &low), 0);
    assert_false(address_equal(&low, &high));
    assert_false(address_equal(&low, &v6));
    /* Octets that the family does not use do not count. */
    struct address noisy = low;
    noisy.octets[15] = 1;
    assert_true(address_equal(&low, &noisy));
}

static void test_transport_and_path(void **state)
{
    (void)state;
    struct transport_address a = {parsed("192.0.2.1"), 500};
    struct transport_address b = {parsed("192.0.2.1"), 4500};
    struct transport_address c = {parsed("2001:db8::1"), 65535};
    char out[ADDRESS_TEXT_MAX];
    assert_string_equal(transport_address_format(&a, out), "192.0.2.1:500");
    assert_string_equal(transport_address_format(&c, out), "[2001:db8::1]:65535");
    assert_true(transport_address_equal(&a, &a));
    assert_false(transport_address_equal(&a, &b));
    assert_false(transport_address_equal(&a, &c));
    assert_true(path_equal(&(struct path){a, c}, &(struct path){a, c}));
    assert_false(path_equal(&(struct path){a, c}, &(struct path){b, c}));
    assert_false(path_equal(&(struct path){a, c}, &(struct path){a, b}));
}

static void test_none_is_any(void **state)
{
    (void)state;
    struct address none = {0};
    char out[ADDRESS_TEXT_MAX];
    assert_string_equal(address_format(&none, out), "any");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_round_trip),
        cmocka_unit_test(test_not_an_address),
        cmocka_unit_test(test_octets),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_transport_and_path),
        cmocka_unit_test(test_none_is_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
