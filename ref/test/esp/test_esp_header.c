/* The octets around an ESP payload. */
#include "esp_lab.h"

#include "esp/esp_header.h"

static void test_header_both_ways(void **state)
{
    (void)state;
    static const uint8_t octets[] = {0x01, 0x02, 0x03, 0x04, 0x00, 0x00, 0x00, 0x05};
    struct esp_header header;
    uint8_t built[ESP_HEADER_LENGTH];
    assert_int_equal(esp_header_parse(bytes_of(octets, 8), &header), STATUS_OK);
    assert_int_equal(header.spi, 0x01020304);
    assert_int_equal(header.sequence, 5);
    esp_header_build(built, &header);
    assert_memory_equal(built, octets, 8);
    assert_int_equal(esp_header_parse(bytes_of(octets, 7), &header), STATUS_DROP);
}

static void test_padding_fills_up_to_the_alignment(void **state)
{
    (void)state;
    for (size_t payload = 0; payload < 100; payload++) {
        for (size_t alignment = 4; alignment <= 16; alignment *= 2) {
            size_t padding = esp_padding_length(payload, alignment);
            assert_true(padding < alignment);
            assert_int_equal((payload + padding + 2) % alignment, 0);
        }
    }
}

static void test_trailer_both_ways(void **state)
{
    (void)state;
    for (size_t padding = 0; padding <= 255; padding++) {
        uint8_t text[10 + 257] = {0};
        struct bytes payload;
        uint8_t next_header = 0;
        esp_trailer_build(text + 10, padding, 41);
        struct bytes all = bytes_of(text, 10 + padding + 2);
        assert_int_equal(esp_trailer_parse(all, &payload, &next_header), STATUS_OK);
        assert_int_equal(payload.length, 10);
        assert_int_equal(next_header, 41);
        if (padding > 0) { /* RFC 4303 2.4: 1, 2, 3, ... and nothing else */
            text[10 + padding / 2] ^= 1;
            assert_int_equal(esp_trailer_parse(all, &payload, &next_header), STATUS_DROP);
        }
    }
}

static void test_trailer_longer_than_the_text(void **state)
{
    (void)state;
    static const uint8_t text[] = {1, 2, 3, 4, 6, 59};
    struct bytes payload;
    uint8_t next_header;
    assert_int_equal(esp_trailer_parse(bytes_of(text, 6), &payload, &next_header), STATUS_DROP);
    assert_int_equal(esp_trailer_parse(bytes_of(text, 1), &payload, &next_header), STATUS_DROP);
    assert_int_equal(esp_trailer_parse(bytes_of(text, 0), &payload, &next_header), STATUS_DROP);
}

/* RFC 4106 5 and RFC 7634 2.1 (AEAD), RFC 4303 2.2.1 (separate integrity). */
static void test_what_is_authenticated(void **state)
{
    (void)state;
    static const struct {
        bool esn, aead;
        const char *aad, *tail;
    } rows[] = {
        {false, true, "0102030400000005", ""},
        {true, true, "010203040000000700000005", ""},
        {false, false, "0102030400000005", ""},
        {true, false, "0102030400000005", "00000007"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct esp_aad aad;
        uint8_t expected[16];
        esp_aad_build(&aad, 0x01020304, UINT64_C(0x700000005), rows[i].esn, rows[i].aead);
        assert_int_equal(aad.aad.length, lab_hex(rows[i].aad, expected, sizeof(expected)));
        assert_memory_equal(aad.aad.data, expected, aad.aad.length);
        assert_int_equal(aad.tail.length, lab_hex(rows[i].tail, expected, sizeof(expected)));
        assert_memory_equal(aad.tail.data, expected, aad.tail.length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_both_ways),
        cmocka_unit_test(test_padding_fills_up_to_the_alignment),
        cmocka_unit_test(test_trailer_both_ways),
        cmocka_unit_test(test_trailer_longer_than_the_text),
        cmocka_unit_test(test_what_is_authenticated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
