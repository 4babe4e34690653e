/* Randomness: the library's generator and the door to any other. */

#include "crypto_support.h"

#include <string.h>

static void test_system_source_does_not_repeat(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    assert_int_equal(random_fill(&random_system, a, sizeof(a)), STATUS_OK);
    assert_int_equal(random_fill(&random_system, b, sizeof(b)), STATUS_OK);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_system_source_stays_within_the_length(void **state)
{
    (void)state;
    uint8_t octets[34];
    memset(octets, 0x5a, sizeof(octets));
    assert_int_equal(random_fill(&random_system, octets + 1, 32), STATUS_OK);
    assert_int_equal(octets[0], 0x5a);
    assert_int_equal(octets[33], 0x5a);
}

static void test_a_source_without_randomness_is_our_failure(void **state)
{
    (void)state;
    struct random_script script = random_script_from_hex("0102030405");
    struct random_source source = random_script_source(&script);
    uint8_t octets[3];
    assert_int_equal(random_fill(&source, octets, 3), STATUS_OK);
    assert_octets_equal_hex(octets, 3, "010203");
    assert_int_equal(random_fill(&source, octets, 3), STATUS_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system_source_does_not_repeat),
        cmocka_unit_test(test_system_source_stays_within_the_length),
        cmocka_unit_test(test_a_source_without_randomness_is_our_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
