/* Rekey of a Child SA, RFC 7296 1.3.3, and its collisions, 2.8.1, 2.25.1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/child_create.h"
#include "exchange/child_rekey.h"
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

static enum status ask(unsigned side)
{
    struct task task = {
        .type = TASK_CHILD_REKEY, .child_sa = bench_sa(&bench, side)->children->id, .command = 7};
    return bench_ask(&bench, side, &task);
}

/* The collision keeps the lower nonce of the peer's exchange; a nonce that ends first is lower. */
static void test_lowest_of_four(void **state)
{
    static const struct {
        const char *theirs[2], *ours[2];
        bool lost;
    } rows[] = {
        {{"b", "d"}, {"a", "e"}, true},
        {{"b", "d"}, {"e", "a"}, true},
        {{"b", "d"}, {"c", "e"}, false},
        {{"d", "b"}, {"c", "c"}, false},
        {{"bb", "d"}, {"b", "e"}, true},
        {{"b", "d"}, {"bb", "e"}, false},
        {{"\x80", "\xff"}, {"\x7f", "\xff"}, true}, /* octets have no sign */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes n[4];
        struct rekey_collision collision = {0};
        for (size_t k = 0; k < 4; k++) {
            const char *text = k < 2 ? rows[i].theirs[k] : rows[i].ours[k - 2];
            n[k] = bytes_of(text, strlen(text));
        }
        assert_false(rekey_collision_lost(&collision, n[2], n[3])); /* there is none */
        rekey_collision_note(&collision, n[0], n[1]);
        assert_int_equal(rekey_collision_lost(&collision, n[2], n[3]), rows[i].lost);
    }
}

/* The new one is for the old one's selectors; ours gets a Delete, theirs waits for it. */
static void test_there_and_back(void **state)
{
    (void)state;
    uint8_t spi[4];
    uint32_t old_in = bench_sa(&bench, 0)->children->spi_in;
    assert_int_equal(ask(0), STATUS_OK);
    const struct notify_payload *rekey = message_notify(&bench.ask.message, REKEY_SA);
    assert_non_null(rekey);
    assert_int_equal(rekey->protocol, PROTOCOL_ESP);
    assert_true(bytes_equal(rekey->spi, mail_spi(old_in, spi)));
    assert_int_equal(bench_sa(&bench, 0)->children->state, CHILD_SA_REKEYING);
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    const struct child_sa *theirs = bench_sa(&bench, 1)->children; /* newest first */
    assert_false(theirs->replaced);
    assert_true(theirs->next->replaced);
    assert_true(theirs->next->soft_ns == UINT64_MAX);
    bench_conclude(&bench, 0);
    const struct child_sa *ours = bench_sa(&bench, 0)->children;
    assert_int_equal(ours->spi_in, theirs->spi_out);
    assert_int_equal(ours->state, CHILD_SA_INSTALLED);
    assert_int_equal(ours->next->spi_in, old_in);
    assert_int_equal(ours->next->state, CHILD_SA_DELETING);
    assert_int_equal(ours->next->down_reason, DOWN_REPLACED);
    assert_int_equal(bench_sa(&bench, 0)->request.task.type, TASK_CHILD_DELETE);
}

/* 1.3: KEi is of the group that the Child SA was made with; of one that was made without (in
 * IKE_AUTH) it is our first. */
static void test_group(void **state)
{
    (void)state;
    assert_int_equal(ask(0), STATUS_OK);
    assert_int_equal(bench.ask.message.ke.group, WORLD_KE_A);
    bench_sa(&bench, 0)->children->state = CHILD_SA_INSTALLED;
    bench_sa(&bench, 0)->children->key_exchange = key_exchange_algorithm_find(WORLD_KE_B);
    assert_int_equal(ask(0), STATUS_OK);
    assert_int_equal(bench.ask.message.ke.group, WORLD_KE_B);
}

static void test_nothing_to_ask(void **state)
{
    (void)state;
    struct child_sa *child = bench_sa(&bench, 0)->children;
    child->replaced = true;
    assert_int_equal(ask(0), STATUS_DROP);
    child->replaced = false;
    child->state = CHILD_SA_DELETING;
    assert_int_equal(ask(0), STATUS_DROP);
    struct task task = {.type = TASK_CHILD_REKEY, .child_sa = 999};
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_DROP);
}

/* What the peer names may be gone, going, or just being made. */
static void test_refusals(void **state)
{
    (void)state;
    uint8_t spi[4];
    struct ike_sa *sa = bench_sa(&bench, 1);
    uint32_t known = sa->children->spi_out;
    assert_int_equal(ask(0), STATUS_OK);
    sa->children->state = CHILD_SA_DELETING;
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(TEMPORARY_FAILURE));
    sa->children->spi_out = 4711;
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(CHILD_SA_NOT_FOUND));
    assert_int_equal(bench.reply.error_protocol, PROTOCOL_ESP); /* and the SPI, 3.10.1 */
    assert_true(bytes_equal(bytes_of(bench.reply.error_spi, bench.reply.error_spi_length),
                            mail_spi(known, spi)));
    sa->request.active = true;
    sa->request.task.type = TASK_CHILD_CREATE;
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(TEMPORARY_FAILURE));
    assert_int_equal(bench_child_count(&bench, 1), 1);
}

