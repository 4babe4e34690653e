/* The IVs of one AEAD key. */

#include "crypto_support.h"

#include "crypto/iv_counter.h"

static void test_starts_at_one_and_counts(void **state)
{
    (void)state;
    struct iv_counter counter = {0};
    uint8_t iv[IV_COUNTER_LENGTH];
    assert_true(iv_counter_next(&counter, iv));
    assert_octets_equal_hex(iv, sizeof(iv), "0000000000000001");
    for (int i = 2; i <= 256; i++) {
        assert_true(iv_counter_next(&counter, iv));
    }
    assert_octets_equal_hex(iv, sizeof(iv), "0000000000000100");
}

static void test_ends_without_wrapping(void **state)
{
    (void)state;
    struct iv_counter counter = {UINT64_MAX - 1};
    uint8_t iv[IV_COUNTER_LENGTH];
    assert_true(iv_counter_next(&counter, iv));
    assert_octets_equal_hex(iv, sizeof(iv), "ffffffffffffffff");
    assert_false(iv_counter_next(&counter, iv));
    assert_false(iv_counter_next(&counter, iv));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_at_one_and_counts),
        cmocka_unit_test(test_ends_without_wrapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
