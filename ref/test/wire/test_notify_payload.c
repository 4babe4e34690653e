/* wire/notify_payload.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "octets.h"
#include "wire/payloads.h"

static enum status parse(struct bytes body)
{
    struct notify_payload notify;
    return notify_payload_parse(body, &notify);
}

static void test_fields(void **state)
{
    (void)state;
    struct bytes body = octets_hex("03 04 4009 c0ffee01 aa");
    struct notify_payload n;
    assert_int_equal(notify_payload_parse(body, &n), STATUS_OK);
    assert_int_equal(n.protocol, PROTOCOL_ESP);
    assert_int_equal(n.type, REKEY_SA);
    assert_true(bytes_equal(n.spi, bytes_of("\xc0\xff\xee\x01", 4)));
    assert_true(bytes_equal(n.data, bytes_of("\xaa", 1)));
    octets_free(body);
}

static void test_protocol_without_spi_is_ignored(void **state)
{
    (void)state;
    struct bytes body = octets_hex("01 00 4006 0102");
    struct notify_payload n;
    assert_int_equal(notify_payload_parse(body, &n), STATUS_OK);
    assert_int_equal(n.protocol, PROTOCOL_NONE);
    assert_int_equal(n.type, COOKIE);
    assert_int_equal(n.data.length, 2);
    octets_free(body);
}

static void test_verdicts(void **state)
{
    (void)state;
    static const struct parse_case cases[] = {
        {"shortest", "00 00 000e", STATUS_OK},
        {"SPI beyond the end", "03 05 4009 c0ffee01", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"SPI of 255", "03 ff 4009 c0ffee01", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"IKE SPI", "01 08 4000 0102030405060708", STATUS_OK},
        {"unknown type", "00 00 ffff aabb", STATUS_OK},
    };
    assert_parses(parse, CASES(cases));
}

static void test_every_truncation(void **state)
{
    (void)state;
    assert_truncations(parse, "03 04 4009 c0ffee01", 8);
    assert_truncations(parse, "00 00 4006 0102", 4);
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[32];
    struct writer w = writer_over(buffer, sizeof buffer);
    notify_payload_build(&w, PROTOCOL_ESP, bytes_of("\xc0\xff\xee\x01", 4), REKEY_SA,
                         bytes_of(NULL, 0));
    assert_written(&w, "03 04 4009 c0ffee01");
    w = writer_over(buffer, sizeof buffer);
    /* Without an SPI the protocol is sent as zero whatever the caller says, RFC 7296 3.10. */
    notify_payload_build(&w, PROTOCOL_IKE, bytes_of(NULL, 0), INVALID_KE_PAYLOAD,
                         bytes_of("\x00\x1f", 2));
    assert_written(&w, "00 00 0011 001f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),   cmocka_unit_test(test_protocol_without_spi_is_ignored),
        cmocka_unit_test(test_verdicts), cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
