/* How much of something a peer may still do. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sa/allowance.h"

#define INTERVAL 100

static unsigned take_all(struct allowance *allowance, uint64_t now_ns)
{
    unsigned taken = 0;
    while (taken < 1000 && allowance_take(allowance, INTERVAL, 10, now_ns)) {
        taken++;
    }
    return taken;
}

static void test_comes_back_with_time(void **state)
{
    struct allowance allowance = {0};
    uint64_t now_ns = 5000000;
    (void)state;
    assert_int_equal(take_all(&allowance, now_ns), 10);
    assert_int_equal(take_all(&allowance, now_ns + INTERVAL - 1), 0);
    assert_int_equal(take_all(&allowance, now_ns + INTERVAL), 1);
    assert_int_equal(take_all(&allowance, now_ns + 4 * INTERVAL), 3);
    assert_int_equal(take_all(&allowance, now_ns + 1000 * INTERVAL), 10); /* and no more */
}

static void test_no_limit(void **state)
{
    struct allowance allowance = {0};
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(allowance_take(&allowance, 0, 10, 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back_with_time),
        cmocka_unit_test(test_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
