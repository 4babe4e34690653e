/* What has been seen before. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/ledger.h"

static void test_notes_once(void **state)
{
    struct ledger ledger = {0};
    uint64_t before = 0;
    (void)state;
    assert_null(ledger_find(&ledger, 5));
    for (uint64_t i = 0; i < 5000; i++) { /* mark 0 too, and it grows several times */
        assert_true(ledger_note(&ledger, i * 977, i, NULL));
    }
    for (uint64_t i = 0; i < 5000; i++) {
        assert_false(ledger_note(&ledger, i * 977, 1, &before));
        assert_int_equal(before, i);
        assert_int_equal(*ledger_find(&ledger, i * 977), i);
    }
    assert_null(ledger_find(&ledger, 3));
    ledger_clear(&ledger);
    assert_null(ledger_find(&ledger, 977));
    assert_true(ledger_note(&ledger, 977, 2, NULL));
    ledger_free(&ledger);
}

static void test_marks_tell_octets_apart(void **state)
{
    uint8_t octets[24] = {0};
    uint64_t mark = mark_of(bytes_of(octets, sizeof octets));
    (void)state;
    for (size_t i = 0; i < sizeof octets; i++) {
        octets[i] ^= 1;
        assert_true(mark_of(bytes_of(octets, sizeof octets)) != mark);
        octets[i] ^= 1;
    }
    assert_true(mark_of(bytes_of(octets, 23)) != mark);
    assert_true(mark_of(bytes_of(octets, 24)) == mark);
    assert_true(mark_join(1, 2) != mark_join(2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes_once),
        cmocka_unit_test(test_marks_tell_octets_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
