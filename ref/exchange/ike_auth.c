/* IKE_AUTH, RFC 7296 1.2, 2.15: each side proves who it is; the first Child SA rides along. */

#include "exchange/ike_auth.h"

#include <string.h>

#include "exchange/authentication.h"
#include "exchange/child_negotiation.h"
#include "exchange/ike_delete.h"
#include "exchange/ike_sa_init.h"
#include "exchange/mobike.h"
#include "exchange/nat_prohibition.h"
#include "exchange/reauthentication.h"
#include "exchange/request.h"
#include "sa/proposal_choice.h"

static struct identity identity_of(const struct id_payload *payload)
{
    struct identity id = {.type = payload->type, .length = payload->data.length};
    memcpy(id.data, payload->data.data, payload->data.length);
    return id;
}

static void build_id(struct chain_writer *chain, uint8_t type, const struct identity *id)
{
    payload_begin(chain, type);
    id_payload_build(chain->w, id->type, bytes_of(id->data, id->length));
    payload_end(chain);
}

static void established(struct sa_store *store, struct ike_sa *sa)
{
    sa_store_establish(store, sa);
    sa_store_emit_ike(store, sa, EVENT_IKE_SA_UP, DOWN_DELETED_BY_US, STATUS_OK);
}

/* The peer starts afresh: what we still hold for its identity is dead. RFC 7296 2.4. Not so an IKE
 * SA that was established after this one had begun: the peer that made both has not died between;
 * the two sides have started at the same moment. */
static void drop_older(struct sa_store *store, struct ike_sa *sa)
{
    struct ike_sa *other = NULL;
    while ((other = sa_store_find_same(store, sa, other)) != NULL) {
        if (other->established_ns < sa->created_ns) {
            sa_store_ike_gone(store, other, DOWN_INITIAL_CONTACT, STATUS_OK);
            other = NULL; /* what has gone leads to no other: from the beginning */
        }
    }
}

/* ---- initiator ---- */

static void start(struct sa_store *store, struct ike_sa *sa, const struct task *task)
{
    enum status status = request_start(store, sa, task);
    if (status != STATUS_OK) {
        sa_store_task_ended(store, sa, task, status);
        sa_store_ike_gone(store, sa, DOWN_FAILED, status);
    }
}

void ike_auth_start(struct sa_store *store, struct ike_sa *sa)
{
    /* the first Child SA that waits travels with AUTH: its task becomes the IKE_AUTH task */
    struct task task = sa->tasks.items[0];
    struct task removed;
    (void)task_queue_remove(&sa->tasks, task.type, 0, &removed);
    task.type = TASK_IKE_AUTH;
    sa->state = IKE_SA_AUTH_SENT;
    start(store, sa, &task);
}

void ike_auth_go_on(struct sa_store *store, struct ike_sa *sa)
{
    struct task task = sa->request.task;
    start(store, sa, &task);
}

bool ike_auth_prepare_request(struct sa_store *store, struct ike_sa *sa,
                              const struct exchange_input *in, struct job *job)
{
    (void)store;
    (void)in;
    sa->local_id = authentication_identity(sa, &sa->path.local.ip);
    return authentication_prepare_auth(sa, &sa->local_id, job);
}

static bool has_other_ike_sa(const struct sa_store *store, const struct ike_sa *sa)
{
    for (const struct ike_sa *other = store->ike_sas; other != NULL; other = other->next) {
        if (other != sa && other->peer_index == sa->peer_index && ike_sa_is_up(other)) {
            return true;
        }
    }
    return false;
}

