/* What time alone brings about, RFC 7296 2.4, 2.8, RFC 3948 4. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "endpoint/timers.h"
#include "exchange/request.h"
#include "test/exchange/core_connected.h"

static struct event event;

/* To the next deadline, which must be this one. */
static void expire_at(uint64_t at_ns)
{
    sa_store_stir(store, sa); /* a test has */
    assert_int_equal(timers_deadline(store), at_ns);
    store->now_ns = at_ns - 1;
    timers_expire(store);
    assert_int_equal(timers_deadline(store), at_ns); /* not yet */
    store->now_ns = at_ns;
    timers_expire(store);
    assert_true(timers_deadline(store) > at_ns);
}

/* What is due of its contexts is nobody else's affair. */
static void rest(void)
{
    ike_sa_rest(sa);
    sa_store_stir(store, sa);
}

static void test_never(void **state)
{
    (void)state;
    rest();
    assert_int_equal(timers_deadline(store), UINT64_MAX);
    timers_expire(store);
    assert_false(sa->request.active);
}

/* Ten seconds after the last message the contexts go, and come again with the next. */
static void test_the_idle_rest(void **state)
{
    (void)state;
    assert_true(ike_sa_is_ready(sa));
    expire_at((sa->last_in_ns > sa->last_out_ns ? sa->last_in_ns : sa->last_out_ns) + 10 * WORLD_S);
    assert_false(ike_sa_is_ready(sa));
    assert_int_equal(timers_deadline(store), UINT64_MAX);
    request_queue(store, sa, &(struct task){.type = TASK_LIVENESS});
    assert_true(ike_sa_is_ready(sa) && sa->request.active);
}

static void test_soft_limits_rekey(void **state)
{
    (void)state;
    sa->children->soft_ns = store->now_ns + 5 * WORLD_S;
    expire_at(sa->children->soft_ns);
    assert_int_equal(sa->request.task.type, TASK_CHILD_REKEY);
    core_connected_tear_down(state);
    core_connected_set_up(state);
    sa->soft_ns = store->now_ns + 5 * WORLD_S;
    expire_at(sa->soft_ns);
    assert_int_equal(sa->request.task.type, TASK_IKE_REKEY);
}

static void test_hard_limits_end(void **state)
{
    (void)state;
    sa->children->hard_ns = store->now_ns + 5 * WORLD_S;
    expire_at(sa->children->hard_ns);
    assert_int_equal(sa->request.task.type, TASK_CHILD_DELETE);
    assert_true(core_event(&world, 0, EVENT_CHILD_SA_DOWN, &event)); /* at once: RFC 4301 4.4.2.1 */
    assert_int_equal(event.reason, DOWN_EXPIRED);
    core_connected_tear_down(state);
    core_connected_set_up(state);
    sa->hard_ns = store->now_ns + 5 * WORLD_S;
    expire_at(sa->hard_ns);
    assert_int_equal(sa->request.task.type, TASK_IKE_DELETE);
    assert_true(core_event(&world, 0, EVENT_CHILD_SA_DOWN, &event));
    assert_int_equal(sa->reason, DOWN_EXPIRED);
}

/* Silence counts from the last sign of life, of IKE or of a Child SA (2.4). */
static void test_liveness(void **state)
{
    (void)state;
    world.sides[0].peers[0].liveness_ns = 3 * WORLD_S;
    sa->children->last_in_ns = sa->last_in_ns + WORLD_S;
    expire_at(sa->children->last_in_ns + 3 * WORLD_S);
    assert_int_equal(sa->request.task.type, TASK_LIVENESS);
}

/* Only from behind a NAT, only when nothing else has been sent (RFC 3948 4). */
static void test_keepalive(void **state)
{
    struct datagram sent;
    (void)state;
    world.sides[0].peers[0].keepalive_ns = 20 * WORLD_S;
    rest();
    assert_int_equal(timers_deadline(store), UINT64_MAX);
    sa->nat_local = sa->encapsulated = true;
    sa->children->last_out_ns = sa->last_out_ns + WORLD_S;
    expire_at(sa->children->last_out_ns + 20 * WORLD_S);
    assert_true(core_datagram(&world, 0, &sent));
    assert_true(sent.keepalive && sent.encapsulated);
    assert_true(bytes_equal(sent.octets, bytes_of("\xff", 1)));
    assert_int_equal(timers_deadline(store), store->now_ns + 20 * WORLD_S);
}

static void test_half_open_ends_and_closed_goes(void **state)
{
    struct ike_sa *half = sa_store_add(store, 0, false, IKE_SA_HALF_OPEN);
    (void)state;
    rest();
    assert_non_null(half);
    half->close_ns = store->now_ns + 5 * WORLD_S;
    uint32_t id = half->id;
    store->now_ns = half->close_ns;
    timers_expire(store);
    struct ike_sa *closed = sa_store_find(store, id);
    if (closed != NULL) { /* kept for a repeated request only */
        assert_int_equal(closed->state, IKE_SA_CLOSED);
        assert_true(closed->close_ns != UINT64_MAX);
        store->now_ns = closed->close_ns;
        timers_expire(store);
    }
    assert_null(sa_store_find(store, id));
    assert_int_equal(timers_deadline(store), UINT64_MAX);
}

static void test_what_is_left_of_closed_ones_goes(void **state)
{
    (void)state;
    rest();
    uint64_t spi = sa->spi_i;
    sa_store_ike_gone(store, sa, DOWN_UNREACHABLE, STATUS_DROP);
    uint64_t until_ns = sa->close_ns;
    assert_true(timers_deadline(store) == until_ns);
    sa_store_put_away(store);
    assert_true(timers_deadline(store) == until_ns);
    store->now_ns = until_ns - 1;
    timers_expire(store);
    assert_non_null(closed_list_find(&store->closed, spi));
    store->now_ns = until_ns;
    timers_expire(store);
    assert_null(closed_list_find(&store->closed, spi));
    assert_int_equal(timers_deadline(store), UINT64_MAX);
}

static void test_a_waiting_task_starts_in_its_time(void **state)
{
    struct task task = {.type = TASK_LIVENESS, .not_before_ns = store->now_ns + WORLD_S};
    (void)state;
    assert_true(task_queue_push(&sa->tasks, &task));
    expire_at(task.not_before_ns);
    assert_true(sa->request.active);
    assert_int_equal(timers_deadline(store), sa->request.next_ns); /* then its retransmission */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_never),
        CASE(test_the_idle_rest),
        CASE(test_soft_limits_rekey),
        CASE(test_liveness),
        CASE(test_hard_limits_end),
        CASE(test_keepalive),
        CASE(test_half_open_ends_and_closed_goes),
        CASE(test_what_is_left_of_closed_ones_goes),
        CASE(test_a_waiting_task_starts_in_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
