/* A message kept octet for octet, to be sent again unchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/stored_message.h"

static void test_a_copy_is_kept(void **state)
{
    (void)state;
    struct stored_message stored = {0};
    uint8_t octets[300];
    memset(octets, 0x5a, sizeof octets);
    assert_int_equal(stored_message_bytes(&stored).length, 0);
    assert_int_equal(stored_message_set(&stored, bytes_of(octets, sizeof octets)), STATUS_OK);
    memset(octets, 0, sizeof octets);
    struct bytes kept = stored_message_bytes(&stored);
    assert_int_equal(kept.length, 300);
    for (size_t i = 0; i < kept.length; i++) {
        assert_int_equal(kept.data[i], 0x5a);
    }
    assert_int_equal(stored_message_set(&stored, bytes_of("abc", 3)), STATUS_OK); /* replaces */
    kept = stored_message_bytes(&stored);
    assert_int_equal(kept.length, 3);
    assert_memory_equal(kept.data, "abc", 3);
    stored_message_clear(&stored);
    assert_int_equal(stored_message_bytes(&stored).length, 0);
    assert_null(stored.octets);
    stored_message_clear(&stored); /* again: no matter */
}

/* A message of no octets is stored, which is not the same as none. */
static void test_an_empty_one(void **state)
{
    (void)state;
    struct stored_message stored = {0};
    assert_int_equal(stored_message_set(&stored, bytes_of("", 0)), STATUS_OK);
    assert_non_null(stored.octets);
    assert_int_equal(stored_message_bytes(&stored).length, 0);
    stored_message_clear(&stored);
    assert_null(stored.octets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_is_kept),
        cmocka_unit_test(test_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
