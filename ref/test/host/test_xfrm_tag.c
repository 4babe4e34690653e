/* host/xfrm_tag: numbers of ours, and nobody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "host/xfrm_tag.h"

#define MARK 0x77

static void within(uint32_t number)
{
    assert_in_range(number, xfrm_tag_first(MARK), xfrm_tag_last(MARK));
}

static void a_child_and_back(void **state)
{
    (void)state;
    uint16_t peer, child;
    for (uint16_t i = 0; i < PEERS_MAX; i++) {
        for (uint16_t j = 0; j < CHILDREN_MAX; j++) {
            for (int has_sa = 0; has_sa < 2; has_sa++) {
                uint32_t priority = xfrm_priority_of_child(MARK, i, j, has_sa != 0);
                within(priority);
                assert_true(xfrm_priority_child(MARK, priority, &peer, &child));
                assert_int_equal(peer, i);
                assert_int_equal(child, j);
            }
        }
        within(xfrm_reqid_of_peer(MARK, i));
        assert_int_not_equal(xfrm_reqid_of_peer(MARK, i), xfrm_reqid_of_none(MARK));
    }
    within(xfrm_reqid_of_none(MARK));
}

static void the_order(void **state)
{
    (void)state;
    uint32_t bypass = xfrm_priority_of_bypass(MARK);
    uint32_t with = xfrm_priority_of_child(MARK, 0, 0, true);
    uint32_t without = xfrm_priority_of_child(MARK, 0, 0, false);
    uint32_t next = xfrm_priority_of_child(MARK, 0, 1, true);
    assert_true(bypass < with && with < without && without < next);
    uint16_t peer, child;
    assert_false(xfrm_priority_child(MARK, bypass, &peer, &child));
    assert_false(xfrm_priority_child(MARK, xfrm_tag_last(MARK), &peer, &child));
    assert_false(xfrm_priority_child(0x78, with, &peer, &child));
}

static void other_marks_are_other_daemons(void **state)
{
    (void)state;
    assert_true(xfrm_tag_last(0x77) < xfrm_tag_first(0x78));
    assert_true(xfrm_tag_first(0) > 0xffff); /* far from the small numbers others count with */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_child_and_back),
                                       cmocka_unit_test(the_order),
                                       cmocka_unit_test(other_marks_are_other_daemons)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
