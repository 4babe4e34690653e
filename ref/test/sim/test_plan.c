/* Seeds become scripts, always the same ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/plan.h"

static struct script a, b;

static void test_same_seed_same_script(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 50; seed++) {
        plan_script(seed, &a);
        plan_script(seed, &b);
        assert_memory_equal(&a, &b, sizeof a);
    }
}

static void test_every_plan_and_every_verb_occurs(void **state)
{
    unsigned plans[PLANS] = {0}, verbs[VERBS] = {0}, real = 0, ipv6 = 0, certificates = 0;
    unsigned fragments = 0, puzzles = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        plan_script(seed, &a);
        plans[a.settings[SET_PLAN]]++;
        real += a.settings[SET_REAL_KE];
        ipv6 += a.settings[SET_IPV6];
        certificates += a.settings[SET_CERTIFICATES];
        fragments += a.settings[SET_FRAGMENT] != 0;
        puzzles += a.settings[SET_PUZZLES] != 0;
        for (size_t i = 0; i < a.count; i++) {
            verbs[a.acts[i].verb]++;
            assert_true(i == 0 || a.acts[i - 1].at_ms <= a.acts[i].at_ms);
        }
    }
    for (unsigned i = 0; i < PLANS; i++) {
        assert_true(plans[i] > 200);
    }
    for (unsigned i = 0; i < VERBS; i++) {
        assert_true(verbs[i] > 0);
    }
    assert_true(real > 50 && real < 200); /* one in twenty */
    assert_true(certificates > 50 && certificates < 200);
    assert_true(puzzles > 60 && puzzles < 250); /* one in sixteen */
    assert_true(ipv6 > 300 && fragments > 300); /* about one in four */
}

static void test_a_plain_life(void **state)
{
    unsigned rekeys = 0, roams = 0;
    (void)state;
    plan_script_of(5, PLAN_LIFE, &a);
    for (size_t i = 0; i < a.count; i++) {
        rekeys += a.acts[i].verb == ACT_REKEY_CHILD || a.acts[i].verb == ACT_REKEY_IKE;
        roams += a.acts[i].verb == ACT_ROAM;
    }
    assert_int_equal(rekeys, 10);
    assert_int_equal(roams, 2);
    assert_string_equal(plan_name(PLAN_LIFE), "life");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_script),
        cmocka_unit_test(test_every_plan_and_every_verb_occurs),
        cmocka_unit_test(test_a_plain_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
