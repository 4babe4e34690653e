/* Our requests: one at a time, retransmitted until answered. RFC 7296 2.1 to 2.4, 2.25. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/request.h"
#include "test/exchange/core_lab.h"

static struct world world;
static struct sa_store *store;
static struct ike_sa *sa; /* a's */
static struct datagram sent;
static struct core_message seen;

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 42);
    world_boot(&world);
    world_connect(&world);
    store = core_store(&world, 0);
    sa = world_core_ike_sa(&world, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

static void ask(uint64_t command)
{
    struct task task = {.type = TASK_LIVENESS, .command = command};
    request_queue(store, sa, &task);
}

static void assert_done(uint64_t command, enum status status)
{
    struct event event;
    assert_true(core_event(&world, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, command);
    assert_int_equal(event.status, status);
    event_wipe(&event);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    uint32_t id = sa->next_request;
    ask(0);
    ask(0);
    assert_true(core_datagram(&world, 0, &sent));
    core_open(&seen, world_core_ike_sa(&world, 1), &sent);
    assert_int_equal(seen.header.message_id, id);
    assert_int_equal(seen.header.flags, IKE_FLAG_INITIATOR);
    assert_int_equal(seen.header.exchange_type, INFORMATIONAL);
    assert_false(core_datagram(&world, 0, &sent)); /* a window of one: 2.3 */
    assert_int_equal(sa->tasks.count, 1);
    request_start_next(store, sa);
    assert_int_equal(sa->tasks.count, 1);
    assert_int_equal(sa->next_request, id + 1);
}

static void test_no_room(void **state)
{
    (void)state;
    ask(0);
    for (unsigned i = 0; i < TASKS_MAX; i++) {
        ask(0);
    }
    ask(77);
    assert_done(77, STATUS_INTERNAL);
    assert_int_equal(sa->tasks.count, TASKS_MAX);
}

static void test_nothing_to_ask_is_content(void **state)
{
    struct task task = {.type = TASK_CHILD_REKEY, .child_sa = 9999, .command = 78};
    (void)state;
    assert_int_equal(request_start(store, sa, &task), STATUS_DROP);
    request_end(&sa->request);
    request_queue(store, sa, &task);
    assert_done(78, STATUS_OK);
    assert_false(sa->request.active);
    assert_false(core_datagram(&world, 0, &sent));
}

/* 200 ms times 1.8 each time, at most 2 s, seven copies in all: the world's configuration. */
static void test_retransmission(void **state)
{
    static const uint64_t pauses_ms[] = {200, 360, 648, 1166, 2000, 2000, 2000};
    uint8_t first[IKE_MESSAGE_MAX];
    size_t length = 0;
    struct event down;
    (void)state;
    ask(0);
    for (size_t i = 0; i < sizeof pauses_ms / sizeof pauses_ms[0]; i++) {
        assert_true(core_datagram(&world, 0, &sent));
        if (i == 0) {
            length = sent.octets.length;
            memcpy(first, sent.octets.data, length);
        }
        assert_int_equal(sent.octets.length, length);
        assert_memory_equal(sent.octets.data, first, length);
        assert_int_equal((sa->request.next_ns - store->now_ns) / WORLD_MS, pauses_ms[i]);
        store->now_ns = sa->request.next_ns - 1;
        request_expire(store, sa);
        assert_false(core_datagram(&world, 0, &sent)); /* not yet */
        store->now_ns++;
        request_expire(store, sa);
    }
    assert_false(core_datagram(&world, 0, &sent));
    assert_int_equal(sa->retransmitted, 6);
    assert_int_equal(sa->state, IKE_SA_CLOSED);
    assert_true(core_event(&world, 0, EVENT_IKE_SA_DOWN, &down));
    assert_int_equal(down.reason, DOWN_UNREACHABLE);
    event_wipe(&down);
}

/* An answer of INVALID_SYNTAX: the peer has closed (2.21.3). Any other goes to the handler. */
static void test_answers(void **state)
{
    static const uint8_t invalid_syntax[] = {0, 0, 0, 8, 0, 0, 0, INVALID_SYNTAX};
    (void)state;
    ask(80);
    core_message_of(&seen, sa, INFORMATIONAL, PAYLOAD_NONE, bytes_of(NULL, 0));
    request_answered(store, sa, &seen.in);
    assert_false(sa->request.active);
    assert_true(stored_message_is_empty(&sa->request.message));
    assert_done(80, STATUS_OK);
    ask(81);
    core_message_of(&seen, sa, INFORMATIONAL, PAYLOAD_NOTIFY,
                    bytes_of(invalid_syntax, sizeof invalid_syntax));
    request_answered(store, sa, &seen.in);
    assert_int_equal(sa->state, IKE_SA_CLOSED);
    assert_done(81, STATUS_PEER(INVALID_SYNTAX));
}

static void test_later_pauses_grow(void **state)
{
    struct task task = {.type = TASK_IKE_REKEY, .command = 82};
    (void)state;
    for (unsigned attempt = 0; attempt < 8; attempt++) {
        uint64_t least_ns = (200 * WORLD_MS) << (attempt < 6 ? attempt : 6);
        request_retry_later(store, sa, &task);
        assert_false(sa->request.active);
        assert_true(task_queue_remove(&sa->tasks, TASK_IKE_REKEY, 0, &task));
        assert_int_equal(task.attempts, attempt + 1);
        assert_true(task.not_before_ns >= store->now_ns + least_ns);
        assert_true(task.not_before_ns < store->now_ns + 2 * least_ns);
    }
    store->now_ns += 181 * WORLD_S; /* out of step for minutes */
    request_retry_later(store, sa, &task);
    assert_done(82, STATUS_PEER(TEMPORARY_FAILURE));
    assert_int_equal(sa->state, IKE_SA_DELETING);
    assert_int_equal(sa->request.task.type, TASK_IKE_DELETE);
}

static bool no_randomness(void *context, uint8_t *out, size_t length)
{
    (void)context;
    (void)out;
    (void)length;
    return false;
}

/* What cannot be made now is tried again, with growing pauses, and the command hears of it in the
 * end. */
static void test_cannot_be_made(void **state)
{
    static const struct random_source none = {.fill = no_randomness};
    struct task task = {.type = TASK_CHILD_REKEY, .child_sa = sa->children->id, .command = 83};
    unsigned tries = 1;
    (void)state;
    store->random = &none;
    request_queue(store, sa, &task);
    while (sa->tasks.count > 0) {
        assert_true(sa->tasks.items[0].not_before_ns > store->now_ns);
        store->now_ns = sa->tasks.items[0].not_before_ns;
        request_start_next(store, sa);
        tries++;
    }
    assert_int_equal(tries, 8);
    assert_done(83, STATUS_INTERNAL);
    assert_int_equal(sa->state, IKE_SA_ESTABLISHED); /* it lives on as it is */
}

/* What cannot even be asked to go would stay at the peer for ever: the IKE SA goes, and with it
 * all.
 */
static void test_cannot_be_deleted(void **state)
{
    struct task task = {.type = TASK_CHILD_DELETE, .command = 84, .attempts = UINT8_MAX - 1};
    struct event down;
    (void)state;
    request_start_later(store, sa, &task);
    assert_done(84, STATUS_OK); /* it wanted it gone */
    assert_int_equal(sa->state, IKE_SA_CLOSED);
    assert_true(core_event(&world, 0, EVENT_IKE_SA_DOWN, &down));
    assert_int_equal(down.reason, DOWN_FAILED);
    event_wipe(&down);
}

/* 2.2: Message IDs do not come round. Long before the last one there is a rekey; the last but one
 * is kept for the Delete; then there is silence. */
static void test_the_last_message_ids(void **state)
{
    (void)state;
    sa->next_request = 0xf0000000u;
    ask(0);
    assert_int_equal(sa->request.task.type, TASK_IKE_REKEY);
    request_end(&sa->request);
    sa->tasks.count = 0;
    sa->next_request = UINT32_MAX - 1;
    ask(85);
    assert_int_equal(sa->request.task.type, TASK_IKE_DELETE);
    assert_int_equal(sa->request.message_id, UINT32_MAX - 1);
    request_end(&sa->request);
    ask(86);
    assert_int_equal(sa->state, IKE_SA_CLOSED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_cannot_be_made),
        CASE(test_cannot_be_deleted),
        CASE(test_the_last_message_ids),
        CASE(test_one_at_a_time),
        CASE(test_no_room),
        CASE(test_nothing_to_ask_is_content),
        CASE(test_retransmission),
        CASE(test_answers),
        CASE(test_later_pauses_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
