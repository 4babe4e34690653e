/* When each IKE SA is due next. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "sa/due_heap.h"

#define SOME 200

static struct due_heap heap;
static struct ike_sa *sas; /* of SOME */
static uint64_t at_ns[SOME];
static bool in[SOME];

static int set_up(void **state)
{
    (void)state;
    sas = calloc(SOME, sizeof *sas);
    if (sas == NULL || due_heap_init(&heap) != STATUS_OK) {
        return -1;
    }
    for (size_t i = 0; i < SOME; i++) {
        sas[i].id = (uint32_t)i + 1;
        in[i] = false;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    due_heap_free(&heap);
    due_heap_free(&heap);
    free(sas);
    return 0;
}

static void add(size_t i, uint64_t at)
{
    assert_int_equal(due_heap_add(&heap, &sas[i], at), STATUS_OK);
    at_ns[i] = at;
    in[i] = true;
}

/* The first by time, the newest of one time, looked for among all; NULL: none. */
static const struct ike_sa *first(void)
{
    size_t best = SOME;
    for (size_t i = 0; i < SOME; i++) {
        if (in[i] && (best == SOME || at_ns[i] <= at_ns[best])) {
            best = i;
        }
    }
    return best < SOME ? &sas[best] : NULL;
}

static void assert_first(void)
{
    const struct ike_sa *wanted = first();
    assert_ptr_equal(heap.count > 0 ? heap.entries[0].sa : NULL, wanted);
    if (wanted != NULL) {
        assert_int_equal(heap.entries[0].at_ns, at_ns[wanted - sas]);
    }
}

/* Whatever is done to them, the first is the one that a look at all of them finds. */
static void test_as_looked_for(void **state)
{
    (void)state;
    uint64_t dice = 1;
    assert_first();
    for (size_t step = 0; step < 20000; step++) {
        dice = dice * 6364136223846793005U + 1442695040888963407U;
        size_t i = (size_t)(dice >> 33) % SOME;
        uint64_t at = (dice >> 45) % 50; /* many of one time */
        if (!in[i]) {
            add(i, at);
        } else if ((dice >> 60) % 4 == 0) {
            due_heap_remove(&heap, &sas[i]);
            in[i] = false;
        } else {
            due_heap_set(&heap, &sas[i], at_ns[i] = at);
        }
        assert_first();
    }
}

static void test_one_after_the_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < SOME; i++) {
        add(i, i * 7919 % 61);
    }
    for (size_t left = SOME; left > 0; left--) {
        assert_first();
        const struct ike_sa *sa = first();
        due_heap_remove(&heap, heap.entries[0].sa);
        in[sa - sas] = false;
    }
    assert_int_equal(heap.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_looked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_after_the_other, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
