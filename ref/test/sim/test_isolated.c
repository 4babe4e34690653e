/* A run in a process of its own is the same run, and a death is a result. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "sim/isolated.h"
#include "sim/plan.h"

static void test_same_digest(void **state)
{
    struct script script;
    struct run_result one, two;
    (void)state;
    plan_script_of(4, PLAN_LIFE, &script);
    assert_true(isolated_run(&script, false, &one));
    assert_true(isolated_run(&script, false, &two));
    assert_false(one.broken);
    assert_true(one.digest != 0 && one.digest == two.digest);
    assert_int_equal(one.counts.roams, 2);
}

static void test_death_is_a_result(void **state)
{
    struct run_result result;
    (void)state;
    isolated_death(SIGSEGV, &result);
    assert_true(result.broken);
    assert_non_null(strstr(result.violation, "signal 11"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_digest),
        cmocka_unit_test(test_death_is_a_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
