/* Pairs in the order of time. */
#include "esp_lab.h"

#define PAIRS 5

static struct esp_pair pairs[PAIRS];

static void assert_order(struct due_list *list, const size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(due_list_first(list, UINT64_MAX), &pairs[order[i]]);
        due_list_remove(&pairs[order[i]]);
        assert_null(pairs[order[i]].due);
    }
    assert_null(due_list_first(list, UINT64_MAX));
    assert_int_equal(due_list_deadline(list), UINT64_MAX);
    assert_null(list->last);
}

static void test_order_of_time(void **state)
{
    (void)state;
    struct due_list list = {0};
    static const uint64_t times[PAIRS] = {30, 10, 30, 50, 20};
    static const size_t order[PAIRS] = {1, 4, 0, 2, 3}; /* of one time: as they came */
    for (size_t i = 0; i < PAIRS; i++) {
        due_list_add(&list, &pairs[i], times[i]);
    }
    assert_int_equal(due_list_deadline(&list), 10);
    assert_null(due_list_first(&list, 9));
    assert_ptr_equal(due_list_first(&list, 10), &pairs[1]);
    assert_order(&list, order, PAIRS);
}

/* The first, the last, and one between them. */
static void test_anybody_may_leave(void **state)
{
    (void)state;
    static const size_t left[][PAIRS] = {{1, 2, 3, 4}, {0, 1, 2, 3}, {0, 1, 3, 4}};
    static const size_t leaving[] = {0, 4, 2};
    for (size_t row = 0; row < 3; row++) {
        struct due_list list = {0};
        for (size_t i = 0; i < PAIRS; i++) {
            due_list_add(&list, &pairs[i], i);
        }
        due_list_remove(&pairs[leaving[row]]);
        due_list_remove(&pairs[leaving[row]]); /* no matter */
        assert_order(&list, left[row], PAIRS - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_time),
        cmocka_unit_test(test_anybody_may_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
