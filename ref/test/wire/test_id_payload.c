/* wire/id_payload.c: identities of every type, and the body that AUTH covers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "octets.h"
#include "wire/payloads.h"

static enum status parse(struct bytes body)
{
    struct id_payload id;
    return id_payload_parse(body, &id);
}

static void test_fields(void **state)
{
    (void)state;
    struct bytes body = octets_hex("02 010203 6162");
    struct id_payload id;
    assert_int_equal(id_payload_parse(body, &id), STATUS_OK);
    assert_int_equal(id.type, ID_FQDN);
    assert_true(bytes_equal(id.data, bytes_of("ab", 2)));
    /* AUTH is computed over the RESERVED octets as they came, RFC 7296 2.15. */
    assert_true(bytes_equal(id.body, body));
    octets_free(body);
}

static void test_verdicts(void **state)
{
    (void)state;
    const enum status bad = STATUS_NOTIFY(INVALID_SYNTAX);
    const struct parse_case cases[] = {
        {"IPv4", "01 000000 c0000201", STATUS_OK},
        {"IPv4 of 3 octets", "01 000000 c00002", bad},
        {"IPv4 of 5 octets", "01 000000 c000020100", bad},
        {"IPv6", "05 000000 20010db8000000000000000000000001", STATUS_OK},
        {"IPv6 of 4 octets", "05 000000 c0000201", bad},
        {"IPv6 of 17 octets", "05 000000 20010db800000000000000000000000100", bad},
        {"empty FQDN", "02 000000", bad},
        {"key ID of one octet", "0b 000000 00", STATUS_OK},
        {"unknown type", "c9 000000 aa", STATUS_OK},
    };
    assert_parses(parse, CASES(cases));
}

static void test_longest(void **state)
{
    (void)state;
    uint8_t octets[4 + IDENTITY_MAX + 1] = {ID_KEY_ID};
    struct bytes longest = octets_copy(octets, 4 + IDENTITY_MAX);
    struct bytes too_long = octets_copy(octets, sizeof octets);
    assert_int_equal(parse(longest), STATUS_OK);
    assert_int_equal(parse(too_long), STATUS_NOTIFY(INVALID_SYNTAX));
    octets_free(longest);
    octets_free(too_long);
}

static void test_every_truncation(void **state)
{
    (void)state;
    assert_truncations(parse, "02 000000 616263", 5);
    assert_truncations(parse, "01 000000 c0000201", 8);
    assert_truncations(parse, "05 000000 20010db8000000000000000000000001", 20);
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[16];
    struct writer w = writer_over(buffer, sizeof buffer);
    id_payload_build(&w, ID_RFC822_ADDR, bytes_of("a@b", 3));
    assert_written(&w, "03 000000 614062");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),  cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_longest), cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
