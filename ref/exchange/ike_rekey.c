/* Rekey of the IKE SA, RFC 7296 1.3.2, 2.18, and its collisions, 2.8.2 and 2.25. */

#include "exchange/ike_rekey.h"

#include <assert.h>
#include <string.h>

#include "exchange/child_create.h"
#include "exchange/child_rekey.h"
#include "exchange/fragmentation.h"
#include "exchange/ike_delete.h"
#include "exchange/reauthentication.h"
#include "exchange/request.h"
#include "sa/proposal_choice.h"

#define REPLACED_LINGER_NS                                                                         \
    30000000000ULL /* how long the peer may take to delete what it replaced */

static struct bytes spi_bytes(uint64_t spi, uint8_t out[8])
{
    struct writer w = writer_over(out, 8);
    writer_u64(&w, spi);
    return writer_bytes(&w);
}

static void build(struct chain_writer *chain, const struct sa_payload *sa, struct bytes nonce,
                  uint16_t group, const struct key_exchange *key)
{
    payload_begin(chain, PAYLOAD_SA);
    sa_payload_build(chain->w, sa);
    payload_end(chain);
    payload_begin(chain, PAYLOAD_NONCE);
    nonce_payload_build(chain->w, nonce);
    payload_end(chain);
    payload_begin(chain, PAYLOAD_KE);
    ke_payload_build(chain->w, group, key_exchange_public(key));
    payload_end(chain);
}

/* ---- the new IKE SA ---- */

struct material {
    const struct chosen_proposal *chosen;
    const struct shared_secret *g_ir;
    struct bytes ni, nr;
    uint64_t spi_i, spi_r;
};

/* What of the old IKE SA is also true of the new one. */
static void copy_circumstances(struct ike_sa *heir, const struct ike_sa *old)
{
    heir->mobike_initiator = old->mobike_initiator;
    heir->path = old->path;
    heir->encapsulated = old->encapsulated;
    heir->nat_supported = old->nat_supported;
    heir->nat_local = old->nat_local;
    heir->nat_remote = old->nat_remote;
    heir->udp_encapsulation = old->udp_encapsulation;
    heir->mobike = old->mobike;
    fragmentation_inherit(heir, old);
    heir->children_follow = old->children_follow;
    heir->children_apart = old->children_apart;
    heir->peer_addresses = old->peer_addresses;
    heir->announced = old->announced;
    heir->nat_checked_ns = old->nat_checked_ns;
    heir->exchanges = old->exchanges;
    heir->local_id = old->local_id;
    heir->remote_id = old->remote_id;
    heir->local_auth = old->local_auth;
    heir->remote_auth = old->remote_auth;
    memcpy(heir->remote_subject, old->remote_subject, sizeof heir->remote_subject);
}

static struct ike_sa *make(struct sa_store *store, const struct ike_sa *old, bool initiator,
                           const struct material *material)
{
    struct ike_keys keys;
    struct ike_sa *heir = sa_store_add(store, old->peer_index, initiator, IKE_SA_ESTABLISHED);
    if (heir == NULL) {
        return NULL;
    }
    copy_circumstances(heir, old);
    sa_store_set_spis(store, heir, material->spi_i, material->spi_r);
    heir->prf = material->chosen->prf;
    heir->protection = material->chosen->protection;
    heir->key_exchange = material->chosen->key_exchange;
    heir->silent = true; /* until it is known to be the one that stays */
    enum status status =
        keymat_derive_ike(heir->prf, &heir->protection, material->g_ir, material->ni, material->nr,
                          heir->spi_i, heir->spi_r, old->prf, &old->sk_d, &keys);
    if (status == STATUS_OK) {
        status = ike_sa_set_keys(heir, &keys);
        sa_store_emit_keys(store, heir, &keys);
        ike_keys_wipe(&keys);
    }
    if (status != STATUS_OK) {
        sa_store_remove(store, heir);
        return NULL;
    }
    sa_store_establish(store, heir);
    return heir;
}

