/* The key exchange that costs nothing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/dice.h"
#include "sim/stand_in.h"

static void test_both_sides_get_the_same(void **state)
{
    struct dice dice = dice_of(1, 1);
    struct random_source random = dice_source(&dice);
    struct shared_secret x, y;
    (void)state;
    stand_in_register();
    const struct key_exchange_algorithm *algorithm = key_exchange_algorithm_find(STAND_IN_A);
    assert_non_null(algorithm);
    struct key_exchange *a = key_exchange_create(algorithm, &random);
    struct key_exchange *b = key_exchange_create(algorithm, &random);
    assert_int_equal(key_exchange_derive(a, key_exchange_public(b), &x), STATUS_OK);
    assert_int_equal(key_exchange_derive(b, key_exchange_public(a), &y), STATUS_OK);
    assert_int_equal(x.length, algorithm->shared_length);
    assert_memory_equal(x.data, y.data, x.length);
    uint8_t zero[8] = {0};
    assert_int_equal(key_exchange_derive(a, bytes_of(zero, 8), &x), STATUS_NOTIFY(INVALID_SYNTAX));
    key_exchange_destroy(a);
    key_exchange_destroy(b);
}

static void test_unknown_until_registered(void **state)
{
    (void)state;
    key_exchange_algorithm_register(NULL);
    assert_null(key_exchange_algorithm_find(STAND_IN_A));
    stand_in_register();
    stand_in_register(); /* twice is once */
    assert_non_null(key_exchange_algorithm_find(STAND_IN_B));
    key_exchange_algorithm_register(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_sides_get_the_same),
        cmocka_unit_test(test_unknown_until_registered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
