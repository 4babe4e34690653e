/* The queue of what an IKE SA has still to ask. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/task.h"

static struct task task(enum task_type type, uint32_t child_sa, uint64_t not_before_ns)
{
    return (struct task){.type = type, .child_sa = child_sa, .not_before_ns = not_before_ns};
}

static void push(struct task_queue *queue, struct task t)
{
    assert_true(task_queue_push(queue, &t));
}

static void test_in_order(void **state)
{
    struct task_queue queue = {.count = 0};
    struct task out;
    (void)state;
    assert_false(task_queue_take(&queue, UINT64_MAX, &out));
    assert_true(task_queue_deadline(&queue) == UINT64_MAX);
    push(&queue, task(TASK_LIVENESS, 0, 0));
    push(&queue, task(TASK_CHILD_REKEY, 3, 0));
    struct task first = task(TASK_UPDATE_ADDRESSES, 0, 0);
    assert_true(task_queue_push_front(&queue, &first));
    assert_int_equal(task_queue_deadline(&queue), 0);
    static const enum task_type expected[] = {TASK_UPDATE_ADDRESSES, TASK_LIVENESS,
                                              TASK_CHILD_REKEY};
    for (size_t i = 0; i < 3; i++) {
        assert_true(task_queue_take(&queue, 5, &out));
        assert_int_equal(out.type, expected[i]);
    }
    assert_int_equal(queue.count, 0);
    assert_null(queue.items); /* who has nothing to ask holds no memory */
}

static void test_who_waits_lets_others_pass(void **state)
{
    struct task_queue queue = {.count = 0};
    struct task out;
    (void)state;
    push(&queue, task(TASK_CHILD_REKEY, 1, 100));
    push(&queue, task(TASK_CHILD_REKEY, 2, 50));
    assert_int_equal(task_queue_deadline(&queue), 50);
    assert_false(task_queue_take(&queue, 49, &out));
    assert_true(task_queue_take(&queue, 50, &out));
    assert_int_equal(out.child_sa, 2);
    assert_false(task_queue_take(&queue, 99, &out));
    assert_true(task_queue_take(&queue, 100, &out));
    assert_int_equal(out.child_sa, 1);
}

static void test_has_and_remove(void **state)
{
    struct task_queue queue = {.count = 0};
    struct task out;
    (void)state;
    push(&queue, task(TASK_CHILD_REKEY, 1, 100));
    push(&queue, task(TASK_CHILD_DELETE, 1, 0));
    push(&queue, task(TASK_CHILD_REKEY, 2, 0));
    assert_true(task_queue_has(&queue, TASK_CHILD_REKEY, 2));
    assert_true(task_queue_has(&queue, TASK_CHILD_REKEY, 0));
    assert_false(task_queue_has(&queue, TASK_CHILD_REKEY, 3));
    assert_false(task_queue_remove(&queue, TASK_IKE_REKEY, 0, &out));
    assert_true(task_queue_remove(&queue, TASK_CHILD_REKEY, 1, &out)); /* whether due or not */
    assert_int_equal(out.not_before_ns, 100);
    assert_true(task_queue_remove(&queue, TASK_CHILD_REKEY, 0, &out));
    assert_int_equal(out.child_sa, 2);
    assert_int_equal(queue.count, 1);
    assert_int_equal(queue.items[0].type, TASK_CHILD_DELETE);
    task_queue_clear(&queue);
}

static void test_full(void **state)
{
    struct task_queue queue = {.count = 0};
    struct task one = task(TASK_LIVENESS, 0, 0);
    (void)state;
    for (size_t i = 0; i < TASKS_MAX; i++) {
        push(&queue, task(TASK_CHILD_REKEY, (uint32_t)i + 1, 0));
    }
    assert_false(task_queue_push(&queue, &one));
    assert_false(task_queue_push_front(&queue, &one));
    assert_int_equal(queue.items[TASKS_MAX - 1].child_sa, TASKS_MAX);
    task_queue_clear(&queue);
    assert_int_equal(queue.count, 0);
    assert_null(queue.items);
    push(&queue, one); /* and is good for more */
    push(&queue, one);
    assert_int_equal(queue.count, 2);
    task_queue_clear(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_who_waits_lets_others_pass),
        cmocka_unit_test(test_has_and_remove),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
