/* load/pace.c: when handshakes are due, on a clock that stands still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "load/pace.h"
#include "sim/dice.h"

#define SECOND_NS UINT64_C(1000000000)

static void a_closed_loop_is_always_due(void **state)
{
    (void)state;
    struct pace pace;
    pace_open(&pace, PACE_CLOSED, 0, &random_system, 5);
    for (uint64_t now_ns = 5; now_ns < 100; now_ns += 7) {
        assert_int_equal(pace_due(&pace, now_ns), now_ns);
        assert_true(pace_advance(&pace));
    }
}

/* Whoever asks late, and how late, changes nothing. */
static void an_even_one_has_its_times(void **state)
{
    (void)state;
    struct pace pace;
    pace_open(&pace, PACE_EVEN, 3, &random_system, 10 * SECOND_NS);
    for (uint64_t i = 0; i < 3000; i++) {
        uint64_t exact_ns = 10 * SECOND_NS + i * SECOND_NS / 3;
        assert_in_range(pace_due(&pace, i * 77), exact_ns - 1, exact_ns + 1);
        assert_true(pace_advance(&pace));
    }
}

/* Of exponential times one in e is longer than the mean, and the deviation is the mean. */
static void strangers_come_independently_of_each_other(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct dice dice = dice_of(1, 1);
    struct random_source random = dice_source(&dice);
    struct pace pace;
    uint64_t before_ns = 0, longer = 0;
    double squares = 0;
    pace_open(&pace, PACE_POISSON, 1000, &random, 0);
    assert_int_equal(pace_due(&pace, 0), 0);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_true(pace_advance(&pace));
        uint64_t due_ns = pace_due(&pace, 0);
        double ms = (double)(due_ns - before_ns) / 1e6;
        assert_true(due_ns >= before_ns);
        longer += ms > 1;
        squares += (ms - 1) * (ms - 1);
        before_ns = due_ns;
    }
    assert_in_range(before_ns / 1000000, COUNT * 97 / 100, COUNT * 103 / 100);
    assert_in_range(longer, COUNT * 36 / 100, COUNT * 38 / 100);
    assert_in_range((uint64_t)(squares * 100 / COUNT), 94, 106);
}

static bool draws_nothing(void *context, uint8_t *out, size_t length)
{
    (void)context;
    memset(out, 0, length);
    return true;
}

static bool has_none(void *context, uint8_t *out, size_t length)
{
    (void)context;
    (void)out;
    (void)length;
    return false;
}

static void the_least_draw_is_finite(void **state)
{
    (void)state;
    const struct random_source zeros = {.fill = draws_nothing};
    struct pace pace;
    pace_open(&pace, PACE_POISSON, 1, &zeros, 0);
    assert_true(pace_advance(&pace));
    assert_in_range(pace_due(&pace, 0), 36 * SECOND_NS, 37 * SECOND_NS); /* 53 times ln 2 */
}

static void without_randomness_there_is_no_next_one(void **state)
{
    (void)state;
    const struct random_source none = {.fill = has_none};
    struct pace pace;
    pace_open(&pace, PACE_POISSON, 1, &none, 0);
    assert_false(pace_advance(&pace));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_loop_is_always_due),
        cmocka_unit_test(an_even_one_has_its_times),
        cmocka_unit_test(strangers_come_independently_of_each_other),
        cmocka_unit_test(the_least_draw_is_finite),
        cmocka_unit_test(without_randomness_there_is_no_next_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
