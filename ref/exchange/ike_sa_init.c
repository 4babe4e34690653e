/* IKE_SA_INIT, RFC 7296 1.2: proposals, key exchange and nonces in the open; cookies (2.6), another
 * group (INVALID_KE_PAYLOAD, 1.2), NAT detection (2.23). Initiator first, responder below. */

#include "exchange/ike_sa_init.h"

#include <stdlib.h>
#include <string.h>

#include "exchange/admission.h"
#include "exchange/authentication.h"
#include "exchange/client_puzzle.h"
#include "exchange/ike_auth.h"
#include "exchange/mobike.h"
#include "exchange/request.h"
#include "exchange/response.h"
#include "sa/nat_detection.h"
#include "sa/proposal_choice.h"

/* Some milliseconds: more than the key exchange it is to protect takes us (RFC 8019 7.2.1.1).
 */
#define DIFFICULTY_IKE_AUTH 12
#define RESTARTS_MAX 4 /* COOKIE and INVALID_KE_PAYLOAD followed before we stop believing them */

static struct bytes nonce_i(const struct ike_sa *sa)
{
    return bytes_of(sa->init->ni, sa->init->ni_length);
}

static struct bytes nonce_r(const struct ike_sa *sa)
{
    return bytes_of(sa->init->nr, sa->init->nr_length);
}

static void add_ke_and_nonce(struct chain_writer *chain, uint16_t group, struct bytes public_value,
                             struct bytes nonce)
{
    payload_begin(chain, PAYLOAD_KE);
    ke_payload_build(chain->w, group, public_value);
    payload_end(chain);
    payload_begin(chain, PAYLOAD_NONCE);
    nonce_payload_build(chain->w, nonce);
    payload_end(chain);
}

static enum status add_nat_detection(struct chain_writer *chain, const struct ike_sa *sa)
{
    if (!sa->peer->nat_traversal) {
        return STATUS_OK;
    }
    return nat_detection_build(chain, sa->spi_i, sa->spi_r, &sa->path,
                               sa->peer->force_udp_encapsulation);
}

/* Room for what only the set-up needs, with a key of this group. */
static enum status init_prepare(struct sa_store *store, struct ike_sa *sa, uint16_t group)
{
    if (sa->init == NULL) {
        sa->init = calloc(1, sizeof *sa->init);
    }
    const struct key_exchange_algorithm *algorithm = key_exchange_algorithm_find(group);
    if (sa->init == NULL || algorithm == NULL) {
        return STATUS_INTERNAL;
    }
    key_exchange_destroy(sa->init->key_exchange);
    sa->init->group = group;
    sa->init->key_exchange = key_exchange_create(algorithm, store->random);
    return sa->init->key_exchange != NULL ? STATUS_OK : STATUS_INTERNAL;
}

/* SKEYSEED and all SK_*, then no private key any more. */
static enum status init_derive(struct sa_store *store, struct ike_sa *sa, struct bytes peer_public)
{
    struct shared_secret g_ir;
    struct ike_keys keys;
    enum status status = key_exchange_derive(sa->init->key_exchange, peer_public, &g_ir);
    if (status == STATUS_OK) {
        status = keymat_derive_ike(sa->prf, &sa->protection, &g_ir, nonce_i(sa), nonce_r(sa),
                                   sa->spi_i, sa->spi_r, NULL, NULL, &keys);
        shared_secret_wipe(&g_ir);
    }
    if (status == STATUS_OK) {
        status = ike_sa_set_keys(sa, &keys);
        sa_store_emit_keys(store, sa, &keys);
        ike_keys_wipe(&keys);
    }
    return status;
}

/* ---- initiator ---- */

