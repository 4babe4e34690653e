/* IV, ciphertext and ICV, RFC 7296 3.14: lengths, room, and what is authenticated. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "protect/sealed_body.h"
#include "test/protect/seal_lab.h"
#include "wire/ike_header.h"

static uint8_t octets[512];

/* A header, some octets that stand for a generic one, and the sealed text. */
static struct writer seal(struct seal_lab *lab, size_t text_length, size_t capacity,
                          enum status expected)
{
    static const uint8_t text[300] = {1, 2, 3};
    struct writer w = writer_over(octets, capacity);
    struct ike_header header = {.spi_i = 1, .exchange_type = INFORMATIONAL};
    ike_header_build(&w, &header);
    writer_zero(&w, 8);
    assert_int_equal(sealed_body_seal(&lab->protection, lab->seal, &seal_lab_random,
                                      bytes_of(text, text_length), &w),
                     expected);
    return w;
}

static enum status open(struct seal_lab *lab, size_t length, struct bytes *text)
{
    static uint8_t plain[512];
    return sealed_body_open(&lab->protection, lab->open, bytes_of(octets, length),
                            bytes_of(octets + 36, length - 36), plain, text);
}

static void test_lengths(void **state)
{
    struct seal_lab lab;
    struct bytes text;
    (void)state;
    for (size_t s = 0; s < SEAL_LAB_SUITES; s++) {
        seal_lab_begin(&lab, seal_lab_suites[s]);
        for (size_t n = 0; n < 70; n++) {
            struct writer w = seal(&lab, n, sizeof octets, STATUS_OK);
            assert_int_equal(w.length, 36 + sealed_body_length(&lab.protection, n));
            assert_int_equal(octets[26] << 8 | octets[27], w.length);
            assert_int_equal(open(&lab, w.length, &text), STATUS_OK);
            assert_int_equal(text.length, n);
            (void)seal(&lab, n, w.length - 1, STATUS_INTERNAL);
        }
        seal_lab_end(&lab);
    }
}

/* The room is what just fits: its sealed body is not longer, and that of one octet more is. */
static void test_room(void **state)
{
    struct seal_lab lab;
    (void)state;
    for (size_t s = 0; s < SEAL_LAB_SUITES; s++) {
        seal_lab_begin(&lab, seal_lab_suites[s]);
        size_t least = sealed_body_length(&lab.protection, 0);
        for (size_t max = 0; max < 300; max++) {
            size_t room = 0;
            assert_int_equal(sealed_body_room(&lab.protection, max, &room), max >= least);
            if (max >= least) {
                assert_true(sealed_body_length(&lab.protection, room) <= max);
                assert_true(sealed_body_length(&lab.protection, room + 1) > max);
            }
        }
        seal_lab_end(&lab);
    }
}

/* All that stands before it in the datagram, and all of it. */
static void test_any_octet(void **state)
{
    struct seal_lab lab;
    struct bytes text;
    (void)state;
    for (size_t s = 0; s < SEAL_LAB_SUITES; s++) {
        seal_lab_begin(&lab, seal_lab_suites[s]);
        struct writer w = seal(&lab, 30, sizeof octets, STATUS_OK);
        for (size_t i = 0; i < w.length; i++) {
            octets[i] ^= 0x10;
            assert_int_equal(open(&lab, w.length, &text), STATUS_DROP);
            octets[i] ^= 0x10;
        }
        for (size_t n = w.length - 1; n >= 36; n--) {
            assert_int_equal(open(&lab, n, &text), STATUS_DROP);
        }
        assert_int_equal(open(&lab, w.length, &text), STATUS_OK);
        seal_lab_end(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_any_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