/* The peer was first: what we had planned for that Child SA is done. */
static void test_plan_is_done(void **state)
{
    (void)state;
    struct event event;
    struct ike_sa *sa = bench_sa(&bench, 1);
    struct task plan = {.type = TASK_CHILD_REKEY, .child_sa = sa->children->id, .command = 9};
    assert_true(task_queue_push(&sa->tasks, &plan));
    assert_int_equal(ask(0), STATUS_OK);
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    assert_int_equal(sa->tasks.count, 0);
    assert_true(bench_event(&bench, 1, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 9);
}

/* Ours is out too: the answer notes the peer's nonces and what was made. */
static void test_collision_is_noted(void **state)
{
    (void)state;
    assert_int_equal(ask(1), STATUS_OK);
    assert_int_equal(ask(0), STATUS_OK);
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    const struct ike_sa *sa = bench_sa(&bench, 1);
    assert_true(sa->request.collision.active);
    assert_int_equal(sa->request.collision.nonce_length, NONCE_OURS);
    assert_int_equal(sa->request.collision.child_sa, sa->children->id);
    assert_true(sa->children->next->replaced);
}

static void test_peer_refuses(void **state)
{
    (void)state;
    struct event event;
    struct ike_sa *sa = bench_sa(&bench, 0);
    assert_int_equal(ask(0), STATUS_OK);
    bench_conclude_error(&bench, 0, NO_PROPOSAL_CHOSEN, bytes_of(NULL, 0));
    assert_int_equal(sa->children->state, CHILD_SA_INSTALLED); /* it lives on */
    assert_true(bench_event(&bench, 0, EVENT_NOTIFIED, &event));
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.status, STATUS_PEER(NO_PROPOSAL_CHOSEN));
    assert_int_equal(ask(0), STATUS_OK);
    bench_conclude_error(&bench, 0, CHILD_SA_NOT_FOUND, bytes_of(NULL, 0));
    assert_null(sa->children); /* a ghost: a new one from scratch (2.25.1) */
    assert_true(sa->request.active);
    assert_int_equal(sa->request.task.type, TASK_CHILD_CREATE);
    assert_int_equal(sa->request.task.command, 7);
}

/* 3.10.1: a REKEY_SA that names no ESP SA is answered without an SPI, for there is none to name. */
static void test_rekey_of_nothing(void **state)
{
    static const uint8_t spi[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const struct {
        uint8_t protocol;
        size_t length;
    } rows[] = {{PROTOCOL_IKE, 4}, {PROTOCOL_ESP, 8}, {PROTOCOL_ESP, 0}};
    (void)state;
    assert_int_equal(ask(0), STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct notify_payload *rekey = NULL;
        for (size_t k = 0; k < bench.ask.message.notify_count; k++) {
            struct notify_payload *n = &bench.ask.message.notifies[k];
            rekey = n->type == REKEY_SA ? n : rekey;
        }
        assert_non_null(rekey);
        rekey->protocol = rows[i].protocol;
        rekey->spi = bytes_of(spi, rows[i].length);
        assert_int_equal(bench_consume_as_is(&bench, 1, create_child_sa_consume_request),
                         STATUS_NOTIFY(CHILD_SA_NOT_FOUND));
        assert_int_equal(bench.reply.error_spi_length, 0);
    }
    assert_int_equal(bench_child_count(&bench, 1), 1);
}

/* 2.8.1: the peer's rekey has lost and it waits for us to delete the old Child SA. When nothing has
 * come of ours either, it is still for us to do. */
static void test_won_and_made_nothing(void **state)
{
    (void)state;
    struct ike_sa *sa = bench_sa(&bench, 0);
    struct child_sa *old = sa->children;
    assert_int_equal(ask(0), STATUS_OK);
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    sa->request.collision.active = true; /* a nonce lower than any: the peer's */
    sa->request.collision.nonce_length = NONCE_OURS;
    (void)mail_read(&bench.answer);
    bench.answer.message.has_ke = false;
    bench_conclude_as_is(&bench, 0);
    assert_int_equal(old->state, CHILD_SA_DELETING);
    assert_int_equal(sa->request.task.type, TASK_CHILD_DELETE);
    assert_true(task_queue_has(&sa->tasks, TASK_CHILD_DELETE, old->id)); /* behind the new one */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rekey_of_nothing),
        TEST(test_won_and_made_nothing),
        cmocka_unit_test(test_lowest_of_four),
        TEST(test_there_and_back),
        TEST(test_group),
        TEST(test_nothing_to_ask),
        TEST(test_refusals),
        TEST(test_plan_is_done),
        TEST(test_collision_is_noted),
        TEST(test_peer_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
