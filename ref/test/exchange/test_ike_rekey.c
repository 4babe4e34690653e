/* Rekey of the IKE SA, RFC 7296 1.3.2, 2.18, and its collisions, 2.8.2, 2.25. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/child_create.h"
#include "exchange/ike_rekey.h"
#include "test/exchange/bench.h"

static struct bench bench;

static int set_up(void **state)
{
    (void)state;
    bench_connect(&bench, 5);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

static void ask(unsigned side)
{
    static const struct task task = {.type = TASK_IKE_REKEY, .command = 7};
    assert_int_equal(bench_ask(&bench, side, &task), STATUS_OK);
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct event event;
    struct ike_sa *old[2] = {bench_sa(&bench, 0), bench_sa(&bench, 1)};
    uint32_t child = old[0]->children->id;
    ask(0);
    const struct message *m = &bench.ask.message;
    assert_true(m->has_sa && m->has_nonce && m->has_ke && !m->has_ts_i && !m->has_ts_r);
    assert_int_equal(m->sa.proposals[0].spi.length, 8);
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    bench_conclude(&bench, 0);
    for (unsigned i = 0; i < 2; i++) {
        const struct ike_sa *heir = bench_sa(&bench, i);
        assert_ptr_not_equal(heir, old[i]);
        assert_int_equal(heir->state, IKE_SA_ESTABLISHED);
        assert_int_equal(heir->initiator, i == 0); /* of the rekey, 2.18 */
        assert_false(heir->silent);
        assert_int_equal(heir->next_request + heir->expected_request, 0); /* 2.2: from 0 again */
        assert_int_equal(old[i]->state, IKE_SA_REKEYED);
        assert_int_equal(old[i]->successor, heir->id);
        assert_null(old[i]->children);
        assert_true(bench_event(&bench, i, EVENT_IKE_SA_REKEYED, &event));
        assert_int_equal(event.replaces, old[i]->id);
    }
    assert_int_equal(bench_sa(&bench, 0)->children->id, child); /* moved, not made anew */
    assert_true(bench_sa(&bench, 0)->spi_i == bench_sa(&bench, 1)->spi_i);
    assert_true(bench_sa(&bench, 0)->spi_r == bench_sa(&bench, 1)->spi_r);
    assert_int_equal(old[0]->request.task.type, TASK_IKE_DELETE); /* who rekeys deletes */
    assert_false(old[1]->request.active);
}

/* 1.3: KEi is of the group that the IKE SA was made with, or of the one that was demanded. */
static void test_group(void **state)
{
    struct task task = {.type = TASK_IKE_REKEY};
    (void)state;
    bench_sa(&bench, 0)->key_exchange = key_exchange_algorithm_find(WORLD_KE_B);
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
    assert_int_equal(bench.ask.message.ke.group, WORLD_KE_B);
    task.group = WORLD_KE_A;
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
    assert_int_equal(bench.ask.message.ke.group, WORLD_KE_A);
}

