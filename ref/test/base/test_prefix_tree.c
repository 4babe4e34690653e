/* Things by the addresses they are for. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/prefix_tree.h"

#define SOME 60

static struct prefix_tree tree;
static struct thing {
    struct selector_list ranges;
    bool in;
} things[SOME];
static uint64_t dice = 1;

static size_t memory_left = SIZE_MAX; /* allocations that will succeed */

__typeof__(malloc) __real_malloc, __wrap_malloc;
void *__wrap_malloc(size_t size)
{
    return memory_left == 0 ? NULL : (memory_left--, __real_malloc(size));
}

__typeof__(calloc) __real_calloc, __wrap_calloc;
void *__wrap_calloc(size_t count, size_t size)
{
    return memory_left == 0 ? NULL : (memory_left--, __real_calloc(count, size));
}

static uint32_t below(uint32_t sides)
{
    dice = dice * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(dice >> 33) % sides;
}

/* Of few bits, in the middle, so that they meet; of both families. */
static struct address some_address(uint8_t family)
{
    struct address a = {.family = family};
    a.octets[family == ADDRESS_V6 ? 7 : 1] = (uint8_t)below(4);
    a.octets[family == ADDRESS_V6 ? 8 : 2] = (uint8_t)(below(4) << 6);
    return a;
}

static struct traffic_selector some_range(void)
{
    uint8_t family = below(3) == 0 ? ADDRESS_V6 : ADDRESS_V4;
    struct address a = some_address(family), b = some_address(family);
    switch (below(4)) {
    case 0: {
        struct traffic_selector any = selector_any((enum address_family)family);
        return any;
    }
    case 1:
        return selector_host(&a);
    default: { /* any range, or a prefix */
        bool forwards = address_compare(&a, &b) <= 0;
        struct traffic_selector s = selector_host(forwards ? &a : &b);
        s.end = forwards ? b : a;
        memset(s.end.octets + (family == ADDRESS_V6 ? 9 : 3), 0xff, 1);
        return s;
    }
    }
}

static bool meet(const struct traffic_selector *a, const struct traffic_selector *b)
{
    struct traffic_selector both;
    return selector_intersect(a, b, &both);
}

static bool any_meets(const struct selector_list *ranges, const struct traffic_selector *wanted)
{
    for (size_t i = 0; i < ranges->count; i++) {
        if (meet(&ranges->items[i], wanted)) {
            return true;
        }
    }
    return false;
}

/* All that meet are among what the walk finds; each prefix's items are in order. */
static void assert_found(struct prefix_walk walk, const struct traffic_selector *wanted)
{
    bool seen[SOME] = {false};
    size_t steps = 0;
    for (const struct prefix_item *items; (items = prefix_walk_next(&walk)) != NULL; steps++) {
        for (const struct prefix_item *item = items; item != NULL; item = item->next) {
            assert_true(item->next == NULL || item->order < item->next->order);
            assert_ptr_equal(item->owner, &things[item->order]);
            assert_true(things[item->order].in);
            seen[item->order] = true;
        }
    }
    assert_null(prefix_walk_next(&walk));
    assert_true(steps <= 129 * SOME);
    for (size_t i = 0; i < SOME; i++) {
        assert_true(seen[i] || !things[i].in || !any_meets(&things[i].ranges, wanted));
    }
}

static void test_all_that_meet_are_found(void **state)
{
    (void)state;
    for (size_t step = 0; step < 20000; step++) {
        struct thing *thing = &things[below(SOME)];
        size_t order = (size_t)(thing - things);
        if (thing->in) {
            prefix_tree_remove(&tree, selectors_of(&thing->ranges), order);
        } else {
            thing->ranges.count = below(4);
            for (size_t i = 0; i < thing->ranges.count; i++) {
                thing->ranges.items[i] = some_range();
            }
            assert_int_equal(prefix_tree_add(&tree, selectors_of(&thing->ranges), order, thing),
                             STATUS_OK);
        }
        thing->in = !thing->in;
        struct traffic_selector wanted = some_range();
        assert_found(prefix_walk_range(&tree, &wanted), &wanted);
        struct traffic_selector host = selector_host(&wanted.start);
        assert_found(prefix_walk_address(&tree, &wanted.start), &host);
    }
    for (size_t i = 0; i < SOME; i++) {
        if (things[i].in) {
            prefix_tree_remove(&tree, selectors_of(&things[i].ranges), i);
            things[i].in = false;
        }
    }
    assert_null(tree.roots[0]);
    assert_null(tree.roots[1]);
}

