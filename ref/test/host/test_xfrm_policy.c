/* host/xfrm_policy: requests octet by octet as `ip xfrm` makes them (iproute2 6.1, recorded), and
 * the kernel's SPD. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "host/netlink.h"
#include "host/xfrm_policy.h"
#include "host/xfrm_selector.h"
#include "net_lab.h"
#include "xfrm_lab.h"

/* policy update src 10.1.0.0/24 dst 10.2.0.0/24 proto tcp dport 443 dir out priority 5 tmpl src
 * 192.0.2.1 dst 192.0.2.2 proto esp spi 0x11223344 reqid 7 mode tunnel flag icmp */
static const char out_through_esp[] =
    "0a0200000000000000000000000000000a01000000000000000000000000000001bbffff0000"
    "000002001818060000000000000000000000ffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffff0000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0500000000000000010002000000000044000500c00002020000000000000000000000001122"
    "33443200000002000000c00002010000000000000000000000000700000001000000ffffffff"
    "ffffffffffffffff";

/* policy update src 10.1.0.0/24 dst 10.2.0.0/24 dir fwd priority 6 action block flag icmp */
static const char blocked[] =
    "0a0200000000000000000000000000000a010000000000000000000000000000000000000000"
    "000002001818000000000000000000000000ffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffff0000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000"
    "06000000000000000201020000000000";

/* policy update dir out src ::/0 dst ::/0 mark 0x77 priority 7 flag icmp */
static const char in_the_clear[] =
    "0000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000a000000000000000000000000000000ffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffff0000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000"
    "070000000000000001000200000000000c00150077000000ffffffff";

static struct xfrm_policy policy_of(const char *local, const char *remote)
{
    static struct xfrm_selector_list made;
    struct selector_list l = {.count = 1}, r = {.count = 1};
    assert_true(selector_parse(local, &l.items[0]) && selector_parse(remote, &r.items[0]));
    assert_true(xfrm_selectors_of(&l, &r, &made));
    return (struct xfrm_policy){.direction = XFRM_POLICY_OUT, .selector = made.items[0]};
}

static void as_iproute2_says_it(void **state)
{
    (void)state;
    uint8_t buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8)));
    struct xfrm_policy policy = policy_of("10.1.0.0/24", "10.2.0.0/24[tcp/443]");
    policy.priority = 5;
    policy.reqid = 7;
    policy.spi = 0x11223344;
    policy.source = net_lab_address("192.0.2.1");
    policy.destination = net_lab_address("192.0.2.2");
    xfrm_lab_expect(xfrm_policy_build(buffer, &policy), out_through_esp);
    policy = policy_of("10.1.0.0/24", "10.2.0.0/24");
    policy.direction = XFRM_POLICY_FWD;
    policy.action = XFRM_ACTION_BLOCK;
    policy.priority = 6;
    xfrm_lab_expect(xfrm_policy_build(buffer, &policy), blocked);
    policy = (struct xfrm_policy){.direction = XFRM_POLICY_OUT,
                                  .selector.family = AF_INET6,
                                  .action = XFRM_ACTION_BYPASS,
                                  .mark = 0x77,
                                  .priority = 7};
    xfrm_lab_expect(xfrm_policy_build(buffer, &policy), in_the_clear);
}

#define SHOW "ip xfrm policy 2>&1"

static void put_replaced_removed(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_policy policy = policy_of("10.1.0.0/24", "10.2.0.0/24");
    policy.priority = 1000;
    policy.reqid = 7;
    assert_int_equal(xfrm_policy_put(&policy), 0);
    policy.spi = 0x11223344;
    assert_int_equal(xfrm_policy_put(&policy), 0);
    assert_int_equal(xfrm_lab_count(SHOW, "dir out priority 1000"), 1);
    assert_int_equal(xfrm_lab_count(SHOW, "spi 0x11223344"), 1);
    struct xfrm_policy marked = policy;
    marked.mark = 0x77;
    assert_int_equal(xfrm_policy_put(&marked), 0);
    assert_int_equal(xfrm_lab_count(SHOW, "dir out priority 1000"), 2);
    assert_int_equal(xfrm_policy_remove(&policy), 0);
    assert_int_equal(xfrm_policy_remove(&policy), ENOENT);
    assert_int_equal(xfrm_lab_count(SHOW, "mark 0x77"), 1);
    assert_int_equal(xfrm_policy_remove(&marked), 0);
    assert_int_equal(xfrm_lab_count(SHOW, "priority"), 0);
}

static void remove_each(void *context, const struct xfrm_policy *policy)
{
    size_t *count = context;
    assert_in_range(policy->priority, 1000, 1009);
    assert_int_equal(xfrm_policy_remove(policy), 0);
    (*count)++;
}

static void those_of_some_priorities(void **state)
{
    (void)state;
    net_lab_enter();
    for (uint32_t i = 0; i < 40; i++) {
        struct xfrm_policy policy = policy_of("10.1.0.0/24", "10.2.0.0/24");
        policy.selector.dport = htons((uint16_t)i);
        policy.selector.dport_mask = UINT16_MAX;
        policy.priority = 990 + i;
        policy.mark = i % 2 == 0 ? 0 : 0x77;
        policy.direction = (uint8_t)(i % 3);
        assert_int_equal(xfrm_policy_put(&policy), 0);
    }
    size_t count = 0;
    xfrm_policy_each(1000, 1009, remove_each, &count);
    assert_int_equal(count, 10);
    assert_int_equal(xfrm_lab_count(SHOW, "priority"), 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_iproute2_says_it),
                                       cmocka_unit_test(put_replaced_removed),
                                       cmocka_unit_test(those_of_some_priorities)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
