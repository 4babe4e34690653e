/* load/report.c: every figure under its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "load/report.h"

static double real(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void a_run_is_told(void **state)
{
    (void)state;
    struct crowd crowd = {
        .plan = {.count = 10, .offer_ns = 2000000000, .at_once = 3},
        .begun_ns = 5,
        .begun = 9,
        .done = 6,
        .done_in_time = 4,
        .lost = 1,
        .late_max_ns = 7000,
    };
    assert_true(latencies_open(&crowd.latencies, 10));
    for (uint64_t i = 1; i <= 6; i++) {
        latencies_add(&crowd.latencies, i * 1000000);
    }
    tally_add(&crowd.failed, "timeout");
    tally_add(&crowd.failed, "timeout");
    struct effort spent = {.processor_ns = 1500000000, .waited_ns = 300000000};
    json_t *report = report_build(&crowd, &spent);
    assert_non_null(report);
    assert_true(real(report, "begun") == 9 && real(report, "done") == 6);
    assert_true(real(report, "failed") == 2 && real(report, "unfinished") == 1);
    assert_true(real(report, "lost") == 1 && real(report, "offered") == 9);
    assert_true(real(json_object_get(report, "causes"), "timeout") == 2);
    assert_true(real(report, "seconds") == 2 && real(report, "per_second") == 2);
    const json_t *latency = json_object_get(report, "latency_us");
    assert_true(real(latency, "min") == 1000 && real(latency, "median") == 3000);
    assert_true(real(latency, "p90") == 6000 && real(latency, "max") == 6000);
    assert_string_equal(json_string_value(json_object_get(latency, "of")), "exact list");
    assert_true(real(report, "begun_late_max_us") == 7);
    assert_true(real(report, "processor_s") == 1.5 && real(report, "waited_s") == 0.3);
    assert_true(json_is_true(json_object_get(report, "generator_is_the_limit")));
    const json_t *plan = json_object_get(report, "plan");
    assert_string_equal(json_string_value(json_object_get(plan, "loop")), "closed");
    assert_true(real(plan, "at_once") == 3);
    json_decref(report);
    latencies_close(&crowd.latencies);
}

static void of_nothing_there_is_a_report_too(void **state)
{
    (void)state;
    struct crowd crowd = {.plan = {.count = 1, .pace = PACE_POISSON, .rate = 2}};
    struct effort spent = {0};
    json_t *report = report_build(&crowd, &spent);
    assert_non_null(report);
    assert_true(real(report, "per_second") == 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(report, "plan"), "loop")),
                        "poisson");
    json_decref(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_told),
        cmocka_unit_test(of_nothing_there_is_a_report_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
