/* A further Child SA and the door to CREATE_CHILD_SA, RFC 7296 1.3, 1.3.1, 2.25.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exchange/child_create.h"
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

/* A second child in both configurations, asked for by side 0. */
static void ask_for_another(void)
{
    struct task task = {.type = TASK_CHILD_CREATE, .command = 7};
    task.child_index = world_add_child(&bench.world, 0, 1);
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct event event;
    ask_for_another();
    const struct message *m = &bench.ask.message;
    assert_true(m->has_sa && m->has_nonce && m->has_ke && m->has_ts_i && m->has_ts_r);
    assert_null(message_notify(m, REKEY_SA));
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    bench_conclude(&bench, 0);
    const struct child_sa *ours = bench_sa(&bench, 0)->children;
    const struct child_sa *theirs = bench_sa(&bench, 1)->children;
    assert_int_equal(bench_child_count(&bench, 0), 2);
    assert_int_equal(bench_child_count(&bench, 1), 2);
    assert_int_equal(ours->child_index, 1);
    assert_int_equal(ours->spi_in, theirs->spi_out);
    assert_int_equal(ours->spi_out, theirs->spi_in);
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 7);
    assert_int_equal(event.status, STATUS_OK);
}

/* One that is there already is not asked for again, unless a packet wants a further one. */
static void test_nothing_to_ask(void **state)
{
    (void)state;
    struct task task = {.type = TASK_CHILD_CREATE};
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_DROP);
    task.has_key = true;
    task.key.source = task.key.destination = world_address("10.1.0.1");
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
    bench_sa(&bench, 0)->children->state = CHILD_SA_DELETING;
    task.has_key = false;
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
}

/* RFC 8019 5: who asks on and on is to slow down, also in the IKE SA that follows this one. */
static void test_too_many_in_a_second(void **state)
{
    (void)state;
    struct sa_store *store = bench_store(&bench, 1);
    bench.world.sides[1].config.create_child_sa_rate = 2;
    ask_for_another();
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    }
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(TEMPORARY_FAILURE));
    store->now_ns += WORLD_S / 2;
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(TEMPORARY_FAILURE));
    bench.world.sides[1].config.create_child_sa_rate = 0;
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
}

/* What the door says before it looks at the offer. */
static void test_door(void **state)
{
    (void)state;
    struct ike_sa *sa = bench_sa(&bench, 1);
    struct message *m = &bench.ask.message;
    ask_for_another();
    sa->state = IKE_SA_DELETING;
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(TEMPORARY_FAILURE));
    sa->state = IKE_SA_ESTABLISHED;
    sa->silent = true;
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(TEMPORARY_FAILURE));
    sa->silent = false;
    sa->request.active = true;
    sa->request.task.type = TASK_IKE_REKEY;
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(TEMPORARY_FAILURE));
    sa->request.active = false;
    m->has_nonce = false;
    assert_int_equal(bench_consume_as_is(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(INVALID_SYNTAX));
    m->has_sa = false;
    assert_int_equal(bench_consume_as_is(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(INVALID_SYNTAX));
    assert_int_equal(bench_child_count(&bench, 1), 1);
}

/* Further ones fill only so much of the room, so that rekeys always find some. */
static void test_no_room(void **state)
{
    (void)state;
    ask_for_another();
    while (bench_child_count(&bench, 1) < CHILD_SAS_MAX - CHILDREN_MAX) {
        assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    }
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request),
                     STATUS_NOTIFY(NO_ADDITIONAL_SAS));
    assert_int_equal(bench_child_count(&bench, 1), CHILD_SAS_MAX - CHILDREN_MAX);
}

static void test_refused(void **state)
{
    (void)state;
    struct event event;
    ask_for_another();
    bench_conclude_error(&bench, 0, NO_ADDITIONAL_SAS, bytes_of(NULL, 0));
    assert_true(bench_event(&bench, 0, EVENT_CHILD_SA_FAILED, &event));
    assert_int_equal(event.child_index, 1);
    assert_int_equal(event.status, STATUS_PEER(NO_ADDITIONAL_SAS));
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.status, STATUS_PEER(NO_ADDITIONAL_SAS));
    assert_int_equal(bench_child_count(&bench, 0), 1);
}

/* INVALID_KE_PAYLOAD is followed to another group that we offered; not to the same, not to one we
 * did not offer, not for ever, and not when it names none. */
static void test_try_again(void **state)
{
    static const struct {
        uint16_t type, asked, offered;
        size_t length;
        uint8_t attempts;
        bool again;
    } rows[] = {
        {INVALID_KE_PAYLOAD, WORLD_KE_B, WORLD_KE_B, 2, 0, true},
        {INVALID_KE_PAYLOAD, WORLD_KE_B, WORLD_KE_B, 2, 3, true},
        {INVALID_KE_PAYLOAD, WORLD_KE_B, WORLD_KE_B, 2, 4, false},
        {INVALID_KE_PAYLOAD, WORLD_KE_B, WORLD_KE_A, 2, 0, false},
        {INVALID_KE_PAYLOAD, WORLD_KE_A, WORLD_KE_A, 2, 0, false},
        {INVALID_KE_PAYLOAD, WORLD_KE_B, WORLD_KE_B, 1, 0, false},
        {NO_PROPOSAL_CHOSEN, WORLD_KE_B, WORLD_KE_B, 2, 0, false},
        {TEMPORARY_FAILURE, 0, WORLD_KE_A, 0, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t group[2] = {(uint8_t)(rows[i].asked >> 8), (uint8_t)rows[i].asked};
        struct ike_sa *sa = bench_sa(&bench, 0);
        struct proposal_list proposals;
        struct request request = {.task = {.type = TASK_CHILD_CREATE,
                                           .group = WORLD_KE_A,
                                           .attempts = rows[i].attempts,
                                           .since_ns = bench.world.now_ns}};
        struct notify_payload error = {.type = rows[i].type,
                                       .data = bytes_of(group, rows[i].length)};
        world_stand_in_esp(&proposals, rows[i].offered);
        sa->tasks.count = 0;
        assert_int_equal(
            create_child_sa_try_again(bench_store(&bench, 0), sa, &request, &error, &proposals),
            rows[i].again);
        assert_int_equal(sa->tasks.count, rows[i].again);
        if (rows[i].type == TEMPORARY_FAILURE) {
            assert_true(sa->tasks.items[0].not_before_ns > bench.world.now_ns);
        } else if (rows[i].again) {
            assert_int_equal(sa->tasks.items[0].group, WORLD_KE_B);
            assert_int_equal(sa->tasks.items[0].attempts, rows[i].attempts + 1);
        }
    }
}

/* 1.3.1: an answer without a nonce makes no keys; what the peer may have made is deleted. */
static void test_answer_without_a_nonce(void **state)
{
    (void)state;
    struct event event;
    ask_for_another();
    assert_int_equal(bench_consume(&bench, 1, create_child_sa_consume_request), STATUS_OK);
    (void)mail_read(&bench.answer);
    bench.answer.message.has_nonce = false;
    bench_conclude_as_is(&bench, 0);
    assert_true(bench_event(&bench, 0, EVENT_CHILD_SA_FAILED, &event));
    assert_int_equal(event.status, STATUS_NOTIFY(INVALID_SYNTAX));
    assert_int_equal(bench_sa(&bench, 0)->request.task.type, TASK_CHILD_DELETE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_answer_without_a_nonce),
        TEST(test_there_and_back),
        TEST(test_nothing_to_ask),
        TEST(test_door),
        TEST(test_too_many_in_a_second),
        TEST(test_no_room),
        TEST(test_refused),
        TEST(test_try_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
