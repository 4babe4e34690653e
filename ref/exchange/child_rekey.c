/* Rekey of a Child SA, RFC 7296 1.3.3, 2.8, and its collisions, 2.8.1 and 2.25.1. */

#include "exchange/child_rekey.h"

#include <string.h>

#include "exchange/child_create.h"
#include "exchange/child_delete.h"
#include "exchange/child_negotiation.h"
#include "exchange/request.h"

/* Octet by octet; a nonce that ends first is the lower one (2.8.1). */
static int nonce_compare(struct bytes a, struct bytes b)
{
    size_t common = a.length < b.length ? a.length : b.length;
    int order = memcmp(a.data, b.data, common);
    if (order != 0) {
        return order;
    }
    return a.length < b.length ? -1 : a.length > b.length;
}

static struct bytes lower(struct bytes a, struct bytes b)
{
    return nonce_compare(a, b) < 0 ? a : b;
}

void rekey_collision_note(struct rekey_collision *collision, struct bytes ni, struct bytes nr)
{
    struct bytes lowest = lower(ni, nr);
    collision->active = true;
    collision->nonce_length = lowest.length;
    memcpy(collision->nonce, lowest.data, lowest.length);
}

bool rekey_collision_lost(const struct rekey_collision *collision, struct bytes ni, struct bytes nr)
{
    return collision->active &&
           nonce_compare(lower(ni, nr), bytes_of(collision->nonce, collision->nonce_length)) < 0;
}

/* ---- our request ---- */

enum status child_rekey_create_request(struct sa_store *store, struct ike_sa *sa,
                                       struct chain_writer *chain)
{
    uint8_t spi[4];
    struct child_sa *old = ike_sa_child_by_id(sa, sa->request.task.child_sa);
    if (old == NULL || old->state == CHILD_SA_DELETING || old->replaced) {
        return STATUS_DROP; /* REKEYING: we could not send it the first time */
    }
    const struct child_config *config = &sa->peer->children[old->child_index];
    struct writer w = writer_over(spi, sizeof spi);
    writer_u32(&w, old->spi_in);
    payload_begin(chain, PAYLOAD_NOTIFY);
    notify_payload_build(chain->w, PROTOCOL_ESP, writer_bytes(&w), REKEY_SA, bytes_of(NULL, 0));
    payload_end(chain);
    TRY(child_offer_build(store, sa, config, old, false, chain));
    old->state = CHILD_SA_REKEYING;
    return STATUS_OK;
}

/* CHILD_SA_NOT_FOUND: ours is a ghost. Without a collision that explains it, a new one from
 * scratch. */
static void not_found(struct sa_store *store, struct ike_sa *sa, struct request *request,
                      struct child_sa *old)
{
    if (old == NULL || old->replaced) {
        sa_store_emit_done(store, request->task.command, STATUS_OK);
        return;
    }
    struct task create = {.type = TASK_CHILD_CREATE,
                          .child_index = old->child_index,
                          .command = request->task.command};
    sa_store_child_gone(store, sa, old, DOWN_DELETED_BY_PEER);
    request_queue(store, sa, &create);
}

static void refused(struct sa_store *store, struct ike_sa *sa, struct request *request,
                    const struct notify_payload *error, struct child_sa *old)
{
    if (old != NULL && old->state == CHILD_SA_REKEYING) {
        old->state = CHILD_SA_INSTALLED;
    }
    if (error->type == CHILD_SA_NOT_FOUND) {
        not_found(store, sa, request, old);
        return;
    }
    if (old == NULL) { /* went away meanwhile: nothing is left to rekey */
        sa_store_emit_done(store, request->task.command, STATUS_OK);
        return;
    }
    const struct child_config *config = &sa->peer->children[old->child_index];
    if (create_child_sa_try_again(store, sa, request, error, &config->proposals)) {
        return;
    }
    sa_store_emit_ike(store, sa, EVENT_NOTIFIED, DOWN_REFUSED, STATUS_PEER(error->type));
    sa_store_emit_done(store, request->task.command, STATUS_PEER(error->type));
}

