/* Data of the PUZZLE notification, RFC 8019 8.1: a PRF and a difficulty. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "octets.h"
#include "wire/payloads.h"

static enum status parse(struct bytes data)
{
    struct puzzle_notify puzzle;
    return puzzle_notify_parse(data, &puzzle);
}

static void test_parse(void **state)
{
    (void)state;
    static const struct parse_case cases[] = {
        {"as it is", "0005 12", STATUS_OK},
        {"the initiator may choose", "0005 00", STATUS_OK},
        {"a PRF nobody has", "ffff ff", STATUS_OK},
        {"octets left over", "0005 12 00", STATUS_NOTIFY(INVALID_SYNTAX)},
    };
    assert_parses(parse, CASES(cases));
    assert_truncations(parse, "0005 12", 3);
    struct bytes data = octets_hex("0006 12");
    struct puzzle_notify puzzle;
    assert_int_equal(puzzle_notify_parse(data, &puzzle), STATUS_OK);
    assert_int_equal(puzzle.prf, PRF_HMAC_SHA2_384);
    assert_int_equal(puzzle.difficulty, 18);
    octets_free(data);
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[8];
    struct writer w = writer_over(buffer, sizeof buffer);
    puzzle_notify_build(&w, &(struct puzzle_notify){.prf = 0x0102, .difficulty = 20});
    assert_written(&w, "010214");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