static void test_refusals(void **state)
{
    static const enum task_type busy[] = {TASK_CHILD_CREATE, TASK_CHILD_REKEY, TASK_CHILD_DELETE};
    (void)state;
    struct message *m = &bench.ask.message;
    struct ike_sa *sa = bench_sa(&bench, 1);
    ask(0);
    const struct message good = *m;
    m->has_ke = false;
    assert_int_equal(bench_consume_as_is(&bench, 1, ike_rekey_consume_request),
                     STATUS_NOTIFY(INVALID_SYNTAX));
    *m = good;
    m->has_nonce = false;
    assert_int_equal(bench_consume_as_is(&bench, 1, ike_rekey_consume_request),
                     STATUS_NOTIFY(INVALID_SYNTAX));
    *m = good;
    m->ke.group = WORLD_KE_B;
    assert_int_equal(bench_consume_as_is(&bench, 1, ike_rekey_consume_request),
                     STATUS_NOTIFY(INVALID_KE_PAYLOAD));
    assert_int_equal(bench.reply.error_data[0] << 8 | bench.reply.error_data[1], WORLD_KE_A);
    *m = good;
    m->sa.proposals[0].spi.length = 4;
    assert_int_equal(bench_consume_as_is(&bench, 1, ike_rekey_consume_request),
                     STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    for (size_t i = 0; i < 3; i++) { /* 2.25.1 */
        sa->request.active = true;
        sa->request.task.type = busy[i];
        assert_int_equal(bench_consume(&bench, 1, ike_rekey_consume_request),
                         STATUS_NOTIFY(TEMPORARY_FAILURE));
    }
    sa->request.active = false;
    assert_ptr_equal(bench_sa(&bench, 1), sa); /* none of them made anything */
}

/* Ours is out too: what the peer's makes is silent, the one rival there is, and inherits once the
 * peer uses it. */
static void test_rival(void **state)
{
    (void)state;
    struct event event;
    struct sa_store *store = bench_store(&bench, 1);
    struct ike_sa *old = bench_sa(&bench, 1);
    ask(1);
    assert_null(ike_rekey_rival(store, &old->request));
    ask(0);
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    struct ike_sa *theirs = bench_sa(&bench, 1);
    assert_ptr_not_equal(theirs, old);
    assert_true(theirs->silent);
    assert_ptr_equal(ike_rekey_rival(store, &old->request), theirs);
    assert_int_equal(old->state, IKE_SA_ESTABLISHED); /* nothing is decided yet */
    assert_non_null(old->children);
    theirs->state = IKE_SA_CLOSED;
    assert_null(ike_rekey_rival(store, &old->request));
    theirs->state = IKE_SA_ESTABLISHED;
    ike_rekey_believe(store, theirs);
    assert_false(theirs->silent);
    assert_non_null(theirs->children);
    assert_int_equal(old->successor, theirs->id);
    assert_null(ike_rekey_rival(store, &old->request));
    assert_true(bench_event(&bench, 1, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.status, STATUS_OK);
    assert_true(bench_event(&bench, 1, EVENT_IKE_SA_REKEYED, &event));
    ike_rekey_believe(store, theirs); /* once is enough */
    assert_false(bench_event(&bench, 1, EVENT_IKE_SA_REKEYED, &event));
}

/* What waits and what is out is asked again by the heir; a rekey that waits is done with this one.
 */
static void test_inheritance(void **state)
{
    (void)state;
    struct event event;
    struct sa_store *store = bench_store(&bench, 1);
    struct ike_sa *old = bench_sa(&bench, 1);
    struct task rekey = {.type = TASK_IKE_REKEY, .command = 8};
    struct task create = {.type = TASK_CHILD_CREATE, .not_before_ns = UINT64_MAX};
    ask(1);
    ask(0);
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    struct ike_sa *heir = bench_sa(&bench, 1);
    old->request.task = (struct task){.type = TASK_LIVENESS, .command = 9};
    assert_true(task_queue_push(&old->tasks, &rekey));
    assert_true(task_queue_push(&old->tasks, &create));
    old->path.remote.port = 4500; /* the peer has moved meanwhile */
    ike_rekey_inherit(store, old, heir);
    assert_int_equal(old->tasks.count, 0);
    assert_int_equal(old->state, IKE_SA_REKEYED);
    assert_int_equal(old->reason, DOWN_REPLACED);
    assert_int_equal(heir->path.remote.port, 4500);
    assert_int_equal(heir->request.task.type, TASK_LIVENESS);
    assert_int_equal(heir->request.task.command, 9);
    assert_true(task_queue_has(&heir->tasks, TASK_CHILD_CREATE, 0));
    assert_false(task_queue_has(&heir->tasks, TASK_IKE_REKEY, 0));
    assert_true(bench_event(&bench, 1, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 8);
}

static void test_peer_refuses(void **state)
{
    (void)state;
    struct event event;
    struct ike_sa *sa = bench_sa(&bench, 0);
    ask(0);
    bench_conclude_error(&bench, 0, NO_PROPOSAL_CHOSEN, bytes_of(NULL, 0));
    assert_int_equal(sa->state, IKE_SA_ESTABLISHED);
    assert_true(bench_event(&bench, 0, EVENT_NOTIFIED, &event));
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.status, STATUS_PEER(NO_PROPOSAL_CHOSEN));
    ask(0);
    bench_conclude_error(&bench, 0, TEMPORARY_FAILURE, bytes_of(NULL, 0));
    assert_true(task_queue_has(&sa->tasks, TASK_IKE_REKEY, 0)); /* later */
    assert_false(sa->request.active);
}

/* An answer that makes nothing: the peer has moved to where we cannot follow, so all of it goes. */
static void test_useless_answer(void **state)
{
    (void)state;
    struct event event;
    struct ike_sa *sa = bench_sa(&bench, 0);
    ask(0);
    (void)mail_begin(&bench.answer);
    bench_conclude(&bench, 0);
    assert_int_equal(sa->state, IKE_SA_DELETING);
    assert_int_equal(sa->reason, DOWN_FAILED);
    assert_int_equal(sa->request.task.type, TASK_IKE_DELETE);
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.status, STATUS_NOTIFY(INVALID_SYNTAX));
}

/* 1.3.2, 2.18: an SPI of zero is none, and the key must be of the group that was chosen. */
static void test_answers_that_make_nothing(void **state)
{
    static const uint8_t no_spi[8];
    for (unsigned i = 0; i < 4; i++) {
        struct ike_sa *sa = bench_sa(&bench, 0);
        ask(0);
        assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
        (void)mail_read(&bench.answer);
        struct message *m = &bench.answer.message;
        if (i == 0) {
            m->sa.proposals[0].spi = bytes_of(no_spi, sizeof no_spi);
        } else if (i == 1) {
            m->ke.group = WORLD_KE_B;
        } else if (i == 2) {
            m->has_ke = false;
        } else {
            m->has_nonce = false;
        }
        bench_conclude_as_is(&bench, 0);
        assert_ptr_equal(bench_sa(&bench, 0), sa); /* no heir */
        assert_int_equal(sa->request.task.type, TASK_IKE_DELETE);
        tear_down(state);
        set_up(state);
    }
}

static void test_request_without_an_spi(void **state)
{
    static const uint8_t no_spi[8];
    (void)state;
    struct ike_sa *sa = bench_sa(&bench, 1);
    ask(0);
    bench.ask.message.sa.proposals[0].spi = bytes_of(no_spi, sizeof no_spi);
    assert_int_equal(bench_consume_as_is(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(INVALID_SYNTAX));
    assert_ptr_equal(bench_sa(&bench, 1), sa);
}

/* 2.8.2: both have rekeyed, ours has lost, and the one that has won was deleted before we knew: the
 * peer has ended the line. */
static void test_lost_to_one_that_is_gone(void **state)
{
    (void)state;
    struct ike_sa *sa = bench_sa(&bench, 0);
    ask(0);
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    sa->request.collision.active = true; /* its lowest nonce beats any of ours */
    memset(sa->request.collision.nonce, 0xff, NONCE_OURS);
    sa->request.collision.nonce_length = NONCE_OURS;
    sa->request.collision.ike_sa = 999;
    bench_conclude(&bench, 0);
    const struct ike_sa *made = bench_sa(&bench, 0);
    assert_ptr_not_equal(made, sa);
    assert_int_equal(sa->state, IKE_SA_CLOSED);
    assert_int_equal(made->request.task.type, TASK_IKE_DELETE); /* and the one nobody wants */
    assert_null(made->children);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_answers_that_make_nothing),
        TEST(test_request_without_an_spi),
        TEST(test_lost_to_one_that_is_gone),
        TEST(test_there_and_back),
        TEST(test_group),
        TEST(test_refusals),
        TEST(test_rival),
        TEST(test_inheritance),
        TEST(test_peer_refuses),
        TEST(test_useless_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
