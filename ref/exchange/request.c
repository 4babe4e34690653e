/* Our requests: one at a time, retransmitted until answered. RFC 7296 2.1 to 2.4. */

#include "exchange/request.h"

#include <stdlib.h>
#include <string.h>

#include "exchange/fragmentation.h"
#include "exchange/ike_delete.h"
#include "exchange/mobike.h"
#include "exchange/reauthentication.h"
#include "exchange/waiting.h"

#define MESSAGE_ID_REKEY 0xf0000000u
#define STARTS_MAX 8                             /* of one request that we cannot make */
#define TEMPORARY_FAILURE_MAX_NS 180000000000ULL /* "several minutes", RFC 7296 2.25 */

static bool may_ask(const struct ike_sa *sa)
{
    return ike_sa_is_up(sa) && !sa->request.active;
}

bool request_queue(struct sa_store *store, struct ike_sa *sa, const struct task *task)
{
    struct task timed = *task;
    if (timed.since_ns == 0) {
        timed.since_ns = store->now_ns;
    }
    if (!task_queue_push(&sa->tasks, &timed)) {
        sa_store_task_ended(store, sa, task, STATUS_INTERNAL);
        return false;
    }
    request_start_next(store, sa);
    return true;
}

void request_end(struct request *request)
{
    key_exchange_destroy(request->key_exchange);
    stored_message_clear(&request->message);
    reassembly_end(&request->partial_response);
    free(request->offer);
    octets_wipe(request, sizeof *request);
}

static struct ike_header request_header(const struct ike_sa *sa, uint8_t exchange_type)
{
    return (struct ike_header){
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .exchange_type = exchange_type,
        .flags = sa->initiator ? IKE_FLAG_INITIATOR : 0,
        .message_id = sa->next_request,
    };
}

enum status request_start(struct sa_store *store, struct ike_sa *sa, const struct task *task)
{
    uint8_t inner[IKE_MESSAGE_MAX];
    const struct task_handler *handler = task_handler_find(task->type);
    struct writer inner_writer = writer_over(inner, sizeof inner);
    struct chain_writer chain = chain_writer_over(&inner_writer);
    memset(&sa->request, 0, sizeof sa->request);
    sa->request.task = *task;
    if (store->jobs.max > 0 && waiting_request(store, sa)) {
        return STATUS_OK;
    }
    TRY(handler->create_request(store, sa, &chain));
    if (inner_writer.overflow) {
        return STATUS_INTERNAL;
    }
    struct unsealed message = {.header = request_header(sa, handler->exchange_type),
                               .first = chain.first,
                               .inner = writer_bytes(&inner_writer),
                               .path = &sa->path,
                               .encapsulated = sa->encapsulated,
                               .size = fragmentation_size(sa)};
    TRY(fragmentation_seal(store, sa, &message, &sa->request.message));
    request_send(store, sa, task, handler->exchange_type);
    return STATUS_OK;
}

/* Message IDs never come round (2.2): long before the last one the IKE SA is rekeyed, and with the
 * last one it ends. */
static bool message_ids_left(struct sa_store *store, struct ike_sa *sa)
{
    struct task rekey = {.type = TASK_IKE_REKEY, .since_ns = store->now_ns};
    if (sa->next_request == UINT32_MAX - 1 && sa->state != IKE_SA_DELETING) {
        ike_delete_queue(store, sa, DOWN_EXPIRED, 0);
        return false;
    }
    if (sa->next_request == UINT32_MAX) {
        sa_store_ike_gone(store, sa, DOWN_EXPIRED, STATUS_DROP);
        return false;
    }
    if (sa->next_request == MESSAGE_ID_REKEY && sa->state == IKE_SA_ESTABLISHED &&
        !task_queue_has(&sa->tasks, TASK_IKE_REKEY, 0)) {
        (void)task_queue_push_front(&sa->tasks, &rekey);
    }
    return true;
}

/* What these were to end would stay for ever if they were just forgotten. */
static bool is_an_end(enum task_type type)
{
    return type == TASK_CHILD_DELETE || type == TASK_IKE_DELETE || type == TASK_AUTH_FAILED;
}

void request_start_later(struct sa_store *store, struct ike_sa *sa, const struct task *task)
{
    struct task later = *task;
    later.not_before_ns =
        store->now_ns + (sa->peer->retransmission.timeout_ns << (task->attempts % STARTS_MAX));
    later.attempts++;
    if (later.attempts < STARTS_MAX && task_queue_push(&sa->tasks, &later)) {
        return;
    }
    sa_store_task_ended(store, sa, task, STATUS_INTERNAL);
    if (is_an_end(task->type)) {
        sa_store_ike_gone(store, sa, DOWN_FAILED, STATUS_INTERNAL);
    }
}

void request_start_next(struct sa_store *store, struct ike_sa *sa)
{
    struct task task;
    if (!may_ask(sa) || !message_ids_left(store, sa)) {
        return;
    }
    while (may_ask(sa) && task_queue_take(&sa->tasks, store->now_ns, &task)) {
        enum status status = request_start(store, sa, &task);
        if (status != STATUS_OK) {
            request_end(&sa->request);
            if (status == STATUS_DROP) {
                /* nothing is left to ask: it has gone, been replaced or come by itself */
                sa_store_emit_done(store, task.command, STATUS_OK);
            } else {
                request_start_later(store, sa, &task);
            }
        }
    }
    if (may_ask(sa)) {
        reauthentication_conclude(store, sa);
    }
}

