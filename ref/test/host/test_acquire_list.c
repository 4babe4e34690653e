/* host/acquire_list.c: one more try a second after a failure, and none before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/acquire_list.h"

#define NOW 5000000000ULL

static void nothing_failed(void **state)
{
    (void)state;
    struct acquire_list list = {0};
    uint16_t peer = 7, child = 7;
    assert_false(acquire_list_take(&list, UINT64_MAX, &peer, &child));
    assert_true(acquire_list_deadline(&list) == UINT64_MAX);
}

static void the_pause_is_kept_and_taken_once(void **state)
{
    (void)state;
    struct acquire_list list = {0};
    uint16_t peer = 0, child = 0;
    acquire_list_failed(&list, 3, 2, NOW);
    assert_true(acquire_list_deadline(&list) == NOW + ACQUIRE_PAUSE_NS);
    assert_false(acquire_list_take(&list, NOW + ACQUIRE_PAUSE_NS - 1, &peer, &child));
    assert_true(acquire_list_take(&list, NOW + ACQUIRE_PAUSE_NS, &peer, &child));
    assert_int_equal(peer, 3);
    assert_int_equal(child, 2);
    assert_int_equal(list.count, 0);
    assert_false(acquire_list_take(&list, UINT64_MAX, &peer, &child));
    assert_true(acquire_list_deadline(&list) == UINT64_MAX);
}

/* A second failure of the same child moves its pause; it does not make two of it. */
static void failing_again_starts_the_pause_anew(void **state)
{
    (void)state;
    struct acquire_list list = {0};
    uint16_t peer, child;
    acquire_list_failed(&list, 1, 1, NOW);
    acquire_list_failed(&list, 1, 1, NOW + 10);
    assert_int_equal(list.count, 1);
    assert_false(acquire_list_take(&list, NOW + ACQUIRE_PAUSE_NS, &peer, &child));
    assert_true(acquire_list_take(&list, NOW + ACQUIRE_PAUSE_NS + 10, &peer, &child));
    assert_int_equal(list.count, 0);
}

static void the_deadline_is_the_earliest(void **state)
{
    (void)state;
    struct acquire_list list = {0};
    uint16_t peer, child;
    acquire_list_failed(&list, 0, 0, NOW + 20);
    acquire_list_failed(&list, PEERS_MAX - 1, CHILDREN_MAX - 1, NOW);
    assert_int_equal(list.count, 2);
    assert_true(acquire_list_deadline(&list) == NOW + ACQUIRE_PAUSE_NS);
    assert_true(acquire_list_take(&list, NOW + ACQUIRE_PAUSE_NS, &peer, &child));
    assert_int_equal(peer, PEERS_MAX - 1);
    assert_int_equal(child, CHILDREN_MAX - 1);
    assert_true(acquire_list_deadline(&list) == NOW + 20 + ACQUIRE_PAUSE_NS);
}

/* An event about no child of the configuration has indexes beyond every table. */
static void indexes_beyond_the_table_are_ignored(void **state)
{
    (void)state;
    struct acquire_list list = {0};
    acquire_list_failed(&list, PEERS_MAX, 0, NOW);
    acquire_list_failed(&list, 0, CHILDREN_MAX, NOW);
    acquire_list_failed(&list, UINT16_MAX, UINT16_MAX, NOW);
    assert_int_equal(list.count, 0);
    assert_true(acquire_list_deadline(&list) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_failed),
        cmocka_unit_test(the_pause_is_kept_and_taken_once),
        cmocka_unit_test(failing_again_starts_the_pause_anew),
        cmocka_unit_test(the_deadline_is_the_earliest),
        cmocka_unit_test(indexes_beyond_the_table_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
