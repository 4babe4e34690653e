/* base/writer.c: writes are big-endian and stay inside; overflow is sticky. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/writer.h"

static void write_everything(struct writer *w)
{
    writer_u8(w, 0x01);
    writer_u16(w, 0x0203);
    writer_u32(w, 0x04050607);
    writer_u64(w, 0x08090a0b0c0d0e0f);
    writer_put(w, bytes_of("\x10\x11", 2));
    writer_zero(w, 2);
    uint8_t *room = writer_reserve(w, 1);
    if (room != NULL) {
        *room = 0x12;
    }
}

static const uint8_t everything[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
                                     0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x00, 0x00, 0x12};

static void test_writes_are_big_endian(void **state)
{
    (void)state;
    uint8_t buffer[64];
    memset(buffer, 0xee, sizeof buffer);
    struct writer w = writer_over(buffer, sizeof buffer);
    write_everything(&w);
    assert_false(w.overflow);
    assert_true(bytes_equal(writer_bytes(&w), bytes_of(everything, sizeof everything)));
    assert_int_equal(buffer[sizeof everything], 0xee);
}

static void test_every_capacity_too_small_overflows(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity <= sizeof everything; capacity++) {
        uint8_t *exact = malloc(capacity);
        struct writer w = writer_over(exact, capacity);
        write_everything(&w);
        assert_int_equal(w.overflow, capacity < sizeof everything);
        assert_true(w.length <= capacity);
        free(exact);
    }
}

static void test_overflow_is_sticky(void **state)
{
    (void)state;
    uint8_t buffer[4] = {0};
    struct writer w = writer_over(buffer, sizeof buffer);
    writer_u8(&w, 1);
    writer_u32(&w, 2);
    assert_true(w.overflow);
    writer_u8(&w, 3); /* would fit, but what is missing in between would go unseen */
    assert_int_equal(w.length, 1);
    assert_int_equal(buffer[1], 0);
    assert_null(writer_reserve(&w, 1));
    writer_patch_u32(&w, 100, 1); /* nothing was written there; nothing happens */
    writer_patch_u8(&w, 0, 9);
    assert_int_equal(buffer[0], 1);
}

static void test_a_huge_length_does_not_wrap(void **state)
{
    (void)state;
    uint8_t buffer[4];
    struct writer w = writer_over(buffer, sizeof buffer);
    writer_u16(&w, 0);
    writer_zero(&w, SIZE_MAX);
    assert_true(w.overflow);
}

static void test_patches(void **state)
{
    (void)state;
    uint8_t buffer[8];
    struct writer w = writer_over(buffer, sizeof buffer);
    writer_zero(&w, 7);
    writer_patch_u8(&w, 0, 0x01);
    writer_patch_u16(&w, 1, 0x0203);
    writer_patch_u32(&w, 3, 0x04050607);
    assert_memory_equal(buffer, everything, 7);
    assert_int_equal(w.length, 7);
}

static void test_empty_views_may_be_null(void **state)
{
    (void)state;
    struct writer w = writer_over(NULL, 0);
    writer_put(&w, bytes_of(NULL, 0));
    writer_zero(&w, 0);
    assert_false(w.overflow);
    assert_int_equal(writer_bytes(&w).length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_are_big_endian),
        cmocka_unit_test(test_every_capacity_too_small_overflows),
        cmocka_unit_test(test_overflow_is_sticky),
        cmocka_unit_test(test_a_huge_length_does_not_wrap),
        cmocka_unit_test(test_patches),
        cmocka_unit_test(test_empty_views_may_be_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
