/* Delete of a Child SA, RFC 7296 1.4.1: SPIs are those of the sender's inbound SAs, and the answer
 * names the other halves. Collisions: 2.25.1. */

#include "exchange/child_delete.h"

#include "exchange/child_negotiation.h"
#include "exchange/request.h"

void child_delete_queue(struct sa_store *store, struct ike_sa *sa, struct child_sa *child,
                        enum down_reason reason, uint64_t command)
{
    struct task task = {.type = TASK_CHILD_DELETE, .child_sa = child->id, .command = command};
    if (child->state == CHILD_SA_DELETING) {
        sa_store_emit_done(store, command, STATUS_OK);
        return;
    }
    enum child_sa_state before = child->state;
    child->state = CHILD_SA_DELETING;
    child->down_reason = reason;
    if (!request_queue(store, sa, &task)) { /* what nobody will ask for has its end yet to come */
        child->state = before;
        child->hard_ns = store->now_ns + sa->peer->retransmission.timeout_ns;
    }
}

static void build(struct chain_writer *chain, struct bytes spis)
{
    payload_begin(chain, PAYLOAD_DELETE);
    delete_payload_build(chain->w, PROTOCOL_ESP, 4, spis);
    payload_end(chain);
}

enum status child_delete_create_request(struct sa_store *store, struct ike_sa *sa,
                                        struct chain_writer *chain)
{
    uint8_t spi[4];
    struct writer w = writer_over(spi, sizeof spi);
    struct child_sa *child = ike_sa_child_by_id(sa, sa->request.task.child_sa);
    (void)store;
    if (child == NULL) {
        return STATUS_DROP;
    }
    writer_u32(&w, child->spi_in);
    build(chain, writer_bytes(&w));
    return STATUS_OK;
}

void child_delete_consume_response(struct sa_store *store, struct ike_sa *sa,
                                   struct request *request, const struct exchange_input *in)
{
    (void)in; /* with the peer's half or, when both deleted at once, without: it is gone */
    struct child_sa *child = ike_sa_child_by_id(sa, request->task.child_sa);
    if (child != NULL) {
        sa_store_child_gone(store, sa, child, child->down_reason);
    }
    sa_store_emit_done(store, request->task.command, STATUS_OK);
}

/* Our own plans for a Child SA that the peer has closed. */
static void forget_tasks(struct sa_store *store, struct ike_sa *sa, uint32_t child_sa)
{
    static const enum task_type types[] = {TASK_CHILD_REKEY, TASK_CHILD_DELETE};
    struct task dropped;
    for (size_t i = 0; i < 2; i++) {
        while (task_queue_remove(&sa->tasks, types[i], child_sa, &dropped)) {
            sa_store_emit_done(store, dropped.command, STATUS_OK);
        }
    }
}

static bool delete_is_out(const struct ike_sa *sa, uint32_t child_sa)
{
    return sa->request.active && sa->request.task.type == TASK_CHILD_DELETE &&
           sa->request.task.child_sa == child_sa;
}

static void note_gone(struct request *request, uint32_t spi_out)
{
    if (request->gone_count < GONE_MAX) {
        request->gone[request->gone_count++] = spi_out;
    }
}

/* A Child SA that the peer had rekeyed before was waiting for just this; one that we were about to
 * delete goes for our reason. */
static enum down_reason reason_of(const struct child_sa *child)
{
    if (child->replaced) {
        return DOWN_REPLACED;
    }
    return child->state == CHILD_SA_DELETING ? child->down_reason : DOWN_DELETED_BY_PEER;
}

void child_delete_answer(struct sa_store *store, struct ike_sa *sa,
                         const struct delete_payload *deletes, struct chain_writer *chain)
{
    uint8_t spis[4 * CHILD_SAS_MAX];
    struct writer w = writer_over(spis, sizeof spis);
    struct bytes rest = deletes->spis;
    uint32_t spi_out;
    while (deletes->spi_size == 4 && bytes_take_u32(&rest, &spi_out)) {
        struct child_sa *child = ike_sa_child_by_spi_out(sa, spi_out);
        if (child == NULL && child_offer_is_out(sa)) {
            note_gone(&sa->request, spi_out);
        }
        if (child == NULL || delete_is_out(sa, child->id)) {
            continue; /* unknown, or ours crossed it: no Delete back (1.4.1) */
        }
        writer_u32(&w, child->spi_in);
        forget_tasks(store, sa, child->id);
        sa_store_child_gone(store, sa, child, reason_of(child));
    }
    if (w.length > 0) {
        build(chain, writer_bytes(&w));
    }
}
