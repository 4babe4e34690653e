/* Whole runs: the same octets each time, a bounded share of seeds, and every script that once broke
 * a rule (regressions.txt). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/plan.h"
#include "sim/run.h"

#define SEEDS 250
#define REGRESSIONS "ref/test/sim/regressions.txt"

static struct sim *sim;
static struct script script;
static struct run_result result;

static int set_up(void **state)
{
    (void)state;
    sim = calloc(1, sizeof *sim);
    return sim == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    run_end(sim);
    free(sim);
    return 0;
}

/* A digest that changes says that the octets on the wire have: other messages, or the same at
 * another time. When that is meant, write the new number here. */
static void test_the_digest_is_pinned(void **state)
{
    const uint64_t digest = 0xae03acc16cc10fa9;
    (void)state;
    plan_script_of(42, PLAN_LIFE, &script);
    run_script(sim, &script, false, &result);
    assert_false(result.broken);
    if (result.digest != digest) {
        fail_msg("the plain life of seed 42 has digest %016llx", (unsigned long long)result.digest);
    }
}

static void test_a_run_leaves_nothing_to_the_next(void **state)
{
    uint64_t digest;
    (void)state;
    plan_script_of(9, PLAN_STORM, &script);
    run_script(sim, &script, false, &result);
    digest = result.digest;
    plan_script_of(10, PLAN_CALM, &script);
    run_script(sim, &script, false, &result);
    plan_script_of(9, PLAN_STORM, &script);
    run_script(sim, &script, false, &result);
    assert_true(result.digest == digest);
}

static void test_seeds(void **state)
{
    uint64_t rekeys = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        plan_script(seed, &script);
        run_script(sim, &script, false, &result);
        rekeys += result.counts.ike_rekeys + result.counts.child_rekeys;
        if (result.broken) {
            fail_msg("seed %llu: %s", (unsigned long long)seed, result.violation);
        }
    }
    assert_true(rekeys > SEEDS); /* it does something */
}

/* A host that goes to each place and back, in each of the worlds: IPv4 or also IPv6, a shared key
 * or certificates, messages whole or in fragments that come in any order. */
static void test_every_world(void **state)
{
    (void)state;
    for (unsigned world = 0; world < 8; world++) {
        script_init(&script, 7 + world);
        script.settings[SET_PLAN] = PLAN_CALM;
        script.settings[SET_TRIES] = 12;
        script.settings[SET_IPV6] = world & 1;
        script.settings[SET_CERTIFICATES] = world >> 1 & 1;
        script.settings[SET_FRAGMENT] = (world >> 2 & 1) * FRAGMENT_SIZE_MIN;
        assert_true(script_add(&script, 0, WHO_NET, NET_REORDER, 30));
        assert_true(script_add(&script, 0, WHO_NET, NET_DUPLICATE, 30));
        assert_true(script_add(&script, 10, WHO_A, ACT_INITIATE, 0));
        for (uint32_t i = 0; i < PLACES; i++) {
            uint32_t at_ms = 20000 * (i + 1);
            assert_true(script_add(&script, at_ms, WHO_A, ACT_ROAM, (i + 1) % PLACES));
            assert_true(script_add(&script, at_ms + 9000, WHO_B, ACT_REKEY_CHILD, 0));
            assert_true(script_add(&script, at_ms + 10000, WHO_A, ACT_REKEY_IKE, 0));
        }
        run_script(sim, &script, false, &result);
        if (result.broken) {
            fail_msg("world %u: %s", world, result.violation);
        }
        assert_int_equal(result.counts.roams, PLACES);
        assert_true(result.counts.ike_rekeys >= PLACES && result.counts.child_rekeys >= PLACES);
        assert_int_equal(result.counts.connects, 1);
    }
}

static void play_regression(unsigned line)
{
    run_script(sim, &script, false, &result);
    if (result.broken) {
        fail_msg(REGRESSIONS ", the script that ends in line %u: %s", line, result.violation);
    }
}

/* Scripts one after the other; `seed` begins the next one. `play PLAN SEED` is a whole seed. */
static void test_regressions(void **state)
{
    char line[256], name[16];
    const char *error;
    unsigned number = 0, played = 0;
    unsigned long long seed;
    bool pending = false;
    FILE *file = fopen(REGRESSIONS, "r");
    (void)state;
    assert_non_null(file); /* tests run in the root of the repository */
    while (fgets(line, sizeof line, file) != NULL) {
        number++;
        bool whole = sscanf(line, "play %15s %llu", name, &seed) == 2;
        if (pending && (whole || strncmp(line, "seed ", 5) == 0)) {
            play_regression(number - 1);
            pending = false;
        }
        if (whole) {
            int plan = 0;
            while (plan < PLANS && strcmp(plan_name((enum plan)plan), name) != 0) {
                plan++;
            }
            assert_true(plan < PLANS);
            plan_script_of(seed, (enum plan)plan, &script);
            /* there was but one world when these were found */
            script.settings[SET_IPV6] = script.settings[SET_CERTIFICATES] = 0;
            script.settings[SET_FRAGMENT] = 0;
            play_regression(number);
        } else {
            if (strncmp(line, "seed ", 5) == 0) {
                script_init(&script, 0);
                pending = true;
            }
            if (!script_parse_line(&script, line, &error)) {
                fail_msg(REGRESSIONS ":%u: %s", number, error);
            }
        }
        played += whole || strncmp(line, "seed ", 5) == 0;
    }
    fclose(file);
    if (pending) {
        play_regression(number);
    }
    assert_true(played > 0);
}

/* What may not be forgiven is not: a plain life that is cut off breaks its rule. */
static void test_a_broken_rule_is_found(void **state)
{
    (void)state;
    script_init(&script, 3);
    script.settings[SET_PLAN] = PLAN_LIFE;
    assert_true(script_add(&script, 10, WHO_A, ACT_INITIATE, 0));
    assert_true(script_add(&script, 2000, WHO_NET, NET_PARTITION, 40000));
    assert_true(script_add(&script, 2001, WHO_A, ACT_REKEY_IKE, 0));
    assert_true(script_add(&script, 40000, WHO_A, ACT_LIVENESS, 0));
    run_script(sim, &script, false, &result);
    assert_true(result.broken);
    assert_non_null(strstr(result.violation, "an SA is lost (unreachable)"));
}

static void test_nothing_was_played(void **state)
{
    (void)state;
    run_end(sim); /* and once more when the test is over */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_world, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_was_played, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_digest_is_pinned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_leaves_nothing_to_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_seeds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_regressions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_broken_rule_is_found, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
