/* The two tables of who handles what, RFC 7296 1.2 to 1.4, 2.25.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exchange/child_create.h"
#include "exchange/exchange.h"
#include "exchange/ike_auth.h"
#include "exchange/informational.h"

/* Every task that runs inside SK has both halves and the exchange type of its clause. */
static void test_our_requests(void **state)
{
    (void)state;
    for (int type = TASK_IKE_AUTH; type < TASK_TYPES; type++) {
        const struct task_handler *handler = task_handler_find((enum task_type)type);
        uint8_t expected = INFORMATIONAL;
        if (type == TASK_IKE_AUTH) {
            expected = IKE_AUTH;
        } else if (type == TASK_CHILD_CREATE || type == TASK_CHILD_REKEY ||
                   type == TASK_IKE_REKEY) {
            expected = CREATE_CHILD_SA;
        }
        assert_non_null(handler->create_request);
        assert_non_null(handler->consume_response);
        assert_int_equal(handler->exchange_type, expected);
    }
}

/* What a state lets in; all other exchange types are not allowed there, IKE_SA_INIT nowhere. */
static const struct {
    enum ike_sa_state state;
    bool initiator;
    consume_request_function *auth, *create, *informational;
} rows[] = {
    {IKE_SA_INIT_SENT, true, NULL, NULL, NULL},
    {IKE_SA_HALF_OPEN, false, ike_auth_consume_request, NULL, NULL},
    {IKE_SA_HALF_OPEN, true, NULL, NULL, NULL}, /* only the responder is asked */
    {IKE_SA_AUTH_SENT, true, NULL, NULL, NULL},
    {IKE_SA_ESTABLISHED, true, NULL, create_child_sa_consume_request,
     informational_consume_request},
    {IKE_SA_ESTABLISHED, false, NULL, create_child_sa_consume_request,
     informational_consume_request},
    {IKE_SA_REKEYED, false, NULL, create_child_sa_consume_request, informational_consume_request},
    {IKE_SA_DELETING, true, NULL, create_child_sa_consume_request, informational_consume_request},
    {IKE_SA_CLOSED, true, NULL, NULL, NULL},
    {IKE_SA_CLOSED, false, NULL, NULL, NULL},
};

static void test_requests_of_the_peer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned type = 0; type <= UINT8_MAX; type++) {
            consume_request_function *expected = type == IKE_AUTH          ? rows[i].auth
                                                 : type == CREATE_CHILD_SA ? rows[i].create
                                                 : type == INFORMATIONAL   ? rows[i].informational
                                                                           : NULL;
            assert_true(request_handler_find(rows[i].state, (uint8_t)type, rows[i].initiator) ==
                        expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_requests),
        cmocka_unit_test(test_requests_of_the_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
