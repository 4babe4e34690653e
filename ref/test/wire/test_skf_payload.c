/* Encrypted Fragment payload, RFC 7383 2.5: which numbers make sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test/wire/octets.h"
#include "wire/payloads.h"

static enum status parse(struct bytes body)
{
    struct skf_payload skf;
    return skf_payload_parse(body, &skf);
}

/* RFC 7383 2.6: neither number is 0, and none is above the total; whatever else is discarded. */
static void test_numbers(void **state)
{
    static const struct parse_case cases[] = {
        {"the only one", "0001 0001 aa", STATUS_OK},
        {"the first of two", "0001 0002 aa", STATUS_OK},
        {"the last", "ffff ffff aa", STATUS_OK},
        {"number 0", "0000 0002 aa", STATUS_DROP},
        {"total 0", "0001 0000 aa", STATUS_DROP},
        {"both 0", "0000 0000 aa", STATUS_DROP},
        {"beyond the total", "0003 0002 aa", STATUS_DROP},
        {"far beyond", "ffff 0001 aa", STATUS_DROP},
        {"no total", "0001", STATUS_DROP},
        {"half a total", "0001 00", STATUS_DROP},
        {"nothing", "", STATUS_DROP},
        {"nothing sealed", "0001 0001", STATUS_OK}, /* the opening finds that out */
    };
    (void)state;
    assert_parses(parse, CASES(cases));
}

static void test_what_is_sealed(void **state)
{
    struct bytes octets = octets_hex("0102 0304 aabbcc");
    struct skf_payload skf;
    (void)state;
    assert_int_equal(skf_payload_parse(octets, &skf), STATUS_OK);
    assert_int_equal(skf.number, 0x102);
    assert_int_equal(skf.total, 0x304);
    assert_int_equal(skf.sealed.length, 3);
    assert_ptr_equal(skf.sealed.data, octets.data + 4);
    octets_free(octets);
}

static void test_build(void **state)
{
    uint8_t buffer[4];
    struct writer w = writer_over(buffer, sizeof buffer);
    (void)state;
    skf_payload_build(&w, 0x102, 0x304);
    assert_written(&w, "0102 0304");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_what_is_sealed),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
