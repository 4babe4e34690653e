/* host/xfrm_policy_table: of all who want a policy the highest has it, and when it goes the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/xfrm_policy_table.h"
#include "host/xfrm_selector.h"
#include "net_lab.h"
#include "xfrm_lab.h"

#define SHOW "ip xfrm policy 2>&1"

static struct xfrm_policy wish(uint8_t direction, uint32_t spi)
{
    struct event event = xfrm_lab_child(0, 0);
    static struct xfrm_selector_list made;
    assert_true(xfrm_selectors_of(&event.child.local, &event.child.remote, &made));
    return (struct xfrm_policy){.direction = direction,
                                .selector = made.items[0],
                                .priority = 1000,
                                .reqid = 7,
                                .spi = spi};
}

static void highest_first(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_policy_table table = {0};
    struct xfrm_policy low = wish(XFRM_POLICY_OUT, 0x11), high = wish(XFRM_POLICY_OUT, 0x22);
    assert_false(xfrm_policy_table_has(&table, &low));
    assert_int_equal(xfrm_policy_table_put(&table, 1, 10, &low), 0);
    assert_int_equal(xfrm_lab_count(SHOW, "spi 0x00000011"), 1);
    assert_int_equal(xfrm_policy_table_put(&table, 2, 20, &high), 0);
    assert_int_equal(xfrm_lab_count(SHOW, "spi 0x00000022"), 1);
    assert_int_equal(xfrm_lab_count(SHOW, "dir out"), 1);
    assert_int_equal(xfrm_policy_table_put(&table, 3, 15, &low), 0); /* below: nothing changes */
    assert_int_equal(xfrm_lab_count(SHOW, "spi 0x00000022"), 1);
    xfrm_policy_table_remove(&table, 2, XFRM_POLICY_OUT);
    assert_int_equal(xfrm_lab_count(SHOW, "spi 0x00000011"), 1);
    xfrm_policy_table_remove(&table, 1, XFRM_POLICY_OUT);
    xfrm_policy_table_remove(&table, 3, XFRM_POLICY_OUT);
    assert_int_equal(xfrm_lab_count(SHOW, "dir out"), 0);
    assert_false(xfrm_policy_table_has(&table, &low));
    xfrm_policy_table_destroy(&table);
}

static void the_same_owner_again(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_policy_table table = {0};
    struct xfrm_policy policy = wish(XFRM_POLICY_OUT, 0x11);
    assert_int_equal(xfrm_policy_table_put(&table, 1, 10, &policy), 0);
    policy.spi = 0x33;
    assert_int_equal(xfrm_policy_table_put(&table, 1, 10, &policy), 0);
    assert_int_equal(table.count, 1);
    assert_int_equal(xfrm_lab_count(SHOW, "spi 0x00000033"), 1);
    xfrm_policy_table_destroy(&table);
}

static void directions_are_apart(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_policy_table table = {0};
    struct xfrm_policy out = wish(XFRM_POLICY_OUT, 0), in = wish(XFRM_POLICY_IN, 0);
    assert_int_equal(xfrm_policy_table_put(&table, 1, 10, &out), 0);
    assert_int_equal(xfrm_policy_table_put(&table, 1, 10, &in), 0);
    xfrm_policy_table_remove(&table, 1, XFRM_POLICY_OUT);
    assert_int_equal(xfrm_lab_count(SHOW, "dir in"), 1);
    assert_int_equal(xfrm_lab_count(SHOW, "dir out"), 0);
    xfrm_policy_table_destroy(&table);
    assert_int_equal(xfrm_lab_count(SHOW, "dir in"), 1); /* the kernel's stay */
}

static void refreshed_only_where_it_counts(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_policy_table table = {0};
    struct xfrm_policy low = wish(XFRM_POLICY_OUT, 0x11), high = wish(XFRM_POLICY_OUT, 0x22);
    assert_int_equal(xfrm_policy_table_put(&table, 1, 10, &low), 0);
    assert_int_equal(xfrm_policy_table_put(&table, 2, 20, &high), 0);
    xfrm_policy_table_refresh(&table, 1, XFRM_POLICY_OUT);
    assert_int_equal(xfrm_lab_count(SHOW, "spi 0x00000022"), 1);
    net_lab_ip("xfrm policy flush");
    xfrm_policy_table_refresh(&table, 2, XFRM_POLICY_OUT);
    assert_int_equal(xfrm_lab_count(SHOW, "spi 0x00000022"), 1);
    xfrm_policy_table_destroy(&table);
}

static void refused_is_not_wanted(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_policy_table table = {0};
    struct xfrm_policy policy = wish(XFRM_POLICY_OUT, 0x11);
    policy.selector.prefixlen_s = 77; /* no IPv4 prefix */
    assert_int_not_equal(xfrm_policy_table_put(&table, 1, 10, &policy), 0);
    assert_int_equal(table.count, 0);
    xfrm_policy_table_destroy(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(highest_first), cmocka_unit_test(the_same_owner_again),
        cmocka_unit_test(directions_are_apart), cmocka_unit_test(refreshed_only_where_it_counts),
        cmocka_unit_test(refused_is_not_wanted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
