/* host/start_queue.c: one child after the other, and patience that grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "host/start_queue.h"

static struct endpoint_config config;

static int set_up(void **state)
{
    (void)state;
    config.peers = calloc(2, sizeof(*config.peers));
    if (config.peers == NULL) {
        return -1;
    }
    config.peer_count = 2;
    config.peers[0].child_count = 1; /* nothing to start here */
    config.peers[1].child_count = 3;
    config.peers[1].children[0].start = START_AT_ONCE;
    config.peers[1].children[2].start = START_AT_ONCE;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(config.peers);
    return 0;
}

static void in_turn(void **state)
{
    (void)state;
    struct start_queue queue;
    uint16_t peer = 0, child = 0;
    start_queue_init(&queue, &config);
    assert_true(start_queue_take(&queue, 5, &peer, &child));
    assert_int_equal(peer, 1);
    assert_int_equal(child, 0);
    assert_false(start_queue_take(&queue, 5, &peer, &child)); /* the first is not up yet */
    assert_int_equal(start_queue_deadline(&queue), UINT64_MAX);
    start_queue_done(&queue, 1, true, 6);
    assert_true(start_queue_take(&queue, 7, &peer, &child));
    assert_int_equal(child, 2);
    start_queue_done(&queue, 1, true, 8);
    assert_false(start_queue_take(&queue, UINT64_MAX - 1, &peer, &child));
    assert_int_equal(start_queue_deadline(&queue), UINT64_MAX);
}

static void backs_off(void **state)
{
    (void)state;
    struct start_queue queue;
    uint16_t peer, child;
    uint64_t now = 1000, wait = START_RETRY_MIN_NS;
    start_queue_init(&queue, &config);
    for (int i = 0; i < 10; i++) {
        assert_true(start_queue_take(&queue, now, &peer, &child));
        start_queue_done(&queue, peer, false, now);
        assert_int_equal(start_queue_deadline(&queue), now + wait);
        assert_false(start_queue_take(&queue, now + wait - 1, &peer, &child));
        now += wait;
        wait = wait * 2 < START_RETRY_MAX_NS ? wait * 2 : START_RETRY_MAX_NS;
    }
    assert_int_equal(wait, START_RETRY_MAX_NS);
    start_queue_hurry(&queue, now - 1); /* a route has come */
    assert_true(start_queue_take(&queue, now - 1, &peer, &child));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_turn),
        cmocka_unit_test(backs_off),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
