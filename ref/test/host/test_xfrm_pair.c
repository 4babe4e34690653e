/* host/xfrm_pair: a Child SA in the kernel, from its making to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/xfrm_pair.h"
#include "host/xfrm_tag.h"
#include "net_lab.h"
#include "xfrm_lab.h"

#define STATE "ip -s xfrm state 2>&1"
#define POLICY "ip xfrm policy 2>&1"
#define MARK 0x77

static struct xfrm_policy_table table;

static struct xfrm_pair *create(const struct event *event, uint64_t number)
{
    struct child_config config = {.replay_window = 64, .copy_dscp = true, .ecn = true};
    struct problem problem = {0};
    struct xfrm_pair *pair = xfrm_pair_create(event, &config, MARK, number, 1, &table, &problem);
    if (pair == NULL) {
        fail_msg("%s", problem.text);
    }
    return pair;
}

static void from_making_to_end(void **state)
{
    (void)state;
    xfrm_lab_enter();
    struct event event = xfrm_lab_child(0x1001, 0x2002);
    struct xfrm_pair *pair = create(&event, 1);
    assert_int_equal(xfrm_lab_count(STATE, "proto esp"), 2);
    assert_int_equal(xfrm_lab_count(POLICY, "dir in"), 1);
    assert_int_equal(xfrm_lab_count(POLICY, "dir fwd"), 1);
    assert_int_equal(xfrm_lab_count(POLICY, "dir out"), 0); /* not before it is told */
    assert_int_equal(xfrm_pair_send(pair, &table), 0);
    assert_int_equal(xfrm_lab_count(POLICY, "spi 0x00002002"), 1);
    xfrm_pair_stop_sending(pair, &table);
    pair->lingering = true;
    assert_int_equal(xfrm_lab_count(POLICY, "dir out"), 0);
    assert_int_equal(xfrm_lab_count(STATE, "spi 0x00001001"), 1); /* still receives */
    xfrm_pair_destroy(pair, &table);
    assert_int_equal(xfrm_lab_count(STATE, "proto esp") + xfrm_lab_count(POLICY, "dir"), 0);
    xfrm_policy_table_destroy(&table);
}

static void a_rekey_is_one_change_of_policy(void **state)
{
    (void)state;
    xfrm_lab_enter();
    struct event old_event = xfrm_lab_child(0x1001, 0x2002);
    struct event new_event = xfrm_lab_child(0x1003, 0x2004);
    new_event.child.outbound_standby = true;
    struct xfrm_pair *old_pair = create(&old_event, 1), *pair = create(&new_event, 2);
    assert_int_equal(xfrm_pair_send(old_pair, &table), 0);
    assert_int_equal(xfrm_lab_count(STATE, "limit: soft 0(packets)"), 1); /* tells its first */
    xfrm_pair_started_receiving(pair);
    assert_int_equal(xfrm_lab_count(STATE, "limit: soft 0(packets)"), 0);
    assert_int_equal(xfrm_pair_send(pair, &table), 0);
    assert_int_equal(xfrm_lab_count(POLICY, "dir out"), 1);
    assert_int_equal(xfrm_lab_count(POLICY, "spi 0x00002004"), 1);
    xfrm_pair_destroy(old_pair, &table);
    assert_int_equal(xfrm_lab_count(POLICY, "spi 0x00002004"), 1);
    xfrm_pair_destroy(pair, &table);
    xfrm_policy_table_destroy(&table);
}

static void moved(void **state)
{
    (void)state;
    xfrm_lab_enter();
    struct event event = xfrm_lab_child(0x1001, 0x2002);
    struct xfrm_pair *pair = create(&event, 1);
    assert_int_equal(xfrm_pair_send(pair, &table), 0);
    struct path path = pair->path;
    path.remote.ip = net_lab_address("198.51.100.7");
    path.remote.port = 40000;
    assert_int_equal(xfrm_pair_move(pair, &path, true, &table), 0);
    assert_int_equal(xfrm_lab_count(STATE, "sport 40000 dport 4500"), 1);
    assert_int_equal(xfrm_lab_count(STATE, "sport 4500 dport 40000"), 1);
    assert_int_equal(xfrm_lab_count(POLICY, "src 192.0.2.1 dst 198.51.100.7"), 1);
    xfrm_pair_destroy(pair, &table);
    assert_int_equal(xfrm_lab_count(STATE, "proto esp"), 0);
    xfrm_policy_table_destroy(&table);
}

/* Needs no kernel. */
static void covers(void **state)
{
    (void)state;
    struct event event = xfrm_lab_child(1, 2);
    struct xfrm_pair pair = {.local = event.child.local, .remote = event.child.remote};
    struct packet_key key = {.source = net_lab_address("10.1.0.9"),
                             .destination = net_lab_address("10.2.0.9")};
    assert_true(xfrm_pair_covers(&pair, &key));
    key.destination = net_lab_address("10.3.0.9");
    assert_false(xfrm_pair_covers(&pair, &key));
}

static void selectors_no_kernel_can_say(void **state)
{
    (void)state;
    struct event event = xfrm_lab_child(1, 2);
    struct child_config config = {0};
    struct problem problem = {0};
    event.child.local.items[0].protocol = 6;
    event.child.local.items[0].port_start = UINT16_MAX; /* OPAQUE */
    event.child.local.items[0].port_end = 0;
    assert_null(xfrm_pair_create(&event, &config, MARK, 1, 1, &table, &problem));
    assert_non_null(strstr(problem.text, "data-plane = \"tun\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(from_making_to_end),
                                       cmocka_unit_test(a_rekey_is_one_change_of_policy),
                                       cmocka_unit_test(moved), cmocka_unit_test(covers),
                                       cmocka_unit_test(selectors_no_kernel_can_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