/* Without memory nothing has changed, at whatever place it was short. */
static void test_without_memory(void **state)
{
    (void)state;
    for (size_t step = 0; step < 300; step++) {
        struct thing *thing = &things[below(SOME)];
        size_t order = (size_t)(thing - things), failures = 0;
        if (thing->in) {
            prefix_tree_remove(&tree, selectors_of(&thing->ranges), order);
            thing->in = false;
            continue;
        }
        thing->ranges.count = 1 + below(3);
        for (size_t i = 0; i < thing->ranges.count; i++) {
            thing->ranges.items[i] = some_range();
        }
        for (;; failures++) {
            memory_left = failures;
            enum status status = prefix_tree_add(&tree, selectors_of(&thing->ranges), order, thing);
            memory_left = SIZE_MAX;
            if (status == STATUS_OK) {
                break;
            }
            assert_int_equal(status, STATUS_INTERNAL);
            struct traffic_selector any = selector_any(ADDRESS_V4);
            assert_found(prefix_walk_range(&tree, &any), &any); /* and no `thing` */
        }
        assert_true(failures >= 1);
        thing->in = true;
    }
    for (size_t i = 0; i < SOME; i++) {
        if (things[i].in) {
            prefix_tree_remove(&tree, selectors_of(&things[i].ranges), i);
            things[i].in = false;
        }
    }
    assert_null(tree.roots[0]);
    assert_null(tree.roots[1]);
}

static struct selector_list net(uint8_t a, uint8_t b, uint8_t c, uint8_t last)
{
    uint8_t start[4] = {a, b, c, 0}, end[4] = {a, b, c, last};
    struct selector_list list = {.count = 1};
    list.items[0] = (struct traffic_selector){.port_end = UINT16_MAX,
                                              .start = address_from(bytes_of(start, 4)),
                                              .end = address_from(bytes_of(end, 4))};
    return list;
}

/* Of many, no more are looked at than can be meant. */
static void test_others_are_passed_by(void **state)
{
    (void)state;
    static char owners[1024];
    for (size_t i = 0; i < 1024; i++) {
        struct selector_list list = net(10, (uint8_t)(i / 256), (uint8_t)i, 255);
        assert_int_equal(prefix_tree_add(&tree, selectors_of(&list), i, &owners[i]), STATUS_OK);
    }
    for (size_t i = 0; i < 1024; i++) {
        struct selector_list list = net(10, (uint8_t)(i / 256), (uint8_t)i, 7);
        struct prefix_walk walk = prefix_walk_address(&tree, &list.items[0].end);
        const struct prefix_item *item = prefix_walk_next(&walk);
        assert_ptr_equal(item->owner, &owners[i]);
        assert_null(item->next);
        assert_null(prefix_walk_next(&walk));
        walk = prefix_walk_range(&tree, &list.items[0]);
        assert_ptr_equal(prefix_walk_next(&walk)->owner, &owners[i]);
        assert_null(prefix_walk_next(&walk));
    }
    struct selector_list elsewhere = net(11, 0, 0, 255);
    struct prefix_walk walk = prefix_walk_address(&tree, &elsewhere.items[0].start);
    assert_null(prefix_walk_next(&walk));
    for (size_t i = 0; i < 1024; i++) {
        struct selector_list list = net(10, (uint8_t)(i / 256), (uint8_t)i, 255);
        prefix_tree_remove(&tree, selectors_of(&list), i);
    }
    assert_null(tree.roots[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_that_meet_are_found),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_others_are_passed_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
