/* load/effort.c: what was spent is seen, and when it was all there was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "load/effort.h"

static void work_is_seen(void **state)
{
    (void)state;
    struct effort before = effort_now(), spent;
    volatile uint64_t sum = 0;
    do {
        for (unsigned i = 0; i < 100000; i++) {
            sum = sum + i;
        }
        spent = effort_since(&before);
    } while (spent.processor_ns < 1000000);
    assert_true(spent.processor_ns >= 1000000);
}

static void nine_tenths_of_the_time_are_the_limit(void **state)
{
    (void)state;
    assert_true(effort_is_the_limit(&(struct effort){.processor_ns = 90}, 100));
    assert_false(effort_is_the_limit(&(struct effort){.processor_ns = 89}, 100));
    assert_true(effort_is_the_limit(&(struct effort){.processor_ns = 20, .waited_ns = 70}, 100));
    assert_false(effort_is_the_limit(&(struct effort){.processor_ns = 20, .waited_ns = 60}, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_seen),
        cmocka_unit_test(nine_tenths_of_the_time_are_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
