/* A further Child SA by CREATE_CHILD_SA, RFC 7296 1.3.1, and the door to that exchange's three
 * forms. */

#include "exchange/child_create.h"

#include <string.h>

#include "exchange/child_negotiation.h"
#include "exchange/child_rekey.h"
#include "exchange/ike_rekey.h"
#include "exchange/reauthentication.h"
#include "exchange/request.h"
#include "sa/proposal_choice.h"

/* ---- our request ---- */

enum status child_create_create_request(struct sa_store *store, struct ike_sa *sa,
                                        struct chain_writer *chain)
{
    const struct task *task = &sa->request.task;
    const struct child_config *config = &sa->peer->children[task->child_index];
    for (const struct child_sa *c = sa->children; c != NULL && !task->has_key; c = c->next) {
        if (c->child_index == task->child_index && c->state != CHILD_SA_DELETING) {
            return STATUS_DROP; /* it has come meanwhile; for traffic there may be a further one */
        }
    }
    return child_offer_build(store, sa, config, NULL, false, chain);
}

bool create_child_sa_try_again(struct sa_store *store, struct ike_sa *sa,
                               const struct request *request, const struct notify_payload *error,
                               const struct proposal_list *proposals)
{
    struct task again = request->task;
    if (error->type == TEMPORARY_FAILURE) {
        request_retry_later(store, sa, &again);
        return true;
    }
    struct bytes data = error->data;
    if (error->type != INVALID_KE_PAYLOAD || !bytes_take_u16(&data, &again.group) ||
        again.group == request->task.group || again.attempts > 3 ||
        !proposal_list_has_group(proposals, again.group)) {
        return false;
    }
    again.attempts++;
    return task_queue_push_front(&sa->tasks, &again);
}

void child_create_consume_response(struct sa_store *store, struct ike_sa *sa,
                                   struct request *request, const struct exchange_input *in)
{
    struct child_sa *child;
    const struct message *m = in->message;
    const struct child_config *config = &sa->peer->children[request->task.child_index];
    const struct notify_payload *error = message_error(m);
    enum status status;
    if (!m->has_sa && error != NULL) {
        if (create_child_sa_try_again(store, sa, request, error, &config->proposals)) {
            return;
        }
        status = STATUS_PEER(error->type);
    } else if (!m->has_nonce) {
        status = STATUS_NOTIFY(INVALID_SYNTAX);
    } else {
        struct child_exchange exchange = {
            .child_index = request->task.child_index,
            .ni = bytes_of(request->nonce, sizeof request->nonce),
            .nr = m->nonce.nonce,
        };
        status = child_offer_conclude(store, sa, request, m, &exchange, &child);
    }
    if (status != STATUS_OK && status != STATUS_DROP && m->has_sa) {
        child_offer_reject(store, sa, request, m);
    }
    if (status != STATUS_OK) {
        sa_store_emit_child_failed(store, sa, request->task.child_index, status);
        reauthentication_fail(store, sa, status);
    }
    sa_store_emit_done(store, request->task.command, status);
}

/* ---- the peer's request ---- */

enum status child_create_answer(struct sa_store *store, struct ike_sa *sa,
                                const struct exchange_input *in, const struct child_sa *old,
                                struct exchange_reply *reply, struct child_sa **out,
                                uint8_t nr[NONCE_OURS])
{
    if (!in->message->has_nonce) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    TRY(random_fill(store->random, nr, NONCE_OURS));
    struct child_exchange exchange = {
        .old = old,
        .ni = in->message->nonce.nonce,
        .nr = bytes_of(nr, NONCE_OURS),
    };
    return child_answer_build(store, sa, in, &exchange, reply, out);
}

/* What a request for a further Child SA may fill; the rest is left for rekeys, whose old and new
 * ones are there side by side for a while. */
#define CREATED_MAX (CHILD_SAS_MAX - CHILDREN_MAX)

static size_t child_count(const struct ike_sa *sa)
{
    size_t count = 0;
    for (const struct child_sa *c = sa->children; c != NULL; c = c->next) {
        count++;
    }
    return count;
}

/* A peer that never stops rekeying or making Child SAs is to slow down, RFC 8019 5. */
static bool may_ask_more(const struct sa_store *store, struct ike_sa *sa)
{
    uint32_t rate = store->config->create_child_sa_rate;
    return rate == 0 ||
           allowance_take(&sa->exchanges, 1000000000ULL / rate, 10 * rate, store->now_ns);
}

enum status create_child_sa_consume_request(struct sa_store *store, struct ike_sa *sa,
                                            const struct exchange_input *in,
                                            struct exchange_reply *reply)
{
    struct child_sa *child;
    uint8_t nr[NONCE_OURS];
    const struct message *m = in->message;
    const struct notify_payload *rekey = message_notify(m, REKEY_SA);
    if (sa->state != IKE_SA_ESTABLISHED || sa->silent) {
        return STATUS_NOTIFY(TEMPORARY_FAILURE); /* being closed or replaced, 2.25.2 */
    }
    if (!may_ask_more(store, sa)) {
        return STATUS_NOTIFY(TEMPORARY_FAILURE);
    }
    if (!m->has_sa) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    if (rekey == NULL && !m->has_ts_i && !m->has_ts_r) {
        return ike_rekey_consume_request(store, sa, in, reply);
    }
    if (sa->request.active && sa->request.task.type == TASK_IKE_REKEY) {
        return STATUS_NOTIFY(TEMPORARY_FAILURE); /* 2.25.2 */
    }
    if (child_count(sa) >= (rekey != NULL ? CHILD_SAS_MAX : CREATED_MAX)) {
        return STATUS_NOTIFY(NO_ADDITIONAL_SAS);
    }
    if (rekey != NULL) {
        return child_rekey_consume_request(store, sa, in, rekey, reply);
    }
    return child_create_answer(store, sa, in, NULL, reply, &child, nr);
}
