/* Who handles what: the two tables, each row to be read beside RFC 7296 1.2 to 1.4. */

#include <assert.h>

#include "exchange/child_create.h"
#include "exchange/child_delete.h"
#include "exchange/child_rekey.h"
#include "exchange/exchange.h"
#include "exchange/ike_auth.h"
#include "exchange/ike_delete.h"
#include "exchange/ike_rekey.h"
#include "exchange/informational.h"
#include "exchange/liveness.h"
#include "exchange/mobike.h"

/* Our requests. */
static const struct task_handler task_handlers[TASK_TYPES] = {
    [TASK_IKE_AUTH] = {IKE_AUTH, ike_auth_create_request, ike_auth_consume_response,
                       ike_auth_prepare_request, ike_auth_prepare_response},
    [TASK_AUTH_FAILED] = {INFORMATIONAL, auth_failed_create_request, auth_failed_consume_response,
                          NULL, NULL},
    [TASK_CHILD_CREATE] = {CREATE_CHILD_SA, child_create_create_request,
                           child_create_consume_response, NULL, NULL},
    [TASK_CHILD_REKEY] = {CREATE_CHILD_SA, child_rekey_create_request, child_rekey_consume_response,
                          NULL, NULL},
    [TASK_IKE_REKEY] = {CREATE_CHILD_SA, ike_rekey_create_request, ike_rekey_consume_response, NULL,
                        NULL},
    [TASK_CHILD_DELETE] = {INFORMATIONAL, child_delete_create_request,
                           child_delete_consume_response, NULL, NULL},
    [TASK_IKE_DELETE] = {INFORMATIONAL, ike_delete_create_request, ike_delete_consume_response,
                         NULL, NULL},
    [TASK_LIVENESS] = {INFORMATIONAL, liveness_create_request, liveness_consume_response, NULL,
                       NULL},
    [TASK_UPDATE_ADDRESSES] = {INFORMATIONAL, update_addresses_create_request,
                               update_addresses_consume_response, NULL, NULL},
    [TASK_ADDITIONAL_ADDRESSES] = {INFORMATIONAL, additional_addresses_create_request,
                                   additional_addresses_consume_response, NULL, NULL},
    [TASK_RETURN_ROUTABILITY] = {INFORMATIONAL, return_routability_create_request,
                                 return_routability_consume_response, NULL, NULL},
};

const struct task_handler *task_handler_find(enum task_type type)
{
    assert(type < TASK_TYPES && task_handlers[type].create_request != NULL);
    return &task_handlers[type];
}

/* The peer's requests. IKE_SA_INIT is not here: it comes before there is an IKE SA. An IKE SA that
 * is rekeyed or being deleted still answers; create_child_sa says TEMPORARY_FAILURE then (2.25.2).
 */
static const struct request_row {
    enum ike_sa_state state;
    uint8_t exchange_type;
    bool either_role, initiator;
    consume_request_function *handler;
    prepare_function *prepare;
} request_rows[] = {
    /* state             exchange         either  we initiated  handler                         */
    {IKE_SA_HALF_OPEN, IKE_AUTH, false, false, ike_auth_consume_request, ike_auth_prepare_answer},
    {IKE_SA_ESTABLISHED, CREATE_CHILD_SA, true, false, create_child_sa_consume_request, NULL},
    {IKE_SA_REKEYED, CREATE_CHILD_SA, true, false, create_child_sa_consume_request, NULL},
    {IKE_SA_DELETING, CREATE_CHILD_SA, true, false, create_child_sa_consume_request, NULL},
    {IKE_SA_ESTABLISHED, INFORMATIONAL, true, false, informational_consume_request, NULL},
    {IKE_SA_REKEYED, INFORMATIONAL, true, false, informational_consume_request, NULL},
    {IKE_SA_DELETING, INFORMATIONAL, true, false, informational_consume_request, NULL},
};

static const struct request_row *row_find(enum ike_sa_state state, uint8_t exchange_type,
                                          bool initiator)
{
    for (size_t i = 0; i < sizeof request_rows / sizeof request_rows[0]; i++) {
        const struct request_row *row = &request_rows[i];
        if (row->state == state && row->exchange_type == exchange_type &&
            (row->either_role || row->initiator == initiator)) {
            return row;
        }
    }
    return NULL;
}

consume_request_function *request_handler_find(enum ike_sa_state state, uint8_t exchange_type,
                                               bool initiator)
{
    const struct request_row *row = row_find(state, exchange_type, initiator);
    return row != NULL ? row->handler : NULL;
}

prepare_function *request_prepare_find(enum ike_sa_state state, uint8_t exchange_type,
                                       bool initiator)
{
    const struct request_row *row = row_find(state, exchange_type, initiator);
    return row != NULL ? row->prepare : NULL;
}
