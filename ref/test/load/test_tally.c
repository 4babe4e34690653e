/* load/tally.c: causes by name, and no more of them than there is room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "load/tally.h"

static void causes_have_names(void **state)
{
    char name[TALLY_NAME_MAX];
    (void)state;
    assert_string_equal(tally_cause(STATUS_UNREACHABLE, name), "timeout");
    assert_string_equal(tally_cause(STATUS_DROP, name), "gone");
    assert_string_equal(tally_cause(STATUS_INTERNAL, name), "internal");
    assert_string_equal(tally_cause(STATUS_PEER(NO_PROPOSAL_CHOSEN), name), "NO_PROPOSAL_CHOSEN");
    assert_string_equal(tally_cause(STATUS_NOTIFY(AUTHENTICATION_FAILED), name),
                        "we say AUTHENTICATION_FAILED");
}

static void each_is_counted_in_the_order_it_was_first_seen(void **state)
{
    (void)state;
    struct tally tally = {0};
    const char *const seen[] = {"b", "a", "b", "b", "c", "a"};
    for (size_t i = 0; i < 6; i++) {
        tally_add(&tally, seen[i]);
    }
    assert_int_equal(tally.total, 6);
    assert_int_equal(tally.count, 3);
    assert_string_equal(tally.causes[0].name, "b");
    assert_int_equal(tally.causes[0].times, 3);
    assert_int_equal(tally.causes[1].times, 2);
    assert_int_equal(tally.causes[2].times, 1);
}

static void what_has_no_room_of_its_own_is_other(void **state)
{
    (void)state;
    static char names[TALLY_CAUSES + 8][2];
    struct tally tally = {0};
    for (size_t i = 0; i < TALLY_CAUSES + 8; i++) {
        names[i][0] = (char)('0' + i);
        tally_add(&tally, names[i]);
    }
    assert_int_equal(tally.count, TALLY_CAUSES);
    assert_int_equal(tally.total, TALLY_CAUSES + 8);
    assert_string_equal(tally.causes[TALLY_CAUSES - 1].name, "other");
    assert_int_equal(tally.causes[TALLY_CAUSES - 1].times, 9);
    assert_int_equal(tally.causes[TALLY_CAUSES - 2].times, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(causes_have_names),
        cmocka_unit_test(each_is_counted_in_the_order_it_was_first_seen),
        cmocka_unit_test(what_has_no_room_of_its_own_is_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
