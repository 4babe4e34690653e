/* wire/delete_payload.c: the sizes that each protocol must have, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "octets.h"
#include "wire/payloads.h"

static enum status parse(struct bytes body)
{
    struct delete_payload d;
    return delete_payload_parse(body, &d);
}

static void test_fields(void **state)
{
    (void)state;
    struct bytes body = octets_hex("03 04 0002 11111111 22222222");
    struct delete_payload d;
    assert_int_equal(delete_payload_parse(body, &d), STATUS_OK);
    assert_int_equal(d.protocol, PROTOCOL_ESP);
    assert_int_equal(d.spi_size, 4);
    assert_int_equal(d.count, 2);
    assert_int_equal(d.spis.length, 8);
    octets_free(body);
}

static void test_verdicts(void **state)
{
    (void)state;
    const enum status bad = STATUS_NOTIFY(INVALID_SYNTAX);
    const struct parse_case cases[] = {
        {"IKE SA", "01 00 0000", STATUS_OK},
        {"IKE SA with an SPI", "01 08 0001 0102030405060708", bad},
        {"IKE SA with a size only", "01 08 0000", bad},
        {"IKE SA with a count only", "01 00 0001", bad},
        {"IKE SA with octets behind", "01 00 0000 00", bad},
        {"AH", "02 04 0001 11111111", STATUS_OK},
        {"ESP, no SPI at all", "03 04 0000", STATUS_OK},
        {"ESP, size 0", "03 00 0000", bad},
        {"ESP, size 8", "03 08 0001 0102030405060708", bad},
        {"ESP, one SPI too few", "03 04 0002 11111111", bad},
        {"ESP, one SPI too many", "03 04 0001 11111111 22222222", bad},
        {"ESP, an octet too many", "03 04 0001 11111111 22", bad},
        {"ESP, count huge", "03 04 ffff 11111111", bad},
        {"no protocol", "00 00 0000", bad},
        {"unknown protocol", "04 04 0001 11111111", bad},
    };
    assert_parses(parse, CASES(cases));
}

static void test_every_truncation(void **state)
{
    (void)state;
    assert_truncations(parse, "03 04 0002 11111111 22222222", 12);
    assert_truncations(parse, "01 00 0000", 4);
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[32];
    struct writer w = writer_over(buffer, sizeof buffer);
    delete_payload_build(&w, PROTOCOL_ESP, 4, bytes_of("\x11\x11\x11\x11\x22\x22\x22\x22", 8));
    assert_written(&w, "03 04 0002 11111111 22222222");
    w = writer_over(buffer, sizeof buffer);
    delete_payload_build(&w, PROTOCOL_IKE, 0, bytes_of(NULL, 0));
    assert_written(&w, "01 00 0000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
