/* base/status.c: the classes do not overlap, and numbers have the RFCs' names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/status.h"

static void test_classes(void **state)
{
    (void)state;
    static const struct {
        enum status status;
        bool notify;
        bool peer;
        uint16_t type;
    } rows[] = {
        {STATUS_OK, false, false, 0},
        {STATUS_DROP, false, false, 0},
        {STATUS_INTERNAL, false, false, 0},
        {STATUS_NOTIFY(INVALID_SYNTAX), true, false, 7},
        {STATUS_NOTIFY(0), true, false, 0},
        {STATUS_NOTIFY(0xffff), true, false, 0xffff},
        {STATUS_PEER(NO_PROPOSAL_CHOSEN), false, true, 14},
        {STATUS_PEER(0), false, true, 0},
        {STATUS_PEER(0xffff), false, true, 0xffff},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t type = 0;
        assert_int_equal(status_is_notify(rows[i].status, &type), rows[i].notify);
        assert_int_equal(status_is_peer(rows[i].status, &type), rows[i].peer);
        assert_int_equal(type, rows[i].type);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(notify_type_name(1), "UNSUPPORTED_CRITICAL_PAYLOAD");
    assert_string_equal(notify_type_name(17), "INVALID_KE_PAYLOAD");
    assert_string_equal(notify_type_name(44), "CHILD_SA_NOT_FOUND");
    assert_string_equal(notify_type_name(16390), "COOKIE");
    assert_string_equal(notify_type_name(16400), "UPDATE_SA_ADDRESSES");
    assert_string_equal(notify_type_name(16430), "IKEV2_FRAGMENTATION_SUPPORTED");
    assert_string_equal(notify_type_name(0), "UNKNOWN");
    assert_string_equal(notify_type_name(40960), "UNKNOWN");
    assert_string_equal(exchange_type_name(34), "IKE_SA_INIT");
    assert_string_equal(exchange_type_name(37), "INFORMATIONAL");
    assert_string_equal(exchange_type_name(38), "UNKNOWN");
}

static enum status pass_on(enum status status, int *reached)
{
    TRY(status);
    *reached = 1;
    return STATUS_DROP;
}

static void test_try_returns_early(void **state)
{
    (void)state;
    int reached = 0;
    assert_int_equal(pass_on(STATUS_NOTIFY(INVALID_SPI), &reached), STATUS_NOTIFY(INVALID_SPI));
    assert_int_equal(reached, 0);
    assert_int_equal(pass_on(STATUS_OK, &reached), STATUS_DROP);
    assert_int_equal(reached, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_try_returns_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
