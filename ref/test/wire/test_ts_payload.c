/* wire/ts_payload.c: ranges of both families, OPAQUE, unknown types, lengths and counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "octets.h"
#include "wire/payloads.h"

#define V4 "07 06 0010 01bb 01bb 0a010000 0a0100ff"
#define V4_ANY "07 00 0010 0000 ffff 00000000 ffffffff"
#define V6_ANY                                                                                     \
    "08 00 0028 0000 ffff 00000000000000000000000000000000 ffffffffffffffffffffffffffffffff"

static enum status parse(struct bytes body)
{
    struct selector_list list;
    return ts_payload_parse(body, &list);
}

static void test_fields(void **state)
{
    (void)state;
    struct bytes body = octets_hex("02 ffffff " V4 V6_ANY); /* RESERVED is ignored */
    struct selector_list list;
    char text[SELECTOR_TEXT_MAX];
    assert_int_equal(ts_payload_parse(body, &list), STATUS_OK);
    assert_int_equal(list.count, 2);
    assert_string_equal(selector_format(&list.items[0], text), "10.1.0.0/24[tcp/443]");
    assert_string_equal(selector_format(&list.items[1], text), "::/0");
    octets_free(body);
}

static void test_unknown_types_are_skipped(void **state)
{
    (void)state;
    struct bytes body = octets_hex("03 000000 0a 00 0004 " V4_ANY "09 00 0006 aabb");
    struct selector_list list;
    char text[SELECTOR_TEXT_MAX];
    assert_int_equal(ts_payload_parse(body, &list), STATUS_OK);
    assert_int_equal(list.count, 1);
    assert_string_equal(selector_format(&list.items[0], text), "0.0.0.0/0");
    octets_free(body);
    body = octets_hex("01 000000 0a 00 0008 00000000");
    assert_int_equal(ts_payload_parse(body, &list), STATUS_OK);
    assert_int_equal(list.count, 0);
    octets_free(body);
}

static void test_verdicts(void **state)
{
    (void)state;
    const enum status bad = STATUS_NOTIFY(INVALID_SYNTAX);
    const struct parse_case cases[] = {
        {"one address", "01 000000 07 00 0010 0000 ffff 0a010001 0a010001", STATUS_OK},
        {"OPAQUE", "01 000000 07 06 0010 ffff 0000 0a010001 0a010001", STATUS_OK},
        {"ports backwards", "01 000000 07 06 0010 0002 0001 0a010001 0a010001", bad},
        {"ports backwards, near OPAQUE", "01 000000 07 06 0010 ffff 0001 0a010001 0a010001", bad},
        {"ports backwards, to zero", "01 000000 07 06 0010 fffe 0000 0a010001 0a010001", bad},
        {"addresses backwards", "01 000000 07 00 0010 0000 ffff 0a010002 0a010001", bad},
        {"count zero", "00 000000", bad},
        {"count zero with a selector", "00 000000 " V4_ANY, bad},
        {"count too high", "02 000000 " V4_ANY, bad},
        {"count too low", "01 000000 " V4_ANY V4_ANY, bad},
        {"octet behind", "01 000000 " V4_ANY "00", bad},
        {"length zero", "01 000000 07 00 0000 0000 ffff 00000000 ffffffff", bad},
        {"length 3", "01 000000 07 00 0003 0000 ffff 00000000 ffffffff", bad},
        {"length one short", "01 000000 07 00 000f 0000 ffff 00000000 ffffffff", bad},
        {"length one long", "01 000000 07 00 0011 0000 ffff 00000000 ffffffff 00", bad},
        {"v6 length in v4",
         "01 000000 07 00 0028 0000 ffff 00000000000000000000000000000000"
         "ffffffffffffffffffffffffffffffff",
         bad},
        {"v4 length in v6", "01 000000 08 00 0010 0000 ffff 00000000 ffffffff", bad},
        {"unknown type, length 3", "01 000000 0a 00 0003", bad},
        {"unknown type beyond the end", "01 000000 0a 00 0005", bad},
    };
    assert_parses(parse, CASES(cases));
}

static void test_every_truncation(void **state)
{
    (void)state;
    assert_truncations(parse, "02 000000 " V4 V6_ANY, 60);
    assert_truncations(parse, "01 000000 0a 00 0006 aabb", 10);
}

static void test_selectors_beyond_the_limit_are_checked_and_skipped(void **state)
{
    (void)state;
    uint8_t buffer[4 + 16 * 255];
    struct bytes one = octets_hex(V4);
    struct writer w = writer_over(buffer, sizeof buffer);
    writer_u32(&w, 0xff000000);
    for (size_t i = 0; i < 255; i++) {
        writer_put(&w, one);
    }
    struct selector_list list;
    assert_int_equal(ts_payload_parse(writer_bytes(&w), &list), STATUS_OK);
    assert_int_equal(list.count, SELECTORS_MAX);
    buffer[sizeof buffer - 8] = 0xff; /* the last one now runs backwards */
    assert_int_equal(parse(writer_bytes(&w)), STATUS_NOTIFY(INVALID_SYNTAX));
    octets_free(one);
}

static void test_build(void **state)
{
    (void)state;
    struct selector_list list = {.count = 2};
    assert_true(selector_parse("10.1.0.0/24[tcp/443]", &list.items[0]));
    assert_true(selector_parse("::/0", &list.items[1]));
    uint8_t buffer[128];
    struct writer w = writer_over(buffer, sizeof buffer);
    ts_payload_build(&w, &list);
    assert_written(&w, "02 000000 " V4 V6_ANY);
    struct selector_list again;
    assert_int_equal(ts_payload_parse(writer_bytes(&w), &again), STATUS_OK);
    assert_true(selector_list_equal(&list, &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_unknown_types_are_skipped),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_selectors_beyond_the_limit_are_checked_and_skipped),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