enum status ike_auth_create_request(struct sa_store *store, struct ike_sa *sa,
                                    struct chain_writer *chain)
{
    const struct child_config *config = &sa->peer->children[sa->request.task.child_index];
    if (sa->job == NULL) { /* else it has been signed, and may be our address before we moved */
        sa->local_id = authentication_identity(sa, &sa->path.local.ip);
    }
    build_id(chain, PAYLOAD_IDI, &sa->local_id);
    authentication_add_certificates(sa, chain);
    if (sa->peer->initial_contact && !has_other_ike_sa(store, sa)) {
        notify_add(chain, INITIAL_CONTACT, bytes_of(NULL, 0));
    }
    authentication_add_request(sa, chain);
    if (sa->peer->remote_id.type != 0) {
        build_id(chain, PAYLOAD_IDR, &sa->peer->remote_id);
    }
    TRY(authentication_add_auth(sa, chain));
    TRY(child_offer_build(store, sa, config, NULL, true, chain));
    if (sa->peer->mobike) {
        notify_add(chain, MOBIKE_SUPPORTED, bytes_of(NULL, 0));
        nat_prohibition_build(sa, chain);
        mobike_build_additional(store, sa, chain, false);
    }
    return STATUS_OK;
}

/* All but the proof: no refusal, all payloads, and the name that we expect. */
static enum status look_at_responder(struct ike_sa *sa, const struct message *m)
{
    const struct notify_payload *error = message_error(m);
    if (error != NULL && !m->has_auth) {
        return STATUS_PEER(error->type);
    }
    TRY(message_rules_check(IKE_AUTH, true, m));
    sa->remote_id = identity_of(&m->id_r);
    if (sa->peer->remote_id.type != 0 && !identity_equal(&sa->remote_id, &sa->peer->remote_id)) {
        sa->refusal = REFUSAL_IDENTITY_UNEXPECTED;
        return STATUS_NOTIFY(AUTHENTICATION_FAILED);
    }
    return STATUS_OK;
}

static enum status check_responder(const struct sa_store *store, struct ike_sa *sa,
                                   const struct message *m)
{
    TRY(look_at_responder(sa, m));
    return authentication_verify(store, sa, &m->id_r, m);
}

bool ike_auth_prepare_response(struct sa_store *store, struct ike_sa *sa,
                               const struct exchange_input *in, struct job *job)
{
    const struct message *m = in->message;
    return look_at_responder(sa, m) == STATUS_OK &&
           authentication_prepare_verify(store, sa, &m->id_r, m, job);
}

/* AUTH was good. What became of the Child SA is another matter (2.21.2). */
static enum status conclude_child(struct sa_store *store, struct ike_sa *sa,
                                  struct request *request, const struct message *m, struct bytes ni,
                                  struct bytes nr)
{
    struct child_sa *child;
    struct child_exchange exchange = {
        .child_index = request->task.child_index, .in_ike_auth = true, .ni = ni, .nr = nr};
    const struct notify_payload *error = message_error(m);
    if (!m->has_sa && error != NULL) {
        return STATUS_PEER(error->type);
    }
    return child_offer_conclude(store, sa, request, m, &exchange, &child);
}

/* No Child SA came of it: what the peer may have of one goes, or all of it, since an IKE SA that
 * was made for Child SAs and has none serves nobody. */
static void child_failed(struct sa_store *store, struct ike_sa *sa, const struct request *request,
                         const struct message *m, enum status status)
{
    sa_store_emit_child_failed(store, sa, request->task.child_index, status);
    reauthentication_fail(store, sa, status);
    if (sa->tasks.count == 0 && sa->state == IKE_SA_ESTABLISHED) {
        ike_delete_queue(store, sa, DOWN_FAILED, 0);
    } else if (m->has_sa) {
        child_offer_reject(store, sa, request, m);
    }
}

/* Who changes one packet must not keep us from the peer: from IKE_SA_INIT on once more, as often as
 * we would have repeated a request (RFC 4555 3.9). What was to follow goes over. */
static bool starts_over(struct sa_store *store, struct ike_sa *sa, const struct request *request,
                        enum status status)
{
    struct task task = request->task;
    task.type = TASK_CHILD_CREATE;
    if (status != STATUS_PEER(UNEXPECTED_NAT_DETECTED) || store->shutting_down ||
        task_queue_has(&sa->tasks, TASK_IKE_DELETE, 0) ||
        ++task.attempts >= sa->peer->retransmission.tries) {
        return false;
    }
    struct ike_sa *anew =
        ike_sa_init_start(store, sa->peer_index, &sa->path, sa->encapsulated, &task);
    if (anew == NULL) {
        return false;
    }
    for (size_t i = 0; i < sa->tasks.count; i++) {
        if (!task_queue_push(&anew->tasks, &sa->tasks.items[i])) {
            sa_store_task_ended(store, anew, &sa->tasks.items[i], STATUS_INTERNAL);
        }
    }
    task_queue_clear(&sa->tasks);
    sa_store_set_reauthentication(store, anew, sa->reauthentication);
    sa_store_set_reauthentication(store, sa, (struct reauthentication){0});
    sa_store_ike_gone(store, sa, DOWN_REFUSED, status);
    return true;
}

