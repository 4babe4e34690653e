/* host/problem.c: the first problem is the one that is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/problem.h"

static void the_first_is_kept(void **state)
{
    (void)state;
    struct problem problem = {0};
    assert_false(problem_set(&problem, EXIT_ENVIRONMENT, "port %d is taken by %s", 500, "pluto"));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_string_equal(problem.text, "port 500 is taken by pluto");
    assert_false(problem_set(&problem, EXIT_RUNTIME, "so the daemon ends"));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_string_equal(problem.text, "port 500 is taken by pluto");
}

/* A path may be longer than any sentence: what fits is kept, with its end. */
static void a_long_text_ends_within_bounds(void **state)
{
    (void)state;
    char longer[2 * PROBLEM_TEXT_MAX];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    struct {
        struct problem problem;
        char behind[8];
    } room = {.behind = "intact"};
    assert_false(problem_set(&room.problem, EXIT_USAGE, "%s", longer));
    assert_int_equal(strlen(room.problem.text), PROBLEM_TEXT_MAX - 1);
    assert_string_equal(room.behind, "intact");
}

/* Scripts tell them apart by these numbers: docs/EXIT_CODES.md. */
static void codes_are_those_of_the_document(void **state)
{
    (void)state;
    assert_int_equal(EXIT_FINE, 0);
    assert_int_equal(EXIT_RUNTIME, 1);
    assert_int_equal(EXIT_USAGE, 2);
    assert_int_equal(EXIT_ENVIRONMENT, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_kept),
        cmocka_unit_test(a_long_text_ends_within_bounds),
        cmocka_unit_test(codes_are_those_of_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
