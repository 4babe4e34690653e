/* Scripts become short and still break the same rule. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/isolated.h"
#include "sim/plan.h"
#include "sim/shrink.h"

static void test_same_rule(void **state)
{
    (void)state;
    assert_true(shrink_same_rule("at 12 ms, a: SPI 00ab34 ended", "at 999 ms, a: SPI 77 ended"));
    assert_false(shrink_same_rule("at 12 ms, a: it ended", "at 12 ms, a: it began"));
    assert_false(shrink_same_rule("at 12 ms, a: it ended", "at 12 ms, a: it"));
}

static void test_keeps_only_what_matters(void **state)
{
    struct script script;
    struct run_result result;
    (void)state;
    plan_script_of(3, PLAN_LIFE, &script);
    script.settings[SET_ESN] = 1;
    assert_true(script_add(&script, 3000, WHO_NET, NET_PARTITION, 60000));
    assert_true(isolated_run(&script, false, &result));
    assert_true(result.broken);
    size_t before = script.count;
    assert_true(shrink_script(&script, &result));
    assert_true(result.broken);
    assert_true(script.count < before / 3);
    assert_int_equal(script.settings[SET_ESN], 0);
    bool partition = false;
    for (size_t i = 0; i < script.count; i++) {
        partition |= script.acts[i].verb == NET_PARTITION;
    }
    assert_true(partition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_rule),
        cmocka_unit_test(test_keeps_only_what_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
