/* Events that wait to be pulled. */
#include "esp_lab.h"

static void test_events_in_order_without_repeats(void **state)
{
    (void)state;
    struct event_queue queue = {0};
    struct event_entry entries[3] = {0};
    struct esp_event event = {0};
    for (uint32_t i = 0; i < 3; i++) {
        event.policy = i;
        event_queue_push(&queue, &entries[i], &event);
    }
    event.policy = 10; /* newer content, same place */
    event_queue_push(&queue, &entries[0], &event);
    event_queue_remove(&queue, &entries[2]);
    event_queue_remove(&queue, &entries[2]);
    assert_true(event_queue_pop(&queue, &event));
    assert_int_equal(event.policy, 10);
    event.policy = 20;
    event_queue_push(&queue, &entries[2], &event);
    assert_true(event_queue_pop(&queue, &event));
    assert_int_equal(event.policy, 1);
    assert_true(event_queue_pop(&queue, &event));
    assert_int_equal(event.policy, 20);
    assert_false(event_queue_pop(&queue, &event));
}

/* Wherever it stands, taking one out leaves the others in order and the end usable. */
static void test_removal_of_each_place(void **state)
{
    (void)state;
    for (uint32_t gone = 0; gone < 3; gone++) {
        struct event_queue queue = {0};
        struct event_entry entries[4] = {0};
        struct esp_event event = {0};
        for (uint32_t i = 0; i < 3; i++) {
            event.policy = i;
            event_queue_push(&queue, &entries[i], &event);
        }
        event_queue_remove(&queue, &entries[gone]);
        event_queue_remove(&queue, &entries[gone]); /* waits no more: no matter */
        event_queue_remove(&queue, &entries[3]);    /* never did */
        assert_false(entries[gone].queued);
        event.policy = 3;
        event_queue_push(&queue, &entries[3], &event);
        for (uint32_t i = 0; i < 4; i++) {
            if (i != gone) {
                assert_true(event_queue_pop(&queue, &event));
                assert_int_equal(event.policy, i);
                assert_false(entries[i].queued);
            }
        }
        assert_false(event_queue_pop(&queue, &event));
        assert_null(queue.first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_in_order_without_repeats),
        cmocka_unit_test(test_removal_of_each_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