void ike_auth_consume_response(struct sa_store *store, struct ike_sa *sa, struct request *request,
                               const struct exchange_input *in)
{
    const struct message *m = in->message;
    uint8_t ni[NONCE_MAX];
    uint8_t nr[NONCE_MAX];
    uint16_t type;
    size_t ni_length = sa->init->ni_length;
    size_t nr_length = sa->init->nr_length;
    enum status status = check_responder(store, sa, m);
    if (starts_over(store, sa, request, status)) {
        return;
    }
    if (status != STATUS_OK) {
        sa_store_emit_child_failed(store, sa, request->task.child_index, status);
        sa_store_emit_done_with(store, sa, request->task.command, status);
        if (status_is_peer(status, &type)) {
            sa_store_ike_gone(store, sa, DOWN_REFUSED, status);
            return;
        }
        /* the responder believes that it is up: tell it otherwise (2.21.2) */
        struct task tell = {.type = TASK_AUTH_FAILED};
        sa->state = IKE_SA_DELETING;
        sa->reason = DOWN_FAILED;
        sa_store_tasks_ended(store, sa, status);
        request_queue(store, sa, &tell);
        return;
    }
    memcpy(ni, sa->init->ni, ni_length);
    memcpy(nr, sa->init->nr, nr_length);
    sa->mobike = sa->peer->mobike && message_notify(m, MOBIKE_SUPPORTED) != NULL;
    mobike_note_additional(sa, m, in->path);
    established(store, sa);
    if (message_notify(m, INITIAL_CONTACT) != NULL || sa->peer->replace_existing) {
        drop_older(store, sa);
    }
    status =
        conclude_child(store, sa, request, m, bytes_of(ni, ni_length), bytes_of(nr, nr_length));
    sa_store_emit_done(store, request->task.command, status);
    if (status != STATUS_OK) {
        child_failed(store, sa, request, m, status);
    }
}

enum status auth_failed_create_request(struct sa_store *store, struct ike_sa *sa,
                                       struct chain_writer *chain)
{
    (void)store;
    (void)sa;
    notify_add(chain, AUTHENTICATION_FAILED, bytes_of(NULL, 0));
    return STATUS_OK;
}

void auth_failed_consume_response(struct sa_store *store, struct ike_sa *sa,
                                  struct request *request, const struct exchange_input *in)
{
    (void)request;
    (void)in;
    sa_store_ike_gone(store, sa, DOWN_FAILED, STATUS_NOTIFY(AUTHENTICATION_FAILED));
}

/* ---- responder ---- */

/* The identities fit, the peer may be there, and its own proposals allow what was chosen before
 * anybody had a name. */
static bool peer_fits(const struct sa_store *store, const struct ike_sa *sa,
                      const struct peer_config *peer, const struct identity *remote,
                      const struct message *m, const struct path *path)
{
    if (m->has_id_r && peer->local_id.type != 0) {
        struct identity wanted = identity_of(&m->id_r);
        if (!identity_equal(&wanted, &peer->local_id)) {
            return false;
        }
    }
    return (peer->remote_id.type == 0 || identity_equal(&peer->remote_id, remote)) &&
           peer_config_allows_address(store->config, peer, &path->remote.ip) &&
           proposal_list_allows_ike(&peer->proposals, &sa->protection, sa->prf, sa->key_exchange);
}

