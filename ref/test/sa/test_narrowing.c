/* Narrowing, RFC 7296 2.9. Lists are written as text, selectors apart by spaces. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <stdio.h>

#include "sa/narrowing.h"

static struct selector_list list_of(const char *text)
{
    struct selector_list list = {.count = 0};
    char word[SELECTOR_TEXT_MAX];
    int used;
    while (sscanf(text, "%159s%n", word, &used) == 1) {
        assert_true(selector_parse(word, &list.items[list.count++]));
        text += used;
    }
    return list;
}

static void assert_narrowed(const char *offered, const char *policy, const char *expected)
{
    struct selector_list a = list_of(offered);
    struct selector_list b = list_of(policy);
    struct selector_list e = list_of(expected);
    struct selector_list out;
    assert_int_equal(selectors_narrow(&a, &b, &out), e.count > 0);
    assert_int_equal(out.count, e.count);
    for (size_t i = 0; i < e.count; i++) {
        assert_true(selector_equal(&out.items[i], &e.items[i]));
    }
    if (e.count > 0) {
        assert_true(selectors_within(selectors_of(&out), selectors_of(&a)));
        assert_true(selectors_within(selectors_of(&out), selectors_of(&b)));
    }
}

static void test_table(void **state)
{
    (void)state;
    assert_narrowed("10.1.0.0/24", "10.1.0.0/24", "10.1.0.0/24");
    assert_narrowed("0.0.0.0/0", "10.1.0.0/24", "10.1.0.0/24");
    assert_narrowed("10.1.0.0/24", "0.0.0.0/0", "10.1.0.0/24");
    assert_narrowed("10.1.0.0/24", "10.2.0.0/24", "");
    assert_narrowed("10.1.0.0/24[tcp]", "10.1.0.0/25[tcp/443]", "10.1.0.0/25[tcp/443]");
    assert_narrowed("10.1.0.0/24[udp]", "10.1.0.0/24[tcp]", "");
    assert_narrowed("0.0.0.0/0 ::/0", "10.1.0.0/24", "10.1.0.0/24");
    assert_narrowed("10.1.0.0/24 10.3.0.0/24", "10.0.0.0/8", "10.1.0.0/24 10.3.0.0/24");
    assert_narrowed("10.0.0.0/8", "10.1.0.0/24 10.3.0.0/24", "10.1.0.0/24 10.3.0.0/24");
    /* what is within another says nothing more, whichever comes first */
    assert_narrowed("10.1.0.0/24 10.1.0.7", "10.0.0.0/8", "10.1.0.0/24");
    assert_narrowed("10.1.0.7 10.1.0.0/24", "10.0.0.0/8", "10.1.0.0/24");
    assert_narrowed("10.1.0.1-10.1.0.9", "10.1.0.5-10.1.0.20", "10.1.0.5-10.1.0.9");
}

/* The packet that wanted the SA comes first and is covered by what comes out. */
static void test_packet_first(void **state)
{
    (void)state;
    assert_narrowed("10.1.0.5[tcp/80] 10.1.0.0/24", "10.1.0.0/24", "10.1.0.0/24");
    assert_narrowed("10.1.0.5[tcp/80] 10.1.0.0/24", "10.1.0.0/28", "10.1.0.0/28");
    assert_narrowed("10.1.0.5[tcp/80] 10.1.0.0/24", "10.1.0.0/24[tcp]", "10.1.0.0/24[tcp]");
}

static void test_many(void **state)
{
    struct selector_list hosts = {.count = SELECTORS_MAX};
    struct selector_list out;
    (void)state;
    for (size_t i = 0; i < SELECTORS_MAX; i++) {
        char text[SELECTOR_TEXT_MAX];
        snprintf(text, sizeof text, "10.1.0.%zu", 2 * i);
        assert_true(selector_parse(text, &hosts.items[i]));
    }
    assert_true(selectors_narrow(&hosts, &hosts, &out));
    assert_int_equal(out.count, SELECTORS_MAX);
    assert_true(selector_list_equal(&out, &hosts));
}

static void test_within(void **state)
{
    struct selector_list outer = list_of("10.1.0.0/24 10.2.0.0/24[tcp]");
    (void)state;
    struct selector_list inner = list_of("10.1.0.7 10.2.0.0/25[tcp/22]");
    assert_true(selectors_within(selectors_of(&inner), selectors_of(&outer)));
    inner = list_of("10.1.0.7 10.2.0.0/25");
    assert_false(selectors_within(selectors_of(&inner), selectors_of(&outer)));
    inner.count = 0;
    assert_false(
        selectors_within(selectors_of(&inner), selectors_of(&outer))); /* nothing is no answer */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_packet_first),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
