/* Delete of a Child SA, RFC 7296 1.4.1, and Deletes that cross, 2.25.1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exchange/child_delete.h"
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

/* Gives the peer's Delete of these SPIs to side 1; what it answers is in bench.answer. */
static const struct message *answer(const uint32_t *spis, size_t count)
{
    (void)mail_begin(&bench.ask);
    mail_add_delete(&bench.ask, PROTOCOL_ESP, spis, count);
    child_delete_answer(bench_store(&bench, 1), bench_sa(&bench, 1),
                        &mail_read(&bench.ask)->deletes[0], mail_begin(&bench.answer));
    return mail_read(&bench.answer);
}

/* The request names our inbound SPI. */
static void test_request(void **state)
{
    (void)state;
    uint8_t spi[4];
    const struct child_sa *child = bench_sa(&bench, 0)->children;
    struct task task = {.type = TASK_CHILD_DELETE, .child_sa = child->id};
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
    const struct delete_payload *d = &bench.ask.message.deletes[0];
    assert_int_equal(bench.ask.message.delete_count, 1);
    assert_int_equal(d->protocol, PROTOCOL_ESP);
    assert_int_equal(d->count, 1);
    assert_true(bytes_equal(d->spis, mail_spi(child->spi_in, spi)));
    task.child_sa = 999;
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_DROP); /* it has gone meanwhile */
}

static void test_answer_names_the_other_half(void **state)
{
    (void)state;
    uint8_t spi[4];
    struct event event;
    uint32_t ours = bench_sa(&bench, 1)->children->spi_in;
    uint32_t spis[] = {4711, bench_sa(&bench, 1)->children->spi_out};
    const struct message *m = answer(spis, 2); /* the unknown one is passed over */
    assert_int_equal(m->delete_count, 1);
    assert_true(bytes_equal(m->deletes[0].spis, mail_spi(ours, spi)));
    assert_null(bench_sa(&bench, 1)->children);
    assert_true(bench_event(&bench, 1, EVENT_CHILD_SA_DOWN, &event));
    assert_int_equal(event.reason, DOWN_DELETED_BY_PEER);
    assert_int_equal(answer(spis, 2)->delete_count, 0); /* nothing is left of either */
}

/* Our own Delete is out: the answer has none, and only the response to ours ends the Child SA. */
static void test_deletes_cross(void **state)
{
    (void)state;
    struct event event;
    struct child_sa *child = bench_sa(&bench, 1)->children;
    uint32_t spi_out = child->spi_out;
    child_delete_queue(bench_store(&bench, 1), bench_sa(&bench, 1), child, DOWN_EXPIRED, 7);
    assert_int_equal(child->state, CHILD_SA_DELETING);
    assert_true(bench_sa(&bench, 1)->request.active);
    assert_int_equal(answer(&spi_out, 1)->delete_count, 0);
    assert_ptr_equal(bench_sa(&bench, 1)->children, child);
    assert_false(bench_event(&bench, 1, EVENT_COMMAND_DONE, &event));
    (void)mail_begin(&bench.answer);
    bench_conclude(&bench, 1);
    assert_null(bench_sa(&bench, 1)->children);
    assert_true(bench_event(&bench, 1, EVENT_CHILD_SA_DOWN, &event));
    assert_int_equal(event.reason, DOWN_EXPIRED);
    assert_true(bench_event(&bench, 1, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 7);
}

/* Asked for twice: one Delete, and the second command is answered at once. */
static void test_queued_once(void **state)
{
    (void)state;
    struct event event;
    struct child_sa *child = bench_sa(&bench, 0)->children;
    child_delete_queue(bench_store(&bench, 0), bench_sa(&bench, 0), child, DOWN_DELETED_BY_US, 7);
    child_delete_queue(bench_store(&bench, 0), bench_sa(&bench, 0), child, DOWN_EXPIRED, 8);
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 8);
    assert_int_equal(child->down_reason, DOWN_DELETED_BY_US);
    assert_int_equal(bench_sa(&bench, 0)->tasks.count, 0);
}

/* A plan of ours for what the peer deletes is content. */
static void test_plans_are_forgotten(void **state)
{
    (void)state;
    struct event event;
    struct ike_sa *sa = bench_sa(&bench, 1);
    struct task plan = {.type = TASK_CHILD_REKEY, .child_sa = sa->children->id, .command = 9};
    uint32_t spi_out = sa->children->spi_out;
    assert_true(task_queue_push(&sa->tasks, &plan));
    (void)answer(&spi_out, 1);
    assert_int_equal(sa->tasks.count, 0);
    assert_true(bench_event(&bench, 1, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 9);
    assert_int_equal(event.status, STATUS_OK);
}

/* An unknown SPI may be of the Child SA that our request has just made there: it is noted, up to a
 * limit. */
static void test_unknown_ones_are_noted(void **state)
{
    (void)state;
    uint32_t spis[GONE_MAX + 2];
    struct request *request = &bench_sa(&bench, 1)->request;
    for (uint32_t i = 0; i < GONE_MAX + 2; i++) {
        spis[i] = 1000 + i;
    }
    (void)answer(spis, 1);
    assert_int_equal(request->gone_count, 0); /* nothing of ours is out */
    request->active = true;
    request->task.type = TASK_CHILD_CREATE;
    (void)answer(spis, GONE_MAX + 2);
    assert_int_equal(request->gone_count, GONE_MAX);
    assert_int_equal(request->gone[GONE_MAX - 1], 1000 + GONE_MAX - 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_request),
        TEST(test_answer_names_the_other_half),
        TEST(test_deletes_cross),
        TEST(test_queued_once),
        TEST(test_plans_are_forgotten),
        TEST(test_unknown_ones_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