void child_rekey_consume_response(struct sa_store *store, struct ike_sa *sa,
                                  struct request *request, const struct exchange_input *in)
{
    struct child_sa *made;
    const struct message *m = in->message;
    struct child_sa *old = ike_sa_child_by_id(sa, request->task.child_sa);
    const struct notify_payload *error = message_error(m);
    if (!m->has_sa && error != NULL) {
        refused(store, sa, request, error, old);
        return;
    }
    struct bytes ni = bytes_of(request->nonce, sizeof request->nonce);
    /* the peer has closed the old one while we waited: what came of it must go too */
    bool orphan = old == NULL;
    bool lost = m->has_nonce && rekey_collision_lost(&request->collision, ni, m->nonce.nonce);
    struct child_exchange exchange = {
        .child_index = old != NULL ? old->child_index : request->task.child_index,
        .old = old,
        .redundant = lost || orphan,
        .ni = ni,
        .nr = m->nonce.nonce,
    };
    enum status status = m->has_nonce
                             ? child_offer_conclude(store, sa, request, m, &exchange, &made)
                             : STATUS_NOTIFY(INVALID_SYNTAX);
    if (status != STATUS_OK) {
        if (old != NULL && old->state == CHILD_SA_REKEYING) {
            old->state = CHILD_SA_INSTALLED;
        }
        if (status == STATUS_DROP && old != NULL) {
            /* the peer has deleted the new one already: it wants neither */
            child_delete_queue(store, sa, old, DOWN_DELETED_BY_PEER, 0);
        } else if (status != STATUS_DROP && m->has_sa) {
            child_offer_reject(store, sa, request, m);
            if (request->collision.active && !lost && old != NULL) {
                /* the peer has lost and waits for us to delete the old one */
                child_delete_queue(store, sa, old, DOWN_FAILED, 0);
            }
        }
        sa_store_emit_done(store, request->task.command, status);
        return;
    }
    struct child_sa *theirs = ike_sa_child_by_id(sa, request->collision.child_sa);
    if (!lost && request->collision.active && theirs != NULL) {
        theirs->replaced = true; /* the peer, who lost, deletes it */
        theirs->soft_ns = UINT64_MAX;
    }
    if (lost && old != NULL) {
        old->state = CHILD_SA_INSTALLED; /* the peer, who won, deletes it (2.8.1) */
        old->replaced = true;
        old->soft_ns = UINT64_MAX;
    }
    child_delete_queue(store, sa, lost || orphan ? made : old, DOWN_REPLACED,
                       request->task.command);
}

/* ---- the peer's request ---- */

enum status child_rekey_consume_request(struct sa_store *store, struct ike_sa *sa,
                                        const struct exchange_input *in,
                                        const struct notify_payload *rekey,
                                        struct exchange_reply *reply)
{
    struct child_sa *made;
    uint8_t nr[NONCE_OURS];
    uint32_t spi_out = 0;
    struct bytes spi = rekey->spi;
    bool named = rekey->protocol == PROTOCOL_ESP && spi.length == 4;
    (void)!bytes_take_u32(&spi, &spi_out);
    struct child_sa *old = named ? ike_sa_child_by_spi_out(sa, spi_out) : NULL;
    if (old == NULL && named && child_offer_is_out(sa)) {
        return STATUS_NOTIFY(
            TEMPORARY_FAILURE); /* perhaps our own request has just made it there */
    }
    if (old == NULL) {
        /* protocol and SPI go back as they came, but never more of them than an SPI has */
        if (named) {
            reply->error_protocol = PROTOCOL_ESP;
            reply->error_spi_length = 4;
            memcpy(reply->error_spi, rekey->spi.data, 4);
        }
        return STATUS_NOTIFY(CHILD_SA_NOT_FOUND);
    }
    if (old->state == CHILD_SA_DELETING) {
        return STATUS_NOTIFY(TEMPORARY_FAILURE); /* 2.25.1 */
    }
    TRY(child_create_answer(store, sa, in, old, reply, &made, nr));
    struct request *ours = &sa->request;
    if (ours->active && ours->task.type == TASK_CHILD_REKEY && ours->task.child_sa == old->id) {
        rekey_collision_note(&ours->collision, in->message->nonce.nonce, bytes_of(nr, sizeof nr));
        ours->collision.child_sa = made->id;
    } else {
        struct task dropped; /* the peer was first: what we had planned is done */
        while (task_queue_remove(&sa->tasks, TASK_CHILD_REKEY, old->id, &dropped)) {
            sa_store_emit_done(store, dropped.command, STATUS_OK);
        }
        old->soft_ns = UINT64_MAX;
    }
    old->replaced = true;
    return STATUS_OK;
}
