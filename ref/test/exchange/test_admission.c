/* Which IKE_SA_INIT requests may cost us an IKE SA: RFC 8019 6 and 7.1, RFC 7296 2.6. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/admission.h"
#include "test/endpoint/stranger.h"
#include "test/exchange/core_lab.h"

static struct world world;
static struct world_side *const b = &world.sides[1];
static struct sa_store *store;

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 45);
    b->config.cookie_threshold = 10;
    b->config.prefix_half_open = 4;
    b->config.prefix_half_open_max = 8;
    b->config.prefix_failures = 3;
    b->config.puzzle_threshold = 20;
    b->config.puzzle_difficulty = 9;
    b->config.half_open_max = 60;
    world_boot(&world);
    store = core_store(&world, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

static enum status ask(struct stranger *s)
{
    enum status status = stranger_ask(s, b, world.now_ns);
    assert_true(s->accepted || s->answered <= s->asked); /* never more octets before a cookie */
    assert_true(s->answers <= 1);
    return status;
}

static struct stranger asks(uint32_t number)
{
    struct stranger s;
    stranger_init(&s, number);
    (void)ask(&s);
    return s;
}

/* One more half-open IKE SA, whatever has to be done for it. */
static void get_in(uint32_t number)
{
    struct stranger s = asks(number);
    for (unsigned i = 0; i < 4 && !s.accepted; i++) {
        if (s.puzzle.prf != 0) {
            stranger_solve(&s);
        }
        (void)ask(&s);
    }
    assert_true(s.accepted);
}

static void test_nothing_is_asked_without_need(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        assert_true(asks(i).accepted);
    }
    assert_int_equal(store->counters.cookies_sent, 0);
    struct stranger s = asks(10); /* the sign of an attack: now all have to show where they are */
    assert_true(s.demanded);
    assert_int_equal(s.puzzle.prf, 0);
    assert_int_equal(store->half_open.count, 10);
    struct stranger elsewhere = s;
    elsewhere.path.remote.ip.octets[3] ^= 1;
    (void)ask(&elsewhere);
    assert_false(elsewhere.accepted);
    (void)ask(&s);
    assert_true(s.accepted);
}

/* RFC 8019 4.1: shorter under attack, and no key exchange before IKE_AUTH. */
static void test_terms_under_attack(void **state)
{
    (void)state;
    b->config.half_open_timeout_attacked_ns = 2 * WORLD_S;
    get_in(0);
    assert_int_equal(store->ike_sas->close_ns, world.now_ns + b->config.half_open_timeout_ns);
    assert_non_null(store->ike_sas->open);
    for (uint32_t i = 1; i <= 10; i++) {
        get_in(i);
    }
    assert_int_equal(store->ike_sas->close_ns, world.now_ns + 2 * WORLD_S);
    assert_null(store->ike_sas->open);
    assert_true(store->ike_sas->init->deferred);
}

/* The soft limit of an address (4.2): a puzzle for it, nothing for the others. */
static void test_soft_limit_of_an_address(void **state)
{
    struct stranger s;
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        stranger_init(&s, 1);
        s.spi_i += i << 24;
        (void)ask(&s);
        assert_true(s.accepted);
    }
    s.spi_i += 1U << 28;
    (void)ask(&s);
    assert_true(s.demanded);
    assert_int_equal(s.puzzle.prf, PRF_HMAC_SHA2_256);
    assert_int_equal(s.puzzle.difficulty, 9);
    stranger_solve(&s);
    (void)ask(&s);
    assert_true(s.accepted);
    assert_int_equal(store->counters.puzzles_solved, 1);
    assert_true(asks(2).accepted);
}

/* Who knows no puzzles is served as long as there is room, but not beyond the hard limit. */
static void test_hard_limit_of_an_address(void **state)
{
    struct stranger s;
    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        stranger_init(&s, 1);
        s.spi_i += i << 24;
        (void)ask(&s);
        (void)ask(&s); /* with the cookie, without a solution */
        assert_true(s.accepted);
    }
    stranger_init(&s, 1);
    s.spi_i += 1U << 28;
    (void)ask(&s);
    (void)ask(&s);
    assert_false(s.accepted);
    assert_int_equal(s.puzzle.prf, PRF_HMAC_SHA2_256);
    stranger_solve(&s); /* who works for it is still welcome */
    (void)ask(&s);
    assert_true(s.accepted);
}

