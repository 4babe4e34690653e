/* Delete of the IKE SA, RFC 7296 1.4.1, 2.25.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exchange/ike_delete.h"
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

static enum status answer_request(struct sa_store *store, struct ike_sa *sa,
                                  const struct exchange_input *in, struct exchange_reply *reply)
{
    (void)in;
    ike_delete_answer(store, sa, reply);
    return STATUS_OK;
}

/* One Delete of protocol IKE, without an SPI. */
static void test_request(void **state)
{
    (void)state;
    struct task task = {.type = TASK_IKE_DELETE};
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
    assert_int_equal(bench.ask.message.delete_count, 1);
    assert_int_equal(bench.ask.message.deletes[0].protocol, PROTOCOL_IKE);
    assert_int_equal(bench.ask.message.deletes[0].spi_size, 0);
    assert_int_equal(bench.ask.message.deletes[0].count, 0);
    assert_int_equal(bench_sa(&bench, 0)->state, IKE_SA_DELETING);
}

/* Nothing else is asked any more: what waits is told so, and the first reason stays. */
static void test_queue(void **state)
{
    (void)state;
    struct event event;
    struct ike_sa *sa = bench_sa(&bench, 0);
    struct task waits = {.type = TASK_LIVENESS, .command = 6};
    assert_true(task_queue_push(&sa->tasks, &waits));
    ike_delete_queue(bench_store(&bench, 0), sa, DOWN_EXPIRED, 7);
    assert_int_equal(sa->request.task.type, TASK_IKE_DELETE);
    assert_int_equal(sa->tasks.count, 0);
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 6);
    assert_int_equal(event.status, STATUS_DROP);
    ike_delete_queue(bench_store(&bench, 0), sa, DOWN_SHUTDOWN, 0);
    assert_int_equal(sa->reason, DOWN_EXPIRED);
}

/* The answer is the end, for the IKE SA and what lived in it. */
static void test_conclusion(void **state)
{
    (void)state;
    struct event event;
    struct ike_sa *sa = bench_sa(&bench, 0);
    ike_delete_queue(bench_store(&bench, 0), sa, DOWN_DELETED_BY_US, 7);
    (void)mail_begin(&bench.answer);
    bench_conclude(&bench, 0);
    assert_int_equal(sa->state, IKE_SA_CLOSED);
    assert_null(sa->children);
    assert_true(bench_event(&bench, 0, EVENT_IKE_SA_DOWN, &event));
    assert_int_equal(event.reason, DOWN_DELETED_BY_US);
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 7);
    assert_int_equal(event.status, STATUS_OK);
}

/* An empty answer; the reply says that the IKE SA ends when it is out, and why. */
static void test_answers(void **state)
{
    static const struct {
        enum ike_sa_state state;
        enum down_reason ours, told;
    } rows[] = {
        {IKE_SA_ESTABLISHED, DOWN_EXPIRED, DOWN_DELETED_BY_PEER},
        {IKE_SA_DELETING, DOWN_EXPIRED, DOWN_EXPIRED}, /* both at once, 2.25.2 */
        {IKE_SA_REKEYED, DOWN_REPLACED, DOWN_REPLACED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ike_sa *sa = bench_sa(&bench, 1);
        sa->state = rows[i].state;
        sa->reason = rows[i].ours;
        (void)mail_begin(&bench.ask);
        mail_add_delete(&bench.ask, PROTOCOL_IKE, NULL, 0);
        assert_int_equal(bench_consume(&bench, 1, answer_request), STATUS_OK);
        assert_true(bench.reply.close);
        assert_int_equal(bench.reply.close_reason, rows[i].told);
        assert_int_equal(bench.answer.w.length, 0);
        assert_int_equal(bench.answer.chain.first, PAYLOAD_NONE);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_request),
        TEST(test_queue),
        TEST(test_conclusion),
        TEST(test_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