static void move_task(struct sa_store *store, struct ike_sa *heir, const struct task *task)
{
    if (task->type == TASK_IKE_REKEY) {
        sa_store_emit_done(store, task->command, STATUS_OK); /* this is it */
    } else if (!task_queue_push(&heir->tasks, task)) {
        sa_store_task_ended(store, heir, task, STATUS_INTERNAL);
    }
}

/* What is out on the old IKE SA may never be answered there, and an answer would find it without
 * Child SAs: it is asked again in the new one. */
static void move_tasks(struct sa_store *store, struct ike_sa *old, struct ike_sa *heir)
{
    struct task *out = &old->request.task;
    if (old->request.active && out->type != TASK_IKE_REKEY && out->type != TASK_IKE_DELETE) {
        out->copies = old->request.sent - 1;
        move_task(store, heir, out);
        *out = (struct task){.type = out->type};
    }
    for (size_t i = 0; i < old->tasks.count; i++) {
        move_task(store, heir, &old->tasks.items[i]);
    }
    task_queue_clear(&old->tasks);
    if (task_queue_has(&heir->tasks, TASK_IKE_DELETE, 0)) {
        heir->state = IKE_SA_DELETING;
        heir->reason = old->reason;
    }
}

struct ike_sa *ike_rekey_rival(struct sa_store *store, const struct request *request)
{
    bool collided = request->task.type == TASK_IKE_REKEY && request->collision.active;
    struct ike_sa *theirs = collided ? sa_store_find(store, request->collision.ike_sa) : NULL;
    return theirs != NULL && theirs->state == IKE_SA_ESTABLISHED && theirs->silent ? theirs : NULL;
}

void ike_rekey_believe(struct sa_store *store, struct ike_sa *heir)
{
    for (struct ike_sa *old = store->ike_sas; old != NULL; old = old->next) {
        if (old->request.active && ike_rekey_rival(store, &old->request) == heir) {
            sa_store_emit_done(store, old->request.task.command, STATUS_OK);
            old->request.task.command = 0;
            ike_rekey_inherit(store, old, heir);
            return;
        }
    }
}

void ike_rekey_inherit(struct sa_store *store, struct ike_sa *old, struct ike_sa *heir)
{
    sa_store_stir(store, old);
    sa_store_stir(store, heir);
    ike_sa_inherit_children(heir, old);
    copy_circumstances(heir, old); /* a roam may have come between */
    heir->silent = false;
    heir->close_ns = UINT64_MAX;
    reauthentication_inherit(store, old, heir);
    sa_store_emit_rekeyed(store, old, heir);
    move_tasks(store, old, heir);
    old->successor = heir->id;
    old->state = IKE_SA_REKEYED;
    old->reason = DOWN_REPLACED;
    old->soft_ns = old->hard_ns = UINT64_MAX;
    old->close_ns = store->now_ns + REPLACED_LINGER_NS;
    request_start_next(store, heir);
}

static void delete_later(struct sa_store *store, struct ike_sa *sa, uint64_t command)
{
    struct task end = {.type = TASK_IKE_DELETE, .command = command};
    sa->reason = DOWN_REPLACED;
    if (sa->state == IKE_SA_ESTABLISHED) {
        sa->state = IKE_SA_DELETING;
    }
    request_queue(store, sa, &end);
}

/* ---- our request ---- */

enum status ike_rekey_create_request(struct sa_store *store, struct ike_sa *sa,
                                     struct chain_writer *chain)
{
    struct request *request = &sa->request;
    struct sa_payload offer;
    uint8_t spi[8];
    /* 1.3: of a group that the peer is expected to accept; this one it has accepted before */
    uint16_t group = request->task.group != KE_NONE ? request->task.group : sa->key_exchange->id;
    const struct key_exchange_algorithm *algorithm = key_exchange_algorithm_find(group);
    TRY(sa_store_new_ike_spi(store, &request->ike_spi));
    TRY(random_fill(store->random, request->nonce, sizeof request->nonce));
    request->key_exchange =
        algorithm != NULL ? key_exchange_create(algorithm, store->random) : NULL;
    if (request->key_exchange == NULL) {
        return STATUS_INTERNAL;
    }
    proposal_offer(&sa->peer->proposals, spi_bytes(request->ike_spi, spi), false, &offer);
    build(chain, &offer, bytes_of(request->nonce, sizeof request->nonce), group,
          request->key_exchange);
    return STATUS_OK;
}

