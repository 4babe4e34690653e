/* wire/ike_header.c: the 28 octets, which of them are ignored, and what a bad one earns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "octets.h"
#include "wire/ike_header.h"

#define SPIS "0102030405060708 1112131415161718 "

static enum status parse(struct bytes datagram)
{
    struct ike_header header;
    return ike_header_parse(datagram, &header);
}

static void test_fields(void **state)
{
    (void)state;
    struct bytes datagram = octets_hex(SPIS "21 20 22 28 0000002a 0000001e dead");
    struct ike_header h;
    assert_int_equal(ike_header_parse(datagram, &h), STATUS_OK);
    assert_true(h.spi_i == 0x0102030405060708 && h.spi_r == 0x1112131415161718);
    assert_int_equal(h.next_payload, PAYLOAD_SA);
    assert_int_equal(h.major_version, 2);
    assert_int_equal(h.minor_version, 0);
    assert_int_equal(h.exchange_type, IKE_SA_INIT);
    assert_int_equal(h.flags, IKE_FLAG_INITIATOR | IKE_FLAG_RESPONSE);
    assert_int_equal(h.message_id, 42);
    assert_int_equal(h.length, 30);
    octets_free(datagram);
}

static void test_unknown_flags_are_ignored(void **state)
{
    (void)state;
    struct bytes datagram = octets_hex(SPIS "00 2f 25 d7 00000000 0000001c");
    struct ike_header h;
    assert_int_equal(ike_header_parse(datagram, &h), STATUS_OK);
    assert_int_equal(h.flags, IKE_FLAG_VERSION);
    assert_int_equal(h.minor_version, 15);
    octets_free(datagram);
}

static void test_verdicts(void **state)
{
    (void)state;
    static const struct parse_case cases[] = {
        {"plain", SPIS "21 20 22 08 00000000 0000001c", STATUS_OK},
        {"any minor version", SPIS "21 27 22 08 00000000 0000001c", STATUS_OK},
        {"empty", "", STATUS_DROP},
        {"length below the header's own", SPIS "21 20 22 08 00000000 0000001b", STATUS_DROP},
        {"length zero", SPIS "21 20 22 08 00000000 00000000", STATUS_DROP},
        {"length beyond the datagram", SPIS "21 20 22 08 00000000 0000001d", STATUS_DROP},
        {"length huge", SPIS "21 20 22 08 00000000 ffffffff", STATUS_DROP},
        {"octets behind the length", SPIS "21 20 22 08 00000000 0000001c 00", STATUS_DROP},
        {"IKEv1", SPIS "21 10 22 08 00000000 0000001c", STATUS_DROP},
        {"version 3", SPIS "21 30 22 08 00000000 0000001c", STATUS_NOTIFY(INVALID_MAJOR_VERSION)},
        {"version 3, wrong length", SPIS "21 30 22 08 00000000 0000001d", STATUS_DROP},
    };
    assert_parses(parse, CASES(cases));
}

static void test_a_higher_version_is_still_filled_in(void **state)
{
    (void)state;
    struct bytes datagram = octets_hex(SPIS "21 30 22 08 00000007 0000001c");
    struct ike_header h = {0};
    assert_int_equal(ike_header_parse(datagram, &h), STATUS_NOTIFY(INVALID_MAJOR_VERSION));
    assert_int_equal(h.message_id, 7);
    assert_int_equal(h.major_version, 3);
    octets_free(datagram);
}

static void test_every_truncation_is_dropped(void **state)
{
    (void)state;
    struct bytes whole = octets_hex(SPIS "21 20 22 08 00000000 0000001c");
    for (size_t length = 0; length < whole.length; length++) {
        struct bytes cut = octets_copy(whole.data, length);
        assert_int_equal(parse(cut), STATUS_DROP);
        octets_free(cut);
    }
    octets_free(whole);
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct ike_header h = {
        .spi_i = 0x0102030405060708,
        .spi_r = 0x1112131415161718,
        .next_payload = PAYLOAD_SK,
        .major_version = 9, /* always written as 2.0 */
        .minor_version = 9,
        .exchange_type = INFORMATIONAL,
        .flags = 0xff, /* only I and R are ours to send */
        .message_id = 0x01020304,
    };
    ike_header_build(&w, &h);
    writer_u16(&w, 0xbeef);
    ike_header_patch_length(&w);
    assert_written(&w, SPIS "2e 20 25 28 01020304 0000001e beef");
}

static void test_length_of_an_overflown_writer(void **state)
{
    (void)state;
    uint8_t buffer[20];
    struct writer w = writer_over(buffer, sizeof buffer);
    ike_header_build(&w, &(struct ike_header){0});
    ike_header_patch_length(&w);
    assert_true(w.overflow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_unknown_flags_are_ignored),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_a_higher_version_is_still_filled_in),
        cmocka_unit_test(test_every_truncation_is_dropped),
        cmocka_unit_test(test_build),
        cmocka_unit_test(test_length_of_an_overflown_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
