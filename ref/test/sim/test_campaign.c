/* Many seeds: how many processes play them makes no difference. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/campaign.h"

static struct campaign_result one, two;

static void test_jobs_make_no_difference(void **state)
{
    struct campaign campaign = {.first_seed = 100, .seeds = 30, .jobs = 1};
    (void)state;
    assert_true(campaign_run(&campaign, &one));
    campaign.jobs = 3;
    assert_true(campaign_run(&campaign, &two));
    assert_int_equal(one.runs, 30);
    assert_int_equal(two.runs, 30);
    assert_true(one.digest == two.digest);
    assert_true(one.counts.datagrams == two.counts.datagrams && one.counts.datagrams > 0);
    assert_int_equal(one.broken, 0);
}

static void test_one_plan(void **state)
{
    struct campaign campaign = {
        .first_seed = 1, .seeds = 5, .jobs = 2, .one_plan = true, .plan = PLAN_LIFE};
    (void)state;
    assert_true(campaign_run(&campaign, &one));
    assert_int_equal(one.lives, 5);
    assert_int_equal(one.counts.roams, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs_make_no_difference),
        cmocka_unit_test(test_one_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
