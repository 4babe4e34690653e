/* A table of things by a 64-bit hash. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/hash_table.h"

struct thing {
    uint64_t name;
    struct hash_link link;
};

#define MANY 100000

static struct thing things[MANY];
static struct hash_table table;

static const struct thing *find(uint64_t hash)
{
    struct hash_link *link = hash_table_find(&table, hash);
    return link != NULL ? HASH_OWNER(link, struct thing, link) : NULL;
}

static size_t longest_chain(void)
{
    size_t longest = 0;
    for (size_t i = 0; i < table.used; i++) {
        size_t length = 0;
        for (const struct hash_link *l = table.buckets[i]; l != NULL; l = l->next) {
            length++;
        }
        longest = length > longest ? length : longest;
    }
    return longest;
}

/* Any number that looks like chance. */
static uint64_t scattered(uint64_t i)
{
    i = (i + 1) * 0x9e3779b97f4a7c15U;
    i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9U;
    return i ^ i >> 31;
}

/* All are found at every size on the way up, and none of those that are gone on the way down. */
static void test_up_and_down(void **state)
{
    (void)state;
    assert_int_equal(hash_table_init(&table), STATUS_OK);
    for (size_t i = 0; i < 300; i++) {
        assert_null(find(scattered(i)));
        hash_table_add(&table, &things[i].link, scattered(i));
        for (size_t k = 0; k <= i; k++) {
            assert_ptr_equal(find(scattered(k)), &things[k]);
        }
    }
    for (size_t i = 0; i < 300; i++) {
        size_t gone = i * 7 % 300; /* in another order */
        hash_table_remove(&table, &things[gone].link);
        assert_null(find(scattered(gone)));
        for (size_t k = i + 1; k < 300; k++) {
            assert_ptr_equal(find(scattered(k * 7 % 300)), &things[k * 7 % 300]);
        }
    }
    assert_int_equal(table.count, 0);
    hash_table_free(&table);
    hash_table_free(&table);
}

static void test_many(void **state)
{
    (void)state;
    assert_int_equal(hash_table_init(&table), STATUS_OK);
    for (size_t i = 0; i < MANY; i++) {
        hash_table_add(&table, &things[i].link, scattered(i));
    }
    assert_true(longest_chain() < 12);
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(find(scattered(i)), &things[i]);
        assert_null(find(~scattered(i)));
    }
    hash_table_free(&table);
}

/* Each of those that are in is told once, at any size, and none of the others. */
static void test_all_are_told(void **state)
{
    (void)state;
    assert_null(hash_table_after(&table, NULL)); /* of zeros */
    assert_int_equal(hash_table_init(&table), STATUS_OK);
    for (size_t count = 0; count < 100; count++) {
        bool told[100] = {false};
        size_t times = 0;
        const struct hash_link *link = NULL;
        while ((link = hash_table_after(&table, link)) != NULL) {
            told[(const struct thing *)HASH_OWNER(link, struct thing, link) - things] = true;
            times++;
        }
        assert_int_equal(times, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(told[i]);
        }
        hash_table_add(&table, &things[count].link, scattered(count / 2)); /* of one hash too */
    }
    hash_table_free(&table);
}

/* Of one hash are as many as there like to be, the newest first; others of the bucket are not. */
static void test_one_hash(void **state)
{
    (void)state;
    assert_int_equal(hash_table_init(&table), STATUS_OK);
    for (size_t i = 0; i < 20; i++) {
        hash_table_add(&table, &things[i].link, i % 2 == 0 ? 5 : 5 + (UINT64_C(1) << 40));
    }
    size_t seen = 20;
    for (struct hash_link *l = hash_table_find(&table, 5); l != NULL; l = hash_table_next(l)) {
        seen -= 2;
        assert_ptr_equal(HASH_OWNER(l, struct thing, link), &things[seen]);
    }
    assert_int_equal(seen, 0);
    hash_table_remove(&table, &things[18].link);
    assert_ptr_equal(find(5), &things[16]);
    hash_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up_and_down),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_all_are_told),
        cmocka_unit_test(test_one_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