void request_send(struct sa_store *store, struct ike_sa *sa, const struct task *task,
                  uint8_t exchange_type)
{
    struct request *request = &sa->request;
    request->active = true;
    request->task = *task;
    request->exchange_type = exchange_type;
    request->message_id = sa->next_request;
    request->timeout_ns = sa->peer->retransmission.timeout_ns;
    request->next_ns = store->now_ns;
    request->sent = task->copies;
    request->task.copies = 0;
    request->error = STATUS_OK;
    request->path_changes = sa->path_changes;
    if (task->type != TASK_IKE_SA_INIT) {
        sa->next_request++;
    }
    request_resend(store, sa);
}

void request_resend(struct sa_store *store, struct ike_sa *sa)
{
    struct request *request = &sa->request;
    fragmentation_send(store, &request->message, &sa->path, sa->encapsulated);
    if (request->sent > 0) {
        sa->retransmitted++;
        store->counters.retransmissions++;
        mobike_probe_other_paths(store, sa);
    }
    request->sent++;
    sa->last_out_ns = store->now_ns;
    request->next_ns = store->now_ns + request->timeout_ns;
    const struct retransmission_config *r = &sa->peer->retransmission;
    uint64_t longer = request->timeout_ns / 100 * r->backoff_percent;
    request->timeout_ns = longer < r->timeout_max_ns ? longer : r->timeout_max_ns;
}

/* Smaller fragments have all their tries and intervals (RFC 7383 2.5.2). */
static void send_anew(struct sa_store *store, struct ike_sa *sa)
{
    fragmentation_retry(&sa->request.message);
    sa->request.timeout_ns = sa->peer->retransmission.timeout_ns;
    sa->request.sent = 1;
    request_resend(store, sa);
}

void request_narrow(struct sa_store *store, struct ike_sa *sa, size_t mtu)
{
    (void)fragmentation_narrow(store, sa, mtu, &sa->response);
    if (sa->request.active && fragmentation_narrow(store, sa, mtu, &sa->request.message)) {
        send_anew(store, sa);
    }
}

static void give_up(struct sa_store *store, struct ike_sa *sa, enum status status)
{
    uint16_t type;
    if (sa->state == IKE_SA_REKEYED) {
        sa_store_ike_gone(store, sa, DOWN_REPLACED, STATUS_OK);
    } else if (sa->request.task.type == TASK_IKE_DELETE ||
               sa->request.task.type == TASK_AUTH_FAILED) {
        sa_store_ike_gone(store, sa, sa->reason, STATUS_UNREACHABLE);
    } else if (status_is_peer(status, &type)) {
        sa_store_ike_gone(store, sa, DOWN_REFUSED, status);
    } else {
        sa_store_ike_gone(store, sa, DOWN_UNREACHABLE, STATUS_UNREACHABLE);
    }
}

void request_expire(struct sa_store *store, struct ike_sa *sa)
{
    struct request *request = &sa->request;
    if (!request->active) {
        return;
    }
    if (request->error != STATUS_OK && store->now_ns >= request->give_up_ns) {
        give_up(store, sa, request->error);
    } else if (store->now_ns >= request->next_ns) {
        if (fragmentation_cut_due(&request->message)) {
            /* perhaps the path does not take IP packets as large as ours */
            fragmentation_cut(store, sa, &sa->path, sa->encapsulated, &request->message);
            send_anew(store, sa);
        } else if (request->sent >= sa->peer->retransmission.tries) {
            give_up(store, sa, request->error);
        } else {
            request_resend(store, sa);
        }
    }
}

void request_answered(struct sa_store *store, struct ike_sa *sa, const struct exchange_input *in)
{
    const struct notify_payload *error = message_error(in->message);
    if (error != NULL && error->type == INVALID_SYNTAX && sa->state != IKE_SA_AUTH_SENT) {
        sa_store_ike_gone(store, sa, DOWN_REFUSED, STATUS_PEER(INVALID_SYNTAX)); /* 2.21.3 */
        return;
    }
    struct request request = sa->request;
    memset(&sa->request, 0, sizeof sa->request);
    if (error == NULL || error->type != TEMPORARY_FAILURE) {
        sa->temporary_since_ns = 0;
    }
    enum task_type type = request.task.type;
    bool moved = sa->state == IKE_SA_REKEYED && type != TASK_IKE_DELETE && type != TASK_IKE_REKEY;
    if (!moved) { /* else it is being asked again in the successor */
        task_handler_find(type)->consume_response(store, sa, &request, in);
    }
    request_end(&request);
    if (sa->state != IKE_SA_CLOSED) {
        request_start_next(store, sa);
    }
}

void request_retry_later(struct sa_store *store, struct ike_sa *sa, const struct task *task)
{
    if (sa->temporary_since_ns == 0) {
        sa->temporary_since_ns = store->now_ns;
    }
    if (store->now_ns - sa->temporary_since_ns > TEMPORARY_FAILURE_MAX_NS) {
        sa_store_task_ended(store, sa, task, STATUS_PEER(TEMPORARY_FAILURE));
        ike_delete_queue(store, sa, DOWN_FAILED, 0);
        return;
    }
    struct task later = *task;
    uint8_t jitter = 0;
    (void)!random_fill(store->random, &jitter, sizeof jitter);
    uint64_t pause_ns = sa->peer->retransmission.timeout_ns
                        << (task->attempts < 6 ? task->attempts : 6);
    later.attempts++;
    /* both sides may have been told to wait: a random part keeps them from meeting again */
    later.not_before_ns = store->now_ns + pause_ns + pause_ns / 256 * jitter;
    request_queue(store, sa, &later);
}