static enum status create_request(struct sa_store *store, struct ike_sa *sa)
{
    uint8_t octets[IKE_MESSAGE_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    struct sa_payload offer;
    struct ike_header header = {
        .spi_i = sa->spi_i, .exchange_type = IKE_SA_INIT, .flags = IKE_FLAG_INITIATOR};
    ike_header_build(&w, &header);
    struct chain_writer chain = chain_writer_over(&w);
    if (sa->init->cookie_length > 0) {
        notify_add(&chain, COOKIE, bytes_of(sa->init->cookie, sa->init->cookie_length));
    }
    if (sa->init->solution_length > 0) { /* RFC 8019 7.1.2 */
        payload_begin(&chain, PAYLOAD_PS);
        ps_payload_build(&w, bytes_of(sa->init->solution, sa->init->solution_length));
        payload_end(&chain);
    }
    proposal_offer(&sa->peer->proposals, bytes_of(NULL, 0), false, &offer);
    payload_begin(&chain, PAYLOAD_SA);
    sa_payload_build(&w, &offer);
    payload_end(&chain);
    add_ke_and_nonce(&chain, sa->init->group, key_exchange_public(sa->init->key_exchange),
                     nonce_i(sa));
    TRY(add_nat_detection(&chain, sa));
    if (sa->peer->fragmentation) {
        notify_add(&chain, IKEV2_FRAGMENTATION_SUPPORTED, bytes_of(NULL, 0));
    }
    authentication_ask(sa, &chain);
    if (w.overflow) {
        return STATUS_INTERNAL;
    }
    writer_patch_u8(&w, 16, chain.first);
    ike_header_patch_length(&w);
    TRY(stored_message_set(&sa->init->request, writer_bytes(&w)));
    TRY(stored_message_set(&sa->request.message, writer_bytes(&w)));
    struct task task = {.type = TASK_IKE_SA_INIT};
    request_send(store, sa, &task, IKE_SA_INIT);
    return STATUS_OK;
}

struct ike_sa *ike_sa_init_start(struct sa_store *store, uint16_t peer_index,
                                 const struct path *path, bool encapsulated,
                                 const struct task *task)
{
    struct ike_sa *sa = sa_store_add(store, peer_index, true, IKE_SA_INIT_SENT);
    if (sa == NULL) {
        return NULL;
    }
    sa->path = *path;
    sa->encapsulated = encapsulated;
    enum status status = init_prepare(store, sa, proposal_list_first_group(&sa->peer->proposals));
    if (status == STATUS_OK) {
        sa->init->ni_length = NONCE_OURS;
        status = random_fill(store->random, sa->init->ni, NONCE_OURS);
    }
    if (status == STATUS_OK && task_queue_push(&sa->tasks, task)) {
        status = create_request(store, sa);
    }
    if (status != STATUS_OK) {
        sa_store_remove(store, sa);
        return NULL;
    }
    return sa;
}

void ike_sa_init_ask_again(struct sa_store *store, struct ike_sa *sa)
{
    if (create_request(store, sa) != STATUS_OK) {
        sa_store_ike_gone(store, sa, DOWN_FAILED, STATUS_INTERNAL);
    }
}

/* With the solution of the puzzle that came with it, if there was one and we are ready to look for
 * that; whatever else it holds, a cookie is a cookie (RFC 8019 7.1.2). */
static enum status restart_with_cookie(struct sa_store *store, struct ike_sa *sa,
                                       const struct message *message)
{
    const struct notify_payload *cookie = message_notify(message, COOKIE);
    const struct notify_payload *notify = message_notify(message, PUZZLE);
    struct bytes sent = bytes_of(sa->init->cookie, sa->init->cookie_length);
    struct puzzle_notify puzzle;
    if (cookie->data.length == 0 || cookie->data.length > COOKIE_MAX ||
        bytes_equal(cookie->data, sent)) {
        return STATUS_DROP; /* a copy of what we have answered, or the peer wants to be asked later
                             */
    }
    memcpy(sa->init->cookie, cookie->data.data, cookie->data.length);
    sa->init->cookie_length = cookie->data.length;
    sa->init->solution_length = 0;
    if (notify != NULL && puzzle_notify_parse(notify->data, &puzzle) == STATUS_OK &&
        client_puzzle_begin(store, sa, &puzzle) == STATUS_OK) {
        return STATUS_OK;
    }
    return create_request(store, sa);
}

static enum status restart_with_group(struct sa_store *store, struct ike_sa *sa,
                                      const struct notify_payload *error)
{
    struct bytes data = error->data;
    uint16_t group;
    if (!bytes_take_u16(&data, &group) || data.length != 0 || group == sa->init->group ||
        !proposal_list_has_group(&sa->peer->proposals, group)) {
        return STATUS_DROP;
    }
    TRY(init_prepare(store, sa, group));
    return create_request(store, sa);
}

/* An answer that is no success: corrective actions for COOKIE and INVALID_KE_PAYLOAD; anything else
 * is noted and believed only when nothing better comes within one retransmission interval (2.21.1).
 */
static enum status consume_refusal(struct sa_store *store, struct ike_sa *sa,
                                   const struct message *message)
{
    const struct notify_payload *cookie = message_notify(message, COOKIE);
    const struct notify_payload *error = message_error(message);
    if (sa->init->searching) {
        return STATUS_DROP; /* a copy of what made us search, or worth no more */
    }
    if (cookie != NULL || (error != NULL && error->type == INVALID_KE_PAYLOAD)) {
        if (sa->init->restarts == RESTARTS_MAX) {
            return STATUS_DROP;
        }
        TRY(cookie != NULL ? restart_with_cookie(store, sa, message)
                           : restart_with_group(store, sa, error));
        sa->init->restarts++;
        return STATUS_OK;
    }
    if (error == NULL || sa->request.error != STATUS_OK) {
        return STATUS_DROP;
    }
    sa->request.error = STATUS_PEER(error->type);
    sa->request.give_up_ns = store->now_ns + sa->peer->retransmission.timeout_ns;
    return STATUS_OK;
}

static void set_nat(struct ike_sa *sa, const struct nat_detection *nat)
{
    sa->nat_supported = nat->supported && sa->peer->nat_traversal;
    sa->nat_local = sa->nat_supported && nat->nat_local;
    sa->nat_remote = sa->nat_supported && nat->nat_remote;
    sa->udp_encapsulation = sa->nat_supported && (nat->nat_local || nat->nat_remote ||
                                                  sa->peer->force_udp_encapsulation);
}

/* The request is answered, and the responder may want to see work before it opens IKE_AUTH: then we
 * search, or it is no use to go on (RFC 8019 7.2). */
static void go_on_to_ike_auth(struct sa_store *store, struct ike_sa *sa, const struct message *m)
{
    const struct notify_payload *notify = message_notify(m, PUZZLE);
    struct puzzle_notify puzzle;
    sa->init->searching = false;
    sa->init->solution_length = 0;
    if (notify == NULL || puzzle_notify_parse(notify->data, &puzzle) != STATUS_OK ||
        store->config->puzzle_difficulty_max == 0) {
        ike_auth_start(store, sa);
    } else if (client_puzzle_begin(store, sa, &puzzle) != STATUS_OK) {
        sa_store_ike_gone(store, sa, DOWN_REFUSED, STATUS_PEER(PUZZLE));
    }
}

/* RFC 7383 2.3 */
static bool both_fragment(const struct ike_sa *sa, const struct message *m)
{
    return sa->peer->fragmentation && message_notify(m, IKEV2_FRAGMENTATION_SUPPORTED) != NULL;
}

enum status ike_sa_init_consume_response(struct sa_store *store, struct ike_sa *sa,
                                         const struct exchange_input *in)
{
    const struct message *m = in->message;
    struct chosen_proposal chosen;
    struct nat_detection nat;
    if (sa->spi_r != 0) {
        return STATUS_DROP; /* a copy of the answer that made us search */
    }
    mobike_init_answered_on(store, sa, in->path);
    if (!m->has_sa || message_error(m) != NULL) {
        return consume_refusal(store, sa, m);
    }
    if (in->header->spi_r == 0 || message_rules_check(IKE_SA_INIT, true, m) != STATUS_OK ||
        proposal_accept(&m->sa, &sa->peer->proposals, PROTOCOL_IKE, 0, false, &chosen) !=
            STATUS_OK ||
        m->ke.group != sa->init->group || chosen.key_exchange->id != sa->init->group) {
        return STATUS_DROP;
    }
    TRY(nat_detection_evaluate(m, sa->spi_i, in->header->spi_r, in->path, &nat));
    sa->spi_r = in->header->spi_r;
    sa->prf = chosen.prf;
    sa->protection = chosen.protection;
    sa->key_exchange = chosen.key_exchange;
    memcpy(sa->init->nr, m->nonce.nonce.data, m->nonce.nonce.length);
    sa->init->nr_length = m->nonce.nonce.length;
    enum status status = stored_message_set(&sa->init->response, in->datagram);
    if (status == STATUS_OK) {
        status = init_derive(store, sa, m->ke.data);
    }
    if (status != STATUS_OK) {
        sa->spi_r =
            0; /* a public value that is none may be somebody else's: wait for a better one */
        return STATUS_DROP;
    }
    set_nat(sa, &nat);
    sa->fragmentation = both_fragment(sa, m);
    authentication_note_response(sa, m);
    bool moves = sa->nat_supported && (sa->udp_encapsulation || sa->peer->mobike);
    if (moves && !sa->encapsulated) {
        /* behind a NAT always (7296 2.23), with MOBIKE whenever both could be (4555 3.3) */
        sa->encapsulated = true;
        sa->path.local.port = store->config->natt_port;
        sa->path.remote.port = sa->peer->remote_natt_port;
    }
    request_end(&sa->request);
    sa->next_request = 1;
    sa->last_in_ns = store->now_ns;
    go_on_to_ike_auth(store, sa, m);
    return STATUS_OK;
}

/* ---- responder ---- */

/* Before IKE_AUTH nobody has said who they are: the first peer that may come from this address and
 * whose proposals fit lends its proposals; one with a fixed address goes before one with any. */
static enum status choose_peer(struct sa_store *store, const struct exchange_input *in,
                               uint16_t *peer_index, struct chosen_proposal *chosen)
{
    const struct message *m = in->message;
    for (int any = 0; any < 2; any++) {
        for (size_t i = 0; i < store->config->peer_count; i++) {
            const struct peer_config *peer = &store->config->peers[i];
            if ((peer->remote_addresses.count == 0) != (any == 1) ||
                !peer_config_allows_address(store->config, peer, &in->path->remote.ip)) {
                continue;
            }
            if (proposal_choose(&m->sa, &peer->proposals, PROTOCOL_IKE, 0, false, m->ke.group,
                                chosen) == STATUS_OK) {
                *peer_index = (uint16_t)i;
                return STATUS_OK;
            }
        }
    }
    return STATUS_NOTIFY(NO_PROPOSAL_CHOSEN);
}

static void refuse(struct sa_store *store, const struct exchange_input *in, uint16_t type,
                   struct bytes data)
{
    response_send_unprotected(store, in->header, in->path, in->encapsulated, type, data);
}

static enum status create_response(const struct sa_store *store, struct ike_sa *sa,
                                   const struct proposal *answer)
{
    uint8_t octets[IKE_MESSAGE_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    struct ike_header header = {.spi_i = sa->spi_i,
                                .spi_r = sa->spi_r,
                                .exchange_type = IKE_SA_INIT,
                                .flags = IKE_FLAG_RESPONSE};
    struct sa_payload choice; /* large: only what counts is written */
    choice.count = 1;
    choice.proposals[0] = *answer;
    ike_header_build(&w, &header);
    struct chain_writer chain = chain_writer_over(&w);
    payload_begin(&chain, PAYLOAD_SA);
    sa_payload_build(&w, &choice);
    payload_end(&chain);
    add_ke_and_nonce(&chain, sa->init->group, key_exchange_public(sa->init->key_exchange),
                     nonce_r(sa));
    TRY(add_nat_detection(&chain, sa));
    if (sa->fragmentation) {
        notify_add(&chain, IKEV2_FRAGMENTATION_SUPPORTED, bytes_of(NULL, 0));
    }
    if (sa->init->puzzle.difficulty > 0) {
        notify_add_puzzle(&chain, &sa->init->puzzle); /* RFC 8019 7.2.1 */
    }
    authentication_answer(store, sa, &chain);
    if (w.overflow) {
        return STATUS_INTERNAL;
    }
    writer_patch_u8(&w, 16, chain.first);
    ike_header_patch_length(&w);
    return stored_message_set(&sa->init->response, writer_bytes(&w));
}

/* Under attack a key exchange is made only for who has come as far as IKE_AUTH; where work has been
 * shown, there is more time to come so far, and perhaps more work to show. */
static void set_terms(const struct sa_store *store, struct ike_sa *sa,
                      const struct admission *admission)
{
    const struct endpoint_config *config = store->config;
    uint64_t timeout_ns = config->half_open_timeout_ns;
    if (admission->attacked && !admission->solved &&
        config->half_open_timeout_attacked_ns < timeout_ns) {
        timeout_ns = config->half_open_timeout_attacked_ns; /* RFC 8019 4.1 */
    }
    sa->close_ns = store->now_ns + timeout_ns;
    sa->init->deferred = admission->attacked || admission->puzzle;
    if (admission->puzzle) {
        sa->init->puzzle =
            (struct puzzle_notify){.prf = sa->prf->id, .difficulty = DIFFICULTY_IKE_AUTH};
    }
}

enum status ike_sa_init_derive(struct sa_store *store, struct ike_sa *sa)
{
    struct ike_header header;
    struct payload_chain chain;
    struct message message;
    struct bytes request = stored_message_bytes(&sa->init->request);
    TRY(ike_header_parse(request, &header)); /* it was read before */
    TRY(payload_chain_parse(
        header.next_payload,
        bytes_of(request.data + IKE_HEADER_LENGTH, request.length - IKE_HEADER_LENGTH), &chain));
    TRY(message_decode(&chain, &message));
    TRY(init_derive(store, sa, message.ke.data));
    key_exchange_destroy(sa->init->key_exchange);
    sa->init->key_exchange = NULL;
    sa->init->deferred = false;
    return STATUS_OK;
}

static enum status fill_half_open(struct sa_store *store, struct ike_sa *sa,
                                  const struct exchange_input *in,
                                  const struct chosen_proposal *chosen,
                                  const struct admission *admission)
{
    struct nat_detection nat;
    sa->spi_i = in->header->spi_i;
    sa->request_hash = half_open_hash(&store->half_open, in->datagram);
    sa->path = *in->path;
    sa->encapsulated = in->encapsulated;
    sa->prf = chosen->prf;
    sa->protection = chosen->protection;
    sa->key_exchange = chosen->key_exchange;
    TRY(nat_detection_evaluate(in->message, sa->spi_i, 0, in->path, &nat));
    set_nat(sa, &nat);
    sa->fragmentation = both_fragment(sa, in->message);
    TRY(init_prepare(store, sa, chosen->key_exchange->id));
    set_terms(store, sa, admission);
    struct bytes ni = in->message->nonce.nonce;
    memcpy(sa->init->ni, ni.data, ni.length);
    sa->init->ni_length = ni.length;
    sa->init->nr_length = NONCE_OURS;
    TRY(random_fill(store->random, sa->init->nr, NONCE_OURS));
    TRY(stored_message_set(&sa->init->request, in->datagram));
    authentication_note_request(store, sa, in->message);
    TRY(create_response(store, sa, &chosen->answer));
    if (!sa->init->deferred) {
        TRY(ike_sa_init_derive(store, sa));
    }
    sa->expected_request = 1;
    return half_open_enter(&store->half_open, sa, store->now_ns);
}

enum status ike_sa_init_consume_request(struct sa_store *store, const struct exchange_input *in)
{
    struct chosen_proposal chosen;
    struct admission admission;
    uint16_t peer_index;
    uint16_t type;
    if (in->header->spi_i == 0 || store->shutting_down) {
        return STATUS_DROP;
    }
    uint64_t request = half_open_hash(&store->half_open, in->datagram);
    if (request_index_has(&store->answered, request)) {
        return STATUS_DROP; /* a late copy: IKE_AUTH has been (2.1) */
    }
    struct ike_sa *sa =
        sa_store_find_half_open(store, in->header->spi_i, &in->path->remote, request);
    if (sa != NULL) {
        sa->duplicates++;
        sa_store_send(store, in->path, in->encapsulated, false,
                      stored_message_bytes(&sa->init->response));
        return STATUS_OK;
    }
    enum status status = message_rules_check(IKE_SA_INIT, false, in->message);
    if (status == STATUS_OK) {
        status = admission_decide(store, in, &admission);
    }
    if (status == STATUS_OK) {
        status = choose_peer(store, in, &peer_index, &chosen);
    }
    if (status == STATUS_OK && chosen.key_exchange->id != in->message->ke.group) {
        uint8_t group[2] = {(uint8_t)(chosen.key_exchange->id >> 8),
                            (uint8_t)chosen.key_exchange->id};
        refuse(store, in, INVALID_KE_PAYLOAD, bytes_of(group, sizeof group));
        return STATUS_NOTIFY(INVALID_KE_PAYLOAD);
    }
    if (status == STATUS_OK) {
        sa = sa_store_add(store, peer_index, false, IKE_SA_HALF_OPEN);
        if (sa == NULL) {
            return STATUS_INTERNAL;
        }
        status = fill_half_open(store, sa, in, &chosen, &admission);
        if (status == STATUS_OK) {
            admission_spend(store, &admission);
            sa_store_send(store, in->path, in->encapsulated, false,
                          stored_message_bytes(&sa->init->response));
            return STATUS_OK;
        }
        sa_store_remove(store, sa);
    }
    if (status_is_notify(status, &type)) {
        refuse(store, in, type, bytes_of(NULL, 0));
    }
    return status;
}
