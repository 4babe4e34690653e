/* Delete of the IKE SA, RFC 7296 1.4.1: its Child SAs go with it, the answer is empty. */

#include "exchange/ike_delete.h"

#include "exchange/ike_rekey.h"
#include "exchange/request.h"

void ike_delete_queue(struct sa_store *store, struct ike_sa *sa, enum down_reason reason,
                      uint64_t command)
{
    struct task end = {.type = TASK_IKE_DELETE, .command = command};
    sa->reason = reason;
    for (size_t i = 0; i < sa->tasks.count; i++) {
        const struct task *task = &sa->tasks.items[i];
        if (task->type == TASK_CHILD_CREATE) {
            sa_store_emit_child_failed(store, sa, task->child_index, STATUS_DROP);
        }
        sa_store_emit_done(store, task->command,
                           task->type == TASK_CHILD_DELETE ? STATUS_OK : STATUS_DROP);
    }
    sa->tasks.count = 0;
    sa->state = IKE_SA_DELETING;
    request_queue(store, sa, &end);
}

enum status ike_delete_create_request(struct sa_store *store, struct ike_sa *sa,
                                      struct chain_writer *chain)
{
    (void)store;
    (void)sa;
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
    struct ike_sa *theirs = sa_store_find(store, ours->collision.ike_sa);
    if (ours->active && ours->task.type == TASK_IKE_REKEY && ours->collision.active &&
        theirs != NULL) {
        /* the peer never saw our rekey and has finished its own: forget ours (2.8.2, 2.25.2) */
        sa_store_emit_done(store, ours->task.command, STATUS_OK);
        ours->task.command = 0;
        ike_rekey_inherit(store, sa, theirs);
    }
    bool replaced = sa->state == IKE_SA_REKEYED || sa->reason == DOWN_REPLACED;
    if (sa->state == IKE_SA_REKEYED && ours->active) {
        /* an INFORMATIONAL of ours that will not be answered any more goes on in the successor */
        struct ike_sa *heir = sa_store_find(store, sa->successor);
        if (heir != NULL && ours->task.type != TASK_IKE_DELETE &&
            ours->task.type != TASK_IKE_REKEY) {
            request_queue(store, heir, &ours->task);
            ours->task.command = 0;
        }
    }
    reply->close = true;
    reply->close_reason = replaced ? DOWN_REPLACED : DOWN_DELETED_BY_PEER;
    reply->close_status = STATUS_DROP;
}
