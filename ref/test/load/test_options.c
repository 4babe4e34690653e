/* load/options.c: what is said, what follows from it, and what cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "load/options.h"

#define WORDS_MAX 12

static bool parse(struct options *out, struct problem *problem, const char *const *words)
{
    char *argv[WORDS_MAX + 2] = {"ikeload"};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)words[argc - 1];
    }
    *problem = (struct problem){0};
    return options_parse(argc, argv, out, problem);
}

static struct options good(const char *const *words)
{
    struct options options;
    struct problem problem;
    assert_true(parse(&options, &problem, words));
    return options;
}

#define WORDS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void a_closed_loop_is_the_default(void **state)
{
    (void)state;
    struct options options = good(WORDS("--config", "a.conf"));
    assert_string_equal(options.config, "a.conf");
    assert_int_equal(options.plan.pace, PACE_CLOSED);
    assert_int_equal(options.plan.clients, 16);
    assert_int_equal(options.plan.at_once, 16);
    assert_int_equal(options.plan.count, HANDSHAKES_MAX);
    assert_true(options.plan.offer_ns == UINT64_C(10000000000));
    assert_int_equal(options.sources, 1);
}

static void an_open_loop_has_more_clients(void **state)
{
    (void)state;
    struct options options = good(WORDS("-ca", "--rate", "2.5", "--seconds", "0.5"));
    assert_int_equal(options.plan.pace, PACE_POISSON);
    assert_true(options.plan.rate == 2.5);
    assert_int_equal(options.plan.clients, 256);
    assert_true(options.plan.offer_ns == 500000000);
    options = good(WORDS("-ca", "--rate", "7", "--even", "--clients", "9"));
    assert_int_equal(options.plan.pace, PACE_EVEN);
    assert_int_equal(options.plan.at_once, 9);
}

/* Each handshake takes a client for good, of whom a few connect at a time. */
static void who_keeps_has_a_client_for_each(void **state)
{
    (void)state;
    struct options options = good(WORDS("-ca", "--keep", "--at-a-time", "4", "--count", "100"));
    assert_true(options.plan.keep);
    assert_int_equal(options.plan.clients, 100);
    assert_int_equal(options.plan.at_once, 4);
    options = good(WORDS("-ca", "--keep", "--at-a-time", "4"));
    assert_int_equal(options.plan.count, 4);
}

static void the_rest_is_taken(void **state)
{
    (void)state;
    struct options options = good(WORDS("-ca", "--sources", "1024", "--whole", "--count", "1"));
    assert_int_equal(options.sources, 1024);
    assert_true(options.inner_whole);
    assert_int_equal(options.plan.count, 1);
    assert_true(good(WORDS("--help")).help);
    assert_true(good(WORDS("--version")).version);
}

static void what_cannot_be_is_said_in_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        const char *said;
    } bad[] = {
        {{"--at-a-time", "1"}, "use --config FILE"},
        {{"-ca", "--at-a-time", "0"}, "from 1 to 4096, not \"0\""},
        {{"-ca", "--at-a-time", "1.5"}, "--at-a-time takes a whole number"},
        {{"-ca", "--at-a-time", "5000"}, "4096"},
        {{"-ca", "--clients", "0", "--rate", "1"}, "--clients takes"},
        {{"-ca", "--rate", "fast"}, "not \"fast\""},
        {{"-ca", "--rate", "0"}, "from 0.1 to 100000"},
        {{"-ca", "--rate", "nan"}, "--rate takes"},
        {{"-ca", "--count", "2000001"}, "from 1 to 2000000"},
        {{"-ca", "--seconds", "601"}, "600"},
        {{"-ca", "--seconds", ""}, "--seconds takes"},
        {{"-ca", "--sources", "1025"}, "1024"},
        {{"-ca", "--rate", "1", "--at-a-time", "1"}, "give one of them"},
        {{"-ca", "--even"}, "give its --rate"},
        {{"-ca", "--clients", "3"}, "give its --rate"},
        {{"-ca", "--keep", "--count", "5000"}, "give --count 4096 or less"},
        {{"-ca", "more"}, "unexpected argument \"more\""},
        {{"-ca", "--fast"}, "\"--fast\" is no option"},
        {{"-ca", "--rate"}, "\"--rate\" is no option, or has no value"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct options options;
        struct problem problem;
        assert_false(parse(&options, &problem, bad[i].words));
        assert_int_equal(problem.code, EXIT_USAGE);
        if (strstr(problem.text, bad[i].said) == NULL) {
            fail_msg("expected \"%s\" in \"%s\"", bad[i].said, problem.text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_loop_is_the_default),
        cmocka_unit_test(an_open_loop_has_more_clients),
        cmocka_unit_test(who_keeps_has_a_client_for_each),
        cmocka_unit_test(the_rest_is_taken),
        cmocka_unit_test(what_cannot_be_is_said_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