static enum status conclude(struct sa_store *store, struct ike_sa *sa, struct request *request,
                            const struct message *m, struct ike_sa **made)
{
    struct chosen_proposal chosen;
    struct shared_secret g_ir;
    struct material material = {
        .chosen = &chosen,
        .g_ir = &g_ir,
        .ni = bytes_of(request->nonce, sizeof request->nonce),
        .nr = m->nonce.nonce,
        .spi_i = request->ike_spi,
    };
    if (!m->has_sa || !m->has_nonce || !m->has_ke) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    TRY(proposal_accept(&m->sa, &sa->peer->proposals, PROTOCOL_IKE, 8, false, &chosen));
    struct bytes spi = chosen.spi;
    (void)!bytes_take_u64(&spi, &material.spi_r); /* of 8 octets, or it was not accepted */
    if (material.spi_r == 0 || m->ke.group != chosen.key_exchange->id ||
        chosen.key_exchange != key_exchange_algorithm_of(request->key_exchange)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    TRY(key_exchange_derive(request->key_exchange, m->ke.data, &g_ir));
    *made = make(store, sa, true, &material);
    shared_secret_wipe(&g_ir);
    return *made != NULL ? STATUS_OK : STATUS_INTERNAL;
}

/* Both sides have made an IKE SA: the exchange with the lowest nonce has lost (2.8.2). */
static void resolve(struct sa_store *store, struct ike_sa *sa, struct request *request,
                    struct bytes nr, struct ike_sa *made)
{
    uint64_t command = request->task.command;
    struct ike_sa *theirs = ike_rekey_rival(store, request);
    struct bytes ni = bytes_of(request->nonce, sizeof request->nonce);
    bool lost = rekey_collision_lost(&request->collision, ni, nr);
    if (sa->state == IKE_SA_REKEYED) {
        delete_later(store, made, command); /* it was decided before */
    } else if (lost && theirs != NULL) {
        /* the peer deletes the old one, we the redundant one */
        ike_rekey_inherit(store, sa, theirs);
        delete_later(store, made, command);
    } else if (lost) {
        /* the one that won was deleted by the peer before we knew: that was the end of the line */
        delete_later(store, made, command);
        sa_store_ike_gone(store, sa, DOWN_DELETED_BY_PEER, STATUS_DROP);
    } else {
        if (theirs != NULL) {
            /* the peer deletes it, unless it never gets to know that its own rekey was answered */
            theirs->close_ns = store->now_ns + REPLACED_LINGER_NS;
        }
        ike_rekey_inherit(store, sa, made);
        delete_later(store, sa, command);
    }
}

void ike_rekey_consume_response(struct sa_store *store, struct ike_sa *sa, struct request *request,
                                const struct exchange_input *in)
{
    const struct message *m = in->message;
    const struct notify_payload *error = message_error(m);
    struct ike_sa *made = NULL;
    if (!m->has_sa && error != NULL) {
        struct ike_sa *theirs = ike_rekey_rival(store, request);
        if (theirs != NULL) {
            /* the peer had finished its own rekey first: that one stays (2.8.2) */
            ike_rekey_inherit(store, sa, theirs);
            sa_store_emit_done(store, request->task.command, STATUS_OK);
        } else if (!create_child_sa_try_again(store, sa, request, error, &sa->peer->proposals)) {
            sa_store_emit_ike(store, sa, EVENT_NOTIFIED, DOWN_REFUSED, STATUS_PEER(error->type));
            sa_store_emit_done(store, request->task.command, STATUS_PEER(error->type));
        }
        return;
    }
    enum status status = conclude(store, sa, request, m, &made);
    if (status != STATUS_OK) {
        /* the peer has moved to an IKE SA that we cannot have */
        struct ike_sa *theirs = ike_rekey_rival(store, request);
        if (theirs != NULL) { /* nobody else remembers it now */
            theirs->close_ns = store->now_ns + REPLACED_LINGER_NS;
        }
        sa_store_emit_done(store, request->task.command, status);
        ike_delete_queue(store, sa, DOWN_FAILED, 0);
        return;
    }
    resolve(store, sa, request, m->nonce.nonce, made);
}

/* ---- the peer's request ---- */

/* Creating, rekeying or closing a Child SA: the IKE SA cannot be replaced under it (2.25.1). */
static bool child_exchange_is_out(const struct ike_sa *sa)
{
    enum task_type type = sa->request.task.type;
    return sa->request.active &&
           (type == TASK_CHILD_CREATE || type == TASK_CHILD_REKEY || type == TASK_CHILD_DELETE);
}

static enum status answer(struct sa_store *store, struct ike_sa *sa,
                          const struct exchange_input *in, const struct chosen_proposal *chosen,
                          struct exchange_reply *reply, uint8_t nr[NONCE_OURS],
                          struct ike_sa **made)
{
    const struct message *m = in->message;
    struct shared_secret g_ir;
    struct sa_payload choice; /* large: only what counts is written */
    uint8_t spi[8];
    struct material material = {
        .chosen = chosen, .g_ir = &g_ir, .ni = m->nonce.nonce, .nr = bytes_of(nr, NONCE_OURS)};
    struct bytes spi_i = chosen->spi;
    (void)!bytes_take_u64(&spi_i, &material.spi_i); /* of 8 octets, or it was not chosen */
    if (material.spi_i == 0) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    struct key_exchange *key = key_exchange_create(chosen->key_exchange, store->random);
    enum status status =
        key != NULL ? key_exchange_derive(key, m->ke.data, &g_ir) : STATUS_INTERNAL;
    if (status == STATUS_OK) {
        status = random_fill(store->random, nr, NONCE_OURS);
    }
    if (status == STATUS_OK) {
        status = sa_store_new_ike_spi(store, &material.spi_r);
    }
    if (status == STATUS_OK) {
        choice.count = 1;
        choice.proposals[0] = chosen->answer;
        choice.proposals[0].spi = spi_bytes(material.spi_r, spi);
        build(&reply->chain, &choice, material.nr, chosen->key_exchange->id, key);
        *made = make(store, sa, false, &material);
        status = *made != NULL ? STATUS_OK : STATUS_INTERNAL;
    }
    shared_secret_wipe(&g_ir);
    key_exchange_destroy(key);
    return status;
}

enum status ike_rekey_consume_request(struct sa_store *store, struct ike_sa *sa,
                                      const struct exchange_input *in, struct exchange_reply *reply)
{
    struct chosen_proposal chosen;
    struct ike_sa *made;
    uint8_t nr[NONCE_OURS];
    const struct message *m = in->message;
    if (!m->has_nonce || !m->has_ke) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    if (child_exchange_is_out(sa) || ike_rekey_rival(store, &sa->request) != NULL) {
        return STATUS_NOTIFY(TEMPORARY_FAILURE); /* a collision has one rival, and it is there */
    }
    TRY(proposal_choose(&m->sa, &sa->peer->proposals, PROTOCOL_IKE, 8, false, m->ke.group,
                        &chosen));
    if (chosen.key_exchange->id != m->ke.group) {
        reply->error_data[0] = (uint8_t)(chosen.key_exchange->id >> 8);
        reply->error_data[1] = (uint8_t)chosen.key_exchange->id;
        reply->error_data_length = 2;
        return STATUS_NOTIFY(INVALID_KE_PAYLOAD);
    }
    TRY(answer(store, sa, in, &chosen, reply, nr, &made));
    if (sa->request.active && sa->request.task.type == TASK_IKE_REKEY) {
        /* ours is out as well: who inherits is decided when it is answered (2.8.2) */
        rekey_collision_note(&sa->request.collision, m->nonce.nonce, bytes_of(nr, sizeof nr));
        sa->request.collision.ike_sa = made->id;
    } else {
        ike_rekey_inherit(store, sa, made);
    }
    return STATUS_OK;
}
