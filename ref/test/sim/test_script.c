/* Scripts as text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sim/plan.h"

static struct script script, again;

static void test_sorts_by_time(void **state)
{
    (void)state;
    script_init(&script, 1);
    assert_true(script_add(&script, 30, WHO_A, ACT_INITIATE, 0));
    assert_true(script_add(&script, 10, WHO_B, ACT_ROAM, 1));
    assert_true(script_add(&script, 30, WHO_NET, NET_LOSS, 2));
    assert_int_equal(script.acts[0].verb, ACT_ROAM);
    assert_int_equal(script.acts[1].verb, ACT_INITIATE);
    assert_int_equal(script.acts[2].verb, NET_LOSS);
    script_remove(&script, 0, 2);
    assert_int_equal(script.count, 1);
    assert_int_equal(script.acts[0].verb, NET_LOSS);
    while (script.count < ACTS_MAX) {
        assert_true(script_add(&script, 1, WHO_A, ACT_LIVENESS, 0));
    }
    assert_false(script_add(&script, 1, WHO_A, ACT_LIVENESS, 0));
}

static void test_text_and_back(void **state)
{
    char text[65536], *at = text;
    const char *error;
    (void)state;
    for (uint64_t seed = 1; seed < 60; seed++) {
        plan_script(seed, &script);
        FILE *out = fmemopen(text, sizeof text, "w");
        script_print(&script, out);
        fclose(out);
        script_init(&again, 0);
        at = text;
        for (char *line = strsep(&at, "\n"); line != NULL; line = strsep(&at, "\n")) {
            assert_true(script_parse_line(&again, line, &error));
        }
        assert_int_equal(again.seed, script.seed);
        assert_memory_equal(again.settings, script.settings, sizeof script.settings);
        assert_int_equal(again.count, script.count);
        for (size_t i = 0; i < script.count; i++) {
            assert_int_equal(again.acts[i].at_ms, script.acts[i].at_ms);
            assert_int_equal(again.acts[i].who, script.acts[i].who);
            assert_int_equal(again.acts[i].verb, script.acts[i].verb);
            assert_int_equal(again.acts[i].value, script.acts[i].value);
        }
    }
}

static void test_says_what_is_wrong(void **state)
{
    static const char *const bad[] = {"seed",         "seed x",          "set nothing 1",
                                      "set pfs 2",    "set pfs",         "10 d initiate",
                                      "10 a dance",   "10 a loss 3",     "10 net initiate",
                                      "x a initiate", "10 a initiate x", "10 a initiate 1 2",
                                      "10",           "-1 a initiate"};
    static const char *const good[] = {"", "# a remark", "  ", "10 a rekey-ike # twice",
                                       "set pfs 1"};
    const char *error;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        script_init(&script, 1);
        assert_false(script_parse_line(&script, bad[i], &error));
        assert_non_null(error);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(script_parse_line(&script, good[i], &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorts_by_time),
        cmocka_unit_test(test_text_and_back),
        cmocka_unit_test(test_says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
