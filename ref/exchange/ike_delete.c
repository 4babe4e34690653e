/* Delete of the IKE SA, RFC 7296 1.4.1: its Child SAs go with it, the answer is empty. */

#include "exchange/ike_delete.h"

#include "exchange/ike_rekey.h"
#include "exchange/request.h"

void ike_delete_queue(struct sa_store *store, struct ike_sa *sa, enum down_reason reason,
                      uint64_t command)
{
    struct task end = {.type = TASK_IKE_DELETE, .command = command};
    if (sa->state != IKE_SA_DELETING) {
        sa->reason = reason;
    }
    sa->state = IKE_SA_DELETING;
    sa_store_tasks_ended(store, sa, STATUS_DROP);
    request_queue(store, sa, &end);
}

enum status ike_delete_create_request(struct sa_store *store, struct ike_sa *sa,
                                      struct chain_writer *chain)
{
    (void)store;
    if (sa->state == IKE_SA_ESTABLISHED) {
        sa->state = IKE_SA_DELETING;
    }
    payload_begin(chain, PAYLOAD_DELETE);
    delete_payload_build(chain->w, PROTOCOL_IKE, 0, bytes_of(NULL, 0));
    payload_end(chain);
    return STATUS_OK;
}

void ike_delete_consume_response(struct sa_store *store, struct ike_sa *sa, struct request *request,
                                 const struct exchange_input *in)
{
    (void)in;
    sa_store_ike_gone(store, sa, sa->reason, STATUS_DROP);
    sa_store_emit_done(store, request->task.command, STATUS_OK);
}

void ike_delete_answer(struct sa_store *store, struct ike_sa *sa, struct exchange_reply *reply)
{
    struct request *ours = &sa->request;
    struct ike_sa *theirs = ike_rekey_rival(store, ours);
    if (theirs != NULL) {
        /* the peer has finished its own rekey, whether it saw ours or not: forget ours (2.8.2,
         * 2.25.2) */
        sa_store_emit_done(store, ours->task.command, STATUS_OK);
        ours->task.command = 0;
        ike_rekey_inherit(store, sa, theirs);
    }
    bool ours_too = sa->state == IKE_SA_REKEYED || sa->state == IKE_SA_DELETING;
    reply->close = true;
    reply->close_reason = ours_too ? sa->reason : DOWN_DELETED_BY_PEER;
    reply->close_status = STATUS_DROP;
}
