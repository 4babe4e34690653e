/* wire/message_rules.c: each required payload is missed when it is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "octets.h"
#include "wire/message.h"

static const struct {
    uint8_t exchange_type;
    bool response;
    struct message complete;
} rows[] = {
    {IKE_SA_INIT, false, {.has_sa = true, .has_ke = true, .has_nonce = true}},
    {IKE_SA_INIT, true, {.has_sa = true, .has_ke = true, .has_nonce = true}},
    {IKE_AUTH, false, {.has_id_i = true, .has_sa = true, .has_ts_i = true, .has_ts_r = true}},
    {IKE_AUTH, true, {.has_id_r = true, .has_auth = true}}, /* with N(NO_PROPOSAL_CHOSEN) */
};

#define ROWS (sizeof rows / sizeof rows[0])

static void test_complete_messages_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(
            message_rules_check(rows[i].exchange_type, rows[i].response, &rows[i].complete),
            STATUS_OK);
    }
}

static void test_each_missing_payload_is_missed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        static struct message m;
        bool *const flags[] = {&m.has_sa,   &m.has_ke,   &m.has_nonce, &m.has_id_i,
                               &m.has_id_r, &m.has_auth, &m.has_ts_i,  &m.has_ts_r};
        for (size_t flag = 0; flag < sizeof flags / sizeof flags[0]; flag++) {
            m = rows[i].complete;
            enum status expected = *flags[flag] ? STATUS_NOTIFY(INVALID_SYNTAX) : STATUS_OK;
            *flags[flag] = false;
            assert_int_equal(message_rules_check(rows[i].exchange_type, rows[i].response, &m),
                             expected);
        }
    }
}

static void test_more_than_required_passes(void **state)
{
    (void)state;
    struct message m = rows[2].complete;
    m.has_id_r = true; /* "you Tarzan": the initiator names the responder it wants */
    m.has_cp = true;
    assert_int_equal(message_rules_check(IKE_AUTH, false, &m), STATUS_OK);
}

static void test_other_exchanges_have_no_rules_here(void **state)
{
    (void)state;
    static const struct message empty;
    assert_int_equal(message_rules_check(CREATE_CHILD_SA, false, &empty), STATUS_OK);
    assert_int_equal(message_rules_check(INFORMATIONAL, true, &empty), STATUS_OK);
    assert_int_equal(message_rules_check(200, false, &empty), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete_messages_pass),
        cmocka_unit_test(test_each_missing_payload_is_missed),
        cmocka_unit_test(test_more_than_required_passes),
        cmocka_unit_test(test_other_exchanges_have_no_rules_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
