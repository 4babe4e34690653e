/* load/latencies.c: percentiles are items of the list, by rank. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "load/latencies.h"

static struct latencies made(const uint64_t *items, size_t count)
{
    struct latencies latencies;
    assert_true(latencies_open(&latencies, 128));
    for (size_t i = 0; i < count; i++) {
        latencies_add(&latencies, items[i]);
    }
    return latencies;
}

static void of_none_everything_is_zero(void **state)
{
    (void)state;
    struct latencies latencies = made(NULL, 0);
    assert_int_equal(latencies_quantile(&latencies, 0), 0);
    assert_int_equal(latencies_quantile(&latencies, 1), 0);
    latencies_close(&latencies);
}

static void of_one_everything_is_it(void **state)
{
    (void)state;
    struct latencies latencies = made((const uint64_t[]){7}, 1);
    for (unsigned percent = 0; percent <= 100; percent++) {
        assert_int_equal(latencies_quantile(&latencies, percent / 100.0), 7);
    }
    latencies_close(&latencies);
}

/* 1 to 100 from the end to the beginning: the p-th percentile is p. */
static void each_percentile_is_the_item_of_its_rank(void **state)
{
    (void)state;
    struct latencies latencies;
    assert_true(latencies_open(&latencies, 100));
    for (uint64_t i = 100; i > 0; i--) {
        latencies_add(&latencies, i);
    }
    assert_int_equal(latencies_quantile(&latencies, 0), 1);
    assert_int_equal(latencies_quantile(&latencies, 0.5), 50);
    assert_int_equal(latencies_quantile(&latencies, 0.9), 90);
    assert_int_equal(latencies_quantile(&latencies, 0.99), 99);
    assert_int_equal(latencies_quantile(&latencies, 1), 100);
    latencies_close(&latencies);
    latencies = made((const uint64_t[]){30, 10, 20}, 3);
    assert_int_equal(latencies_quantile(&latencies, 0.5), 20);
    latencies_close(&latencies);
}

static void what_comes_after_a_look_counts_at_the_next(void **state)
{
    (void)state;
    struct latencies latencies = made((const uint64_t[]){5, 9}, 2);
    assert_int_equal(latencies_quantile(&latencies, 0), 5);
    latencies_add(&latencies, UINT64_MAX);
    latencies_add(&latencies, 1);
    assert_int_equal(latencies_quantile(&latencies, 0), 1);
    assert_true(latencies_quantile(&latencies, 1) == UINT64_MAX);
    latencies_close(&latencies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_none_everything_is_zero),
        cmocka_unit_test(of_one_everything_is_it),
        cmocka_unit_test(each_percentile_is_the_item_of_its_rank),
        cmocka_unit_test(what_comes_after_a_look_counts_at_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
