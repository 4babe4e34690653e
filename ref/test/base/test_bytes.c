/* base/bytes.c: reads are big-endian, checked, and fail without moving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"

static const uint8_t octets[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void test_reads_are_big_endian(void **state)
{
    (void)state;
    struct bytes in = bytes_of(octets, sizeof octets);
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    assert_true(bytes_take_u8(&in, &u8));
    assert_true(bytes_take_u16(&in, &u16));
    assert_true(bytes_take_u32(&in, &u32));
    assert_true(bytes_take_u64(&in, &u64));
    assert_int_equal(u8, 0x01);
    assert_int_equal(u16, 0x0203);
    assert_int_equal(u32, 0x04050607);
    assert_true(u64 == 0x08090a0b0c0d0e0f);
    assert_int_equal(in.length, 0);
}

static bool take(struct bytes *in, size_t length)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (length) {
    case 1:
        return bytes_take_u8(in, &u8);
    case 2:
        return bytes_take_u16(in, &u16);
    case 4:
        return bytes_take_u32(in, &u32);
    default:
        return bytes_take_u64(in, &u64);
    }
}

static void test_short_input_fails_without_moving(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 4, 8};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t length = 0; length < sizes[i]; length++) {
            uint8_t *exact = malloc(length);
            if (length > 0) {
                memcpy(exact, octets, length);
            }
            struct bytes in = bytes_of(exact, length);
            struct bytes out = bytes_of("x", 1);
            assert_false(take(&in, sizes[i]));
            assert_false(bytes_take(&in, sizes[i], &out));
            assert_ptr_equal(in.data, exact);
            assert_int_equal(in.length, length);
            assert_int_equal(out.length, 1);
            free(exact);
        }
    }
}

static void test_failed_read_leaves_out_alone(void **state)
{
    (void)state;
    struct bytes in = bytes_of(octets, 3);
    uint32_t u32 = 42;
    uint64_t u64 = 43;
    assert_false(bytes_take_u32(&in, &u32));
    assert_false(bytes_take_u64(&in, &u64));
    assert_int_equal(u32, 42);
    assert_int_equal(u64, 43);
}

static void test_take_gives_a_view(void **state)
{
    (void)state;
    struct bytes in = bytes_of(octets, sizeof octets);
    struct bytes out;
    assert_true(bytes_take(&in, 5, &out));
    assert_ptr_equal(out.data, octets);
    assert_int_equal(out.length, 5);
    assert_ptr_equal(in.data, octets + 5);
    assert_true(bytes_take(&in, 10, &out));
    assert_int_equal(in.length, 0);
    assert_false(bytes_take(&in, SIZE_MAX, &out));
}

static void test_nothing_can_be_taken_of_nothing(void **state)
{
    (void)state;
    struct bytes in = bytes_of(NULL, 0);
    struct bytes out = bytes_of(octets, 3);
    assert_true(bytes_take(&in, 0, &out));
    assert_int_equal(out.length, 0);
}

static void test_equal(void **state)
{
    (void)state;
    static const uint8_t other[] = {1, 2, 4};
    assert_true(bytes_equal(bytes_of(NULL, 0), bytes_of(octets, 0)));
    assert_true(bytes_equal(bytes_of(octets, 2), bytes_of(other, 2)));
    assert_false(bytes_equal(bytes_of(octets, 3), bytes_of(other, 3)));
    assert_false(bytes_equal(bytes_of(octets, 2), bytes_of(octets, 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_are_big_endian),
        cmocka_unit_test(test_short_input_fails_without_moving),
        cmocka_unit_test(test_failed_read_leaves_out_alone),
        cmocka_unit_test(test_take_gives_a_view),
        cmocka_unit_test(test_nothing_can_be_taken_of_nothing),
        cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