static void test_hard_limit_without_puzzles(void **state)
{
    struct stranger s;
    (void)state;
    b->config.puzzles = false;
    for (uint32_t i = 0; i < 9; i++) {
        stranger_init(&s, 1);
        s.spi_i += i << 24;
        (void)ask(&s);
        assert_int_equal(s.puzzle.prf, 0);
        (void)ask(&s);
    }
    assert_false(s.accepted || s.demanded);
    assert_int_equal(store->half_open.count, 8);
    assert_int_equal(store->counters.requests_refused, 1);
}

/* The last step of the plan: all have to solve puzzles, harder ones the less is left. */
static void test_puzzles_for_all(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        get_in(i);
    }
    assert_int_equal(store->counters.puzzles_sent, 0);
    struct stranger s = asks(100);
    assert_int_equal(s.puzzle.difficulty, 9);
    uint64_t solved = store->counters.puzzles_solved;
    stranger_solve(&s);
    s.keys[15] ^= 1;
    (void)ask(&s); /* no solution: served all the same, while there is room */
    assert_true(s.accepted);
    assert_int_equal(store->counters.puzzles_solved, solved);
    s = asks(103);
    stranger_solve(&s);
    (void)ask(&s);
    assert_true(s.accepted);
    assert_int_equal(store->counters.puzzles_solved, solved + 1);
    for (uint32_t i = 20; i < 48; i++) {
        get_in(i);
    }
    s = asks(101); /* three quarters are gone */
    assert_int_equal(s.puzzle.difficulty, 11);
    for (uint32_t i = 48; i < 58; i++) {
        get_in(i);
    }
    assert_int_equal(store->half_open.count, 60);
    s = asks(102);
    assert_true(s.demanded);
    assert_int_equal(s.puzzle.difficulty, 12);
    stranger_solve(&s);
    (void)ask(&s);
    assert_false(s.accepted); /* half_open_max is the end for everybody */
    assert_int_equal(store->half_open.count, 60);
}

/* The fewer are left, the fewer are for those who cannot solve puzzles (7.1.4). */
static void test_lots_are_drawn(void **state)
{
    unsigned served = 0;
    (void)state;
    for (uint32_t i = 0; i < 40; i++) {
        get_in(i);
    }
    for (uint32_t i = 100; i < 300; i++) { /* half of what is left is taken */
        struct stranger s = asks(i);
        (void)ask(&s);
        bool lucky = s.accepted;
        for (unsigned again = 0; again < 4 && !lucky; again++) {
            (void)ask(&s);
            assert_false(s.accepted); /* the same cookie is the same lot */
        }
        if (lucky) {
            served++;
            sa_store_remove(store, store->ike_sas);
        }
    }
    assert_in_range(served, 30, 110); /* a third, for the last quarter is not for them */
}

/* With little left, who was quick gets a second puzzle (7.1.5). */
static void test_second_puzzle(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 52; i++) {
        get_in(i);
    }
    struct stranger s = asks(100);
    struct stranger slow = asks(101);
    stranger_solve(&s);
    (void)ask(&s);
    assert_false(s.accepted);
    assert_int_not_equal(s.puzzle.prf, 0);
    stranger_solve(&s);
    (void)ask(&s);
    assert_true(s.accepted);
    stranger_solve(&slow);
    world.now_ns += COOKIE_PERIOD_NS;
    (void)stranger_ask(&slow, b, world.now_ns);
    assert_true(slow.accepted);
}

