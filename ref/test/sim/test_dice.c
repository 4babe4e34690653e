/* Dice: the same numbers everywhere. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sim/dice.h"

static void test_same_seed_same_numbers(void **state)
{
    struct dice a = dice_of(42, 1), b = dice_of(42, 1), other = dice_of(42, 2);
    (void)state;
    uint64_t first = dice_roll(&a);
    assert_true(first == dice_roll(&b));
    assert_true(first != dice_roll(&other));
}

static void test_octets_do_not_depend_on_the_machine(void **state)
{
    struct dice dice = dice_of(7, 3), again = dice_of(7, 3);
    struct random_source source = dice_source(&dice);
    uint8_t octets[11];
    (void)state;
    assert_int_equal(random_fill(&source, octets, sizeof octets), STATUS_OK);
    uint64_t first = dice_roll(&again), second = dice_roll(&again);
    for (unsigned i = 0; i < sizeof octets; i++) {
        uint64_t number = i < 8 ? first : second;
        assert_int_equal(octets[i], (uint8_t)(number >> (8 * (i % 8))));
    }
}

static void test_below_and_percent(void **state)
{
    struct dice dice = dice_of(1, 1);
    unsigned seen[6] = {0};
    (void)state;
    assert_int_equal(dice_below(&dice, 0), 0);
    for (unsigned i = 0; i < 600; i++) {
        uint32_t eye = dice_below(&dice, 6);
        assert_true(eye < 6);
        seen[eye]++;
        assert_false(dice_percent(&dice, 0));
        assert_true(dice_percent(&dice, 100));
    }
    for (unsigned i = 0; i < 6; i++) {
        assert_true(seen[i] > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_numbers),
        cmocka_unit_test(test_octets_do_not_depend_on_the_machine),
        cmocka_unit_test(test_below_and_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
