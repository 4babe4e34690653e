/* host/pair_list.c: what the host remembers of the pairs, through growing and shrinking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/pair_list.h"

#define MANY 100

static const struct path somewhere = {.local = {.port = 500}, .remote = {.port = 500}};
static const struct path elsewhere = {.local = {.port = 4500}, .remote = {.port = 4501}};

static const struct pair_entry *find(const struct pair_list *list, uint32_t spi_in)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->spi_in == spi_in) {
            return list->items[i];
        }
    }
    return NULL;
}

static void fill(struct pair_list *list)
{
    for (uint32_t i = 1; i <= MANY; i++) {
        assert_true(pair_list_add(list, i, &somewhere));
    }
}

static void the_list_grows(void **state)
{
    (void)state;
    struct pair_list list;
    assert_int_equal(pair_list_init(&list), STATUS_OK);
    fill(&list);
    assert_int_equal(list.count, MANY);
    assert_true(list.capacity >= list.count);
    for (uint32_t i = 1; i <= MANY; i++) {
        const struct pair_entry *entry = find(&list, i);
        assert_non_null(entry);
        assert_true(path_equal(&entry->path, &somewhere));
        assert_true(entry->last_in_ns == 0 && entry->last_out_ns == 0);
    }
    pair_list_destroy(&list);
    assert_null(list.items);
    assert_true(list.count == 0 && list.capacity == 0);
    pair_list_destroy(&list); /* of zeros */
}

/* Each of a pair's neighbours must outlive it, wherever in the list it stood. */
static void only_the_named_one_is_removed(void **state)
{
    (void)state;
    static const uint32_t gone[] = {1, MANY, MANY / 2};
    struct pair_list list;
    assert_int_equal(pair_list_init(&list), STATUS_OK);
    fill(&list);
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
        pair_list_remove(&list, gone[i]);
        assert_null(find(&list, gone[i]));
        assert_int_equal(list.count, MANY - 1 - i);
    }
    for (uint32_t i = 2; i < MANY; i++) {
        assert_true(i == MANY / 2 || find(&list, i) != NULL);
    }
    pair_list_remove(&list, 4711);
    assert_int_equal(list.count, MANY - 3);
    for (uint32_t i = MANY; i > 0; i--) { /* whoever has moved to another place is still found */
        pair_list_remove(&list, i);
    }
    assert_int_equal(list.count, 0);
    pair_list_destroy(&list);
}

static void a_move_changes_the_path_alone(void **state)
{
    (void)state;
    struct pair_list list;
    assert_int_equal(pair_list_init(&list), STATUS_OK);
    assert_true(pair_list_add(&list, 1, &somewhere));
    assert_true(pair_list_add(&list, 2, &somewhere));
    list.items[1]->last_in_ns = 77;
    pair_list_move(&list, 2, &elsewhere);
    pair_list_move(&list, 3, &elsewhere); /* nobody */
    assert_true(path_equal(&find(&list, 1)->path, &somewhere));
    assert_true(path_equal(&find(&list, 2)->path, &elsewhere));
    assert_int_equal(find(&list, 2)->last_in_ns, 77);
    assert_int_equal(list.count, 2);
    pair_list_destroy(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_grows),
        cmocka_unit_test(only_the_named_one_is_removed),
        cmocka_unit_test(a_move_changes_the_path_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