/* RFC 8019 10: a solution is good for one IKE SA, also when that has gone. */
static void test_solutions_are_spent(void **state)
{
    (void)state;
    b->config.puzzle_threshold = 0;
    b->config.cookie_threshold = 0;
    b->config.half_open_max = 1; /* no luck without a solution */
    struct stranger s = asks(1);
    stranger_solve(&s);
    (void)ask(&s);
    assert_true(s.accepted);
    b->config.half_open_max = 2;
    (void)ask(&s); /* a copy is answered again */
    assert_true(s.accepted);
    sa_store_remove(store, store->ike_sas);
    store->half_open.count = 1; /* load: lots are drawn, and against full load all lose */
    b->config.half_open_max = 1;
    assert_int_equal(ask(&s), STATUS_DROP);
    assert_false(s.accepted);
    store->half_open.count = 0;
    b->config.half_open_max = 60;
    unsigned solved = store->counters.puzzles_solved;
    (void)ask(&s);
    assert_int_equal(store->counters.puzzles_solved, solved);
}

/* Difficulty 0 leaves it to the initiator; what is enough, the load says (7.1.1.1). */
static void test_difficulty_of_their_choice(void **state)
{
    (void)state;
    b->config.puzzle_difficulty = 0;
    b->config.puzzle_threshold = 0;
    b->config.cookie_threshold = 0;
    struct stranger s = asks(1);
    assert_int_equal(s.puzzle.difficulty, 0);
    s.puzzle.difficulty = 9;
    stranger_solve(&s);
    (void)ask(&s);
    assert_true(s.accepted);
    assert_int_equal(store->counters.puzzles_solved, 1);
}

/* RFC 8019 7.1.1.2: a PRF of theirs that we have, or none at all. */
static void test_no_prf_in_common(void **state)
{
    (void)state;
    b->config.puzzle_threshold = 0;
    b->config.cookie_threshold = 0;
    struct proposal *p = &b->peers[0].proposals.items[0];
    for (size_t i = 0; i < p->count; i++) {
        if (p->transforms[i].type == TRANSFORM_PRF) {
            p->transforms[i].id = 4711;
        }
    }
    struct stranger s;
    stranger_init(&s, 1);
    assert_int_equal(stranger_ask(&s, b, world.now_ns), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    assert_false(s.demanded);
}

/* Failures of IKE_AUTH make an address suspicious, and junk brings a puzzle before IKE_AUTH. */
static void test_failures(void **state)
{
    (void)state;
    struct stranger s = asks(1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(stranger_auth_noise(&s, b, world.now_ns), STATUS_DROP);
    }
    stranger_init(&s, 1);
    s.spi_i++;
    (void)ask(&s);
    assert_int_equal(s.puzzle.difficulty, 9);
    stranger_solve(&s);
    (void)ask(&s);
    assert_true(s.accepted);
    assert_int_equal(s.puzzle.difficulty, 12);
    assert_true(asks(2).accepted); /* somebody else is asked for nothing */
}

/* A half-open IKE SA that has failed often is tried now and then only. */
static void test_failures_are_rationed(void **state)
{
    struct ike_sa sa = {.unproven = true, .failures = 7, .failed_ns = store->now_ns};
    (void)state;
    assert_true(admission_may_open(store, &sa));
    sa.failures = 8;
    assert_false(admission_may_open(store, &sa));
    store->now_ns += 100 * WORLD_MS - 1;
    assert_false(admission_may_open(store, &sa));
    store->now_ns++;
    assert_true(admission_may_open(store, &sa));
    sa.failed_ns = store->now_ns;
    sa.unproven = false; /* a peer may do as it likes */
    assert_true(admission_may_open(store, &sa));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_nothing_is_asked_without_need),
        CASE(test_terms_under_attack),
        CASE(test_soft_limit_of_an_address),
        CASE(test_hard_limit_of_an_address),
        CASE(test_hard_limit_without_puzzles),
        CASE(test_puzzles_for_all),
        CASE(test_lots_are_drawn),
        CASE(test_second_puzzle),
        CASE(test_solutions_are_spent),
        CASE(test_difficulty_of_their_choice),
        CASE(test_no_prf_in_common),
        CASE(test_failures),
        CASE(test_failures_are_rationed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
