/* INFORMATIONAL requests of the peer, RFC 7296 1.4: Deletes, notifications, or nothing at all. */

#include "exchange/informational.h"

#include "exchange/child_delete.h"
#include "exchange/ike_delete.h"
#include "exchange/mobike.h"

bool informational_deletes_ike_sa(const struct message *m)
{
    for (size_t i = 0; i < m->delete_count; i++) {
        if (m->deletes[i].protocol == PROTOCOL_IKE) {
            return true;
        }
    }
    return false;
}

enum status informational_consume_request(struct sa_store *store, struct ike_sa *sa,
                                          const struct exchange_input *in,
                                          struct exchange_reply *reply)
{
    const struct message *m = in->message;
    if (informational_deletes_ike_sa(m)) {
        ike_delete_answer(store, sa, reply);
        return STATUS_OK;
    }
    if (message_notify(m, AUTHENTICATION_FAILED) != NULL) {
        /* the initiator has refused our AUTH: 2.21.2 */
        reply->close = true;
        reply->close_reason = DOWN_REFUSED;
        reply->close_status = STATUS_PEER(AUTHENTICATION_FAILED);
        return STATUS_OK;
    }
    for (size_t i = 0; i < m->delete_count; i++) {
        if (m->deletes[i].protocol == PROTOCOL_ESP) {
            child_delete_answer(store, sa, &m->deletes[i], &reply->chain);
        }
    }
    const struct notify_payload *error = message_error(m);
    if (error != NULL) {
        sa_store_emit_ike(store, sa, EVENT_NOTIFIED, DOWN_REFUSED, STATUS_PEER(error->type));
    }
    return mobike_consume_request(store, sa, in, reply);
}