/* Now the initiator has said who it is. Peers with that name go before those that take any. */
static bool find_peer(struct sa_store *store, struct ike_sa *sa, const struct message *m,
                      const struct path *path)
{
    struct identity remote = identity_of(&m->id_i);
    sa->remote_id = remote;
    for (int any = 0; any < 2; any++) {
        for (size_t i = 0; i < store->config->peer_count; i++) {
            const struct peer_config *peer = &store->config->peers[i];
            if ((peer->remote_id.type == 0) == (any == 1) &&
                peer_fits(store, sa, peer, &remote, m, path)) {
                sa->peer_index = (uint16_t)i;
                sa->peer = peer;
                return true;
            }
        }
    }
    sa->refusal = REFUSAL_IDENTITY_UNKNOWN;
    return false;
}

static void answer_child(struct sa_store *store, struct ike_sa *sa, const struct exchange_input *in,
                         struct exchange_reply *reply, struct bytes ni, struct bytes nr)
{
    struct child_sa *child;
    struct child_exchange exchange = {.in_ike_auth = true, .ni = ni, .nr = nr};
    uint16_t type;
    enum status status = child_answer_build(store, sa, in, &exchange, reply, &child);
    if (status_is_notify(status, &type)) {
        notify_add(&reply->chain, type, bytes_of(reply->error_data, reply->error_data_length));
        sa_store_emit_ike(store, sa, EVENT_NOTIFIED, DOWN_FAILED, status);
    }
}

static enum status look_at_initiator(struct sa_store *store, struct ike_sa *sa,
                                     const struct exchange_input *in)
{
    TRY(message_rules_check(IKE_AUTH, false, in->message));
    return find_peer(store, sa, in->message, in->path) ? STATUS_OK
                                                       : STATUS_NOTIFY(AUTHENTICATION_FAILED);
}

/* What is to be signed is known before the peer has proved anything, so one job has both; but
 * nothing is signed for who has not proved itself. */
bool ike_auth_prepare_answer(struct sa_store *store, struct ike_sa *sa,
                             const struct exchange_input *in, struct job *job)
{
    const struct message *m = in->message;
    if (look_at_initiator(store, sa, in) != STATUS_OK) {
        return false;
    }
    bool verifies = authentication_prepare_verify(store, sa, &m->id_i, m, job);
    if (!verifies && authentication_verify(store, sa, &m->id_i, m) != STATUS_OK) {
        return false;
    }
    struct identity id = authentication_identity(sa, &in->path->local.ip);
    bool signs = authentication_prepare_auth(sa, &id, job);
    return verifies || signs;
}

enum status ike_auth_consume_request(struct sa_store *store, struct ike_sa *sa,
                                     const struct exchange_input *in, struct exchange_reply *reply)
{
    const struct message *m = in->message;
    uint8_t ni[NONCE_MAX];
    uint8_t nr[NONCE_MAX];
    TRY(look_at_initiator(store, sa, in));
    TRY(authentication_verify(store, sa, &m->id_i, m));
    sa->mobike = sa->peer->mobike && message_notify(m, MOBIKE_SUPPORTED) != NULL;
    if (sa->mobike && nat_prohibition_broken(in)) {
        return STATUS_NOTIFY(UNEXPECTED_NAT_DETECTED);
    }
    /* addresses and port are those of this message: 4555 3.3, 7296 2.23 */
    sa->path = *in->path;
    sa->encapsulated = in->encapsulated;
    mobike_note_additional(sa, m, in->path);
    sa->local_id = authentication_identity(sa, &sa->path.local.ip);
    build_id(&reply->chain, PAYLOAD_IDR, &sa->local_id);
    authentication_add_certificates(sa, &reply->chain);
    TRY(authentication_add_auth(sa, &reply->chain));
    size_t ni_length = sa->init->ni_length;
    size_t nr_length = sa->init->nr_length;
    memcpy(ni, sa->init->ni, ni_length);
    memcpy(nr, sa->init->nr, nr_length);
    established(store, sa);
    if (message_notify(m, INITIAL_CONTACT) != NULL || sa->peer->replace_existing) {
        drop_older(store, sa);
    }
    if (sa->mobike) {
        notify_add(&reply->chain, MOBIKE_SUPPORTED, bytes_of(NULL, 0));
        mobike_build_additional(store, sa, &reply->chain, false);
    }
    answer_child(store, sa, in, reply, bytes_of(ni, ni_length), bytes_of(nr, nr_length));
    return STATUS_OK;
}
