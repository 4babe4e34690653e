/* What every exchange that makes a Child SA shares. RFC 7296 1.2, 1.3.1, 1.3.3, 2.9, 2.17, 2.23.1.
 */

#include "exchange/child_negotiation.h"

#include <stdlib.h>
#include <string.h>

#include "exchange/child_conflict.h"
#include "exchange/child_delete.h"
#include "exchange/ike_delete.h"
#include "sa/narrowing.h"
#include "sa/proposal_choice.h"

/* ---- selectors as configured, and as a NAT turns them ---- */

static void list_set(struct selector_list *list, const struct traffic_selector *s)
{
    list->count = 1;
    list->items[0] = *s;
}

/* An empty list in the configuration stands for the two hosts themselves. */
static void configured_selectors(const struct ike_sa *sa, const struct child_config *config,
                                 struct selector_list *local, struct selector_list *remote)
{
    struct traffic_selector host;
    *local = config->local;
    *remote = config->remote;
    if (local->count == 0) {
        host = selector_host(&sa->path.local.ip);
        list_set(local, &host);
    }
    if (remote->count == 0) {
        host = selector_host(&sa->path.remote.ip);
        list_set(remote, &host);
    }
}

/* The packet that wanted the SA goes first as a selector of its own, 2.9. */
static void put_packet_first(struct selector_list *list, const struct address *address,
                             uint8_t protocol, bool has_port, uint16_t port)
{
    if (list->count == SELECTORS_MAX || address->family != list->items[0].start.family) {
        return;
    }
    struct traffic_selector exact = selector_host(address);
    exact.protocol = protocol;
    if (has_port) {
        exact.port_start = exact.port_end = port;
    }
    memmove(&list->items[1], &list->items[0], list->count * sizeof list->items[0]);
    list->items[0] = exact;
    list->count++;
}

static bool one_address(const struct selector_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!address_equal(&list->items[i].start, &list->items[0].start) ||
            !address_equal(&list->items[i].end, &list->items[0].start)) {
            return false;
        }
    }
    return list->count > 0;
}

static void replace_address(struct selector_list *list, const struct address *address)
{
    for (size_t i = 0; i < list->count; i++) {
        list->items[i].start = list->items[i].end = *address;
    }
}

/* Transport mode through a NAT: selectors of a side behind it name an address that only one of the
 * two peers sees. Both put in its place the one that they see themselves, in what they have
 * received, and go on with that (2.23.1). False where there is more than one address. */
static bool substitute(const struct ike_sa *sa, struct selector_list *local,
                       struct selector_list *remote)
{
    if (!sa->nat_local && !sa->nat_remote) {
        return true;
    }
    if (!one_address(local) || !one_address(remote)) {
        return false;
    }
    if (sa->nat_local) {
        replace_address(local, &sa->path.local.ip);
    }
    if (sa->nat_remote) {
        replace_address(remote, &sa->path.remote.ip);
    }
    return true;
}

/* ---- shared ---- */

static void build_ts(struct chain_writer *chain, uint8_t type, const struct selector_list *list)
{
    payload_begin(chain, type);
    ts_payload_build(chain->w, list);
    payload_end(chain);
}

static void build_sa(struct chain_writer *chain, const struct sa_payload *sa)
{
    payload_begin(chain, PAYLOAD_SA);
    sa_payload_build(chain->w, sa);
    payload_end(chain);
}

static void build_nonce(struct chain_writer *chain, struct bytes nonce)
{
    payload_begin(chain, PAYLOAD_NONCE);
    nonce_payload_build(chain->w, nonce);
    payload_end(chain);
}

static void build_ke(struct chain_writer *chain, uint16_t group, const struct key_exchange *key)
{
    payload_begin(chain, PAYLOAD_KE);
    ke_payload_build(chain->w, group, key_exchange_public(key));
    payload_end(chain);
}

static struct bytes spi_bytes(uint32_t spi, uint8_t out[4])
{
    struct writer w = writer_over(out, 4);
    writer_u32(&w, spi);
    return writer_bytes(&w);
}

void child_sa_set_lifetime(struct sa_store *store, struct child_sa *child,
                           const struct lifetime_config *lifetime)
{
    child->installed_ns = store->now_ns;
    child->soft_ns = lifetime_soft_at(lifetime, store->random, store->now_ns);
    child->hard_ns = lifetime->hard_ns > 0 ? store->now_ns + lifetime->hard_ns : UINT64_MAX;
}

/* Derives the keys, adds the Child SA to its IKE SA and tells the host. */
/* What the new Child SA takes the place of: the one being rekeyed, or, of a peer that authenticates
 * itself anew, the one that it has under its other IKE SA (2.8.3). */
static const struct child_sa *replaced(struct sa_store *store, const struct ike_sa *sa,
                                       const struct child_exchange *exchange, bool we_initiated)
{
    if (exchange->old != NULL || we_initiated) {
        return exchange->old;
    }
    for (struct ike_sa *other = NULL; (other = sa_store_find_same(store, sa, other)) != NULL;) {
        for (const struct child_sa *c = other->children; c != NULL; c = c->next) {
            if (c->child_index == exchange->child_index && c->state != CHILD_SA_DELETING &&
                !c->redundant) {
                return c;
            }
        }
    }
    return NULL;
}

/* With selectors of its own; NULL: no memory. */
static struct child_sa *child_copy(const struct child_sa *made)
{
    struct child_sa *child = malloc(sizeof *child);
    if (child == NULL) {
        return NULL;
    }
    *child = *made;
    bool local = selectors_keep(made->local, &child->local);
    bool remote = selectors_keep(made->remote, &child->remote);
    if (local && remote) {
        return child;
    }
    child_sa_free(child);
    return NULL;
}

static enum status install(struct sa_store *store, struct ike_sa *sa, const struct child_sa *made,
                           const struct child_exchange *exchange, const struct shared_secret *g_ir,
                           bool we_initiated, struct child_sa **out)
{
    struct child_keys keys;
    struct child_sa *child = child_copy(made);
    if (child == NULL) {
        return STATUS_INTERNAL;
    }
    enum status status = keymat_derive_child(sa->prf, &sa->sk_d, &made->protection, g_ir,
                                             exchange->ni, exchange->nr, &keys);
    if (status != STATUS_OK) {
        child_sa_free(child);
        return status;
    }
    child->id = ++store->next_child_sa;
    child->child_index = exchange->child_index;
    child->state = CHILD_SA_INSTALLED;
    child->redundant = exchange->redundant;
    child->last_in_ns = child->last_out_ns = store->now_ns;
    child_sa_set_lifetime(store, child, &sa->peer->children[exchange->child_index].lifetime);
    if (sa_store_add_child(store, sa, child) != STATUS_OK) {
        child_keys_wipe(&keys);
        child_sa_free(child);
        return STATUS_INTERNAL;
    }
    if (!child->redundant) {
        /* a responder sends on the old one until it knows the initiator to be ready (2.8) */
        const struct child_sa *old = replaced(store, sa, exchange, we_initiated);
        sa_store_emit_child_up(store, sa, child, &keys, we_initiated, old != NULL ? old->spi_in : 0,
                               !we_initiated && old != NULL);
    }
    child_keys_wipe(&keys);
    *out = child;
    return STATUS_OK;
}

/* ---- initiator ---- */

static void offered_selectors(const struct ike_sa *sa, const struct child_config *config,
                              const struct child_sa *old, struct child_offer *offer)
{
    const struct task *task = &sa->request.task;
    if (old != NULL) {
        selector_list_set(&offer->local, old->local);
        selector_list_set(&offer->remote, old->remote);
        offer->transport_mode = old->transport_mode;
        return;
    }
    configured_selectors(sa, config, &offer->local, &offer->remote);
    offer->transport_mode = config->transport_mode;
    if (task->has_key) {
        const struct packet_key *key = &task->key;
        put_packet_first(&offer->local, &key->source, key->protocol, key->has_ports,
                         key->source_port);
        put_packet_first(&offer->remote, &key->destination, key->protocol, key->has_ports,
                         key->destination_port);
    }
}

/* Of a group that the peer is expected to accept (1.3): the one it demands, or has accepted before,
 * or our first. */
static uint16_t group_of_offer(const struct request *request, const struct child_config *config,
                               const struct child_sa *old)
{
    if (request->task.group != KE_NONE) {
        return request->task.group;
    }
    return old != NULL && old->key_exchange != NULL ? old->key_exchange->id
                                                    : proposal_list_first_group(&config->proposals);
}

enum status child_offer_build(struct sa_store *store, struct ike_sa *sa,
                              const struct child_config *config, const struct child_sa *old,
                              bool in_ike_auth, struct chain_writer *chain)
{
    struct request *request = &sa->request;
    struct sa_payload proposals;
    uint8_t spi[4];
    if (request->offer == NULL) { /* it stays until the request ends */
        request->offer = malloc(sizeof *request->offer);
    }
    if (request->offer == NULL) {
        return STATUS_INTERNAL;
    }
    offered_selectors(sa, config, old, request->offer);
    TRY(sa_store_new_child_spi(store, &request->spi_in));
    if (request->offer->transport_mode) {
        notify_add(chain, USE_TRANSPORT_MODE, bytes_of(NULL, 0));
    }
    proposal_offer(&config->proposals, spi_bytes(request->spi_in, spi), in_ike_auth, &proposals);
    build_sa(chain, &proposals);
    if (!in_ike_auth) {
        uint16_t group = group_of_offer(request, config, old);
        TRY(random_fill(store->random, request->nonce, sizeof request->nonce));
        build_nonce(chain, bytes_of(request->nonce, sizeof request->nonce));
        if (group != KE_NONE) {
            const struct key_exchange_algorithm *algorithm = key_exchange_algorithm_find(group);
            request->key_exchange =
                algorithm != NULL ? key_exchange_create(algorithm, store->random) : NULL;
            if (request->key_exchange == NULL) {
                return STATUS_INTERNAL;
            }
            build_ke(chain, group, request->key_exchange);
        }
    }
    build_ts(chain, PAYLOAD_TSI, &request->offer->local);
    build_ts(chain, PAYLOAD_TSR, &request->offer->remote);
    return STATUS_OK;
}

bool child_offer_is_out(const struct ike_sa *sa)
{
    enum task_type type = sa->request.task.type;
    return sa->request.active && (type == TASK_CHILD_CREATE || type == TASK_CHILD_REKEY);
}

static bool was_deleted(const struct request *request, uint32_t spi_out)
{
    for (size_t i = 0; i < request->gone_count; i++) {
        if (request->gone[i] == spi_out) {
            return true;
        }
    }
    return false;
}

static enum status offer_secret(struct request *request, const struct message *answer,
                                const struct chosen_proposal *chosen, struct shared_secret *g_ir)
{
    const struct key_exchange_algorithm *ours =
        request->key_exchange != NULL ? key_exchange_algorithm_of(request->key_exchange) : NULL;
    if (ours == NULL || !answer->has_ke || answer->ke.group != ours->id ||
        chosen->key_exchange->id != ours->id) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return key_exchange_derive(request->key_exchange, answer->ke.data, g_ir);
}

enum status child_offer_conclude(struct sa_store *store, struct ike_sa *sa, struct request *request,
                                 const struct message *answer,
                                 const struct child_exchange *exchange, struct child_sa **out)
{
    struct chosen_proposal chosen;
    struct shared_secret g_ir;
    const struct child_config *config = &sa->peer->children[exchange->child_index];
    if (!answer->has_sa || !answer->has_ts_i || !answer->has_ts_r) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    TRY(proposal_accept(&answer->sa, &config->proposals, PROTOCOL_ESP, 4, exchange->in_ike_auth,
                        &chosen));
    bool transport = message_notify(answer, USE_TRANSPORT_MODE) != NULL;
    const struct child_offer *offer = request->offer;
    if ((transport && !offer->transport_mode) ||
        (!transport && offer->transport_mode && config->transport_required)) {
        return STATUS_NOTIFY(NO_PROPOSAL_CHOSEN);
    }
    struct selector_list local = answer->ts_i;
    struct selector_list remote = answer->ts_r;
    /* the responder may narrow, never widen: 2.9 */
    if ((transport && !substitute(sa, &local, &remote)) ||
        !selectors_within(selectors_of(&local), selectors_of(&offer->local)) ||
        !selectors_within(selectors_of(&remote), selectors_of(&offer->remote))) {
        return STATUS_NOTIFY(TS_UNACCEPTABLE);
    }
    struct bytes spi = chosen.spi;
    struct child_sa made = {
        .spi_in = request->spi_in,
        .transport_mode = transport,
        .esn = chosen.esn,
        .protection = chosen.protection,
        .key_exchange = chosen.key_exchange,
        .local = selectors_of(&local),
        .remote = selectors_of(&remote),
    };
    (void)!bytes_take_u32(&spi, &made.spi_out); /* of 4 octets, or it was not accepted */
    if (made.spi_out < 256) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    if (was_deleted(request, made.spi_out)) {
        return STATUS_DROP;
    }
    if (chosen.key_exchange != NULL) {
        TRY(offer_secret(request, answer, &chosen, &g_ir));
    }
    enum status status =
        install(store, sa, &made, exchange, chosen.key_exchange != NULL ? &g_ir : NULL, true, out);
    shared_secret_wipe(&g_ir);
    return status;
}

void child_offer_reject(struct sa_store *store, struct ike_sa *sa, const struct request *request,
                        const struct message *answer)
{
    struct child_sa *child = calloc(1, sizeof *child);
    if (child != NULL) {
        struct bytes spi = answer->sa.count > 0 ? answer->sa.proposals[0].spi : bytes_of(NULL, 0);
        (void)!bytes_take_u32(&spi, &child->spi_out);
        child->spi_in = request->spi_in;
        child->id = ++store->next_child_sa;
        child->child_index = request->task.child_index;
        child->redundant = true;
        child->soft_ns = child->hard_ns = UINT64_MAX;
    }
    if (child == NULL || sa_store_add_child(store, sa, child) != STATUS_OK) {
        child_sa_free(child); /* without a record of it, it cannot be deleted alone */
        ike_delete_queue(store, sa, DOWN_FAILED, 0);
        return;
    }
    child_delete_queue(store, sa, child, DOWN_FAILED, 0);
}

/* ---- responder ---- */

struct answer {
    struct child_sa made; /* its selectors are the next two, */
    struct selector_list narrowed_local, narrowed_remote;
    struct selector_list local, remote; /* as they were asked for, in addresses that we see */
    struct chosen_proposal chosen;
};

/* Policy is asked about addresses that we see, and the answer has those as well (2.23.1). */
static bool narrow(const struct ike_sa *sa, const struct message *m,
                   const struct selector_list *local, const struct selector_list *remote,
                   bool transport, struct answer *answer)
{
    answer->local = m->ts_r;
    answer->remote = m->ts_i;
    if ((transport && !substitute(sa, &answer->local, &answer->remote)) ||
        !selectors_narrow(&answer->remote, remote, &answer->narrowed_remote) ||
        !selectors_narrow(&answer->local, local, &answer->narrowed_local)) {
        return false;
    }
    answer->made.local = selectors_of(&answer->narrowed_local);
    answer->made.remote = selectors_of(&answer->narrowed_remote);
    return true;
}

/* One child of the configuration (or the Child SA being rekeyed) against the request, and against
 * what others have: what is rekeyed was asked about when it was made. */
static enum status try_child(const struct sa_store *store, const struct ike_sa *sa,
                             const struct message *m, const struct child_exchange *exchange,
                             uint16_t index, struct answer *answer)
{
    struct selector_list local;
    struct selector_list remote;
    const struct child_config *config = &sa->peer->children[index];
    bool transport = config->transport_mode && message_notify(m, USE_TRANSPORT_MODE) != NULL;
    if (config->transport_required && !transport) {
        return STATUS_NOTIFY(NO_PROPOSAL_CHOSEN);
    }
    configured_selectors(sa, config, &local, &remote);
    if (exchange->old != NULL) {
        selector_list_set(&local, exchange->old->local);
        selector_list_set(&remote, exchange->old->remote);
    }
    memset(answer, 0, sizeof *answer);
    answer->made.transport_mode = transport;
    if (!narrow(sa, m, &local, &remote, transport, answer) ||
        (exchange->old == NULL && child_conflict_exists(store, sa, index, &answer->made))) {
        return STATUS_NOTIFY(TS_UNACCEPTABLE);
    }
    TRY(proposal_choose(&m->sa, &config->proposals, PROTOCOL_ESP, 4, exchange->in_ike_auth,
                        m->has_ke ? m->ke.group : KE_NONE, &answer->chosen));
    answer->made.esn = answer->chosen.esn;
    answer->made.protection = answer->chosen.protection;
    answer->made.key_exchange = answer->chosen.key_exchange;
    return STATUS_OK;
}

/* The first selectors of both lists, often of the very packet that wanted the SA, are in what is
 * left: a child that can take them goes before one that cannot (2.9). */
static bool has_first_choices(const struct answer *answer)
{
    struct traffic_selector local = answer->local.items[0], remote = answer->remote.items[0];
    return selectors_within((struct selectors){1, &local}, answer->made.local) &&
           selectors_within((struct selectors){1, &remote}, answer->made.remote);
}

static enum status choose_child(const struct sa_store *store, const struct ike_sa *sa,
                                const struct message *m, struct child_exchange *exchange,
                                struct answer *answer)
{
    if (exchange->old != NULL) {
        exchange->child_index = exchange->old->child_index;
        return try_child(store, sa, m, exchange, exchange->child_index, answer);
    }
    enum status worst = STATUS_NOTIFY(TS_UNACCEPTABLE);
    for (int any = 0; any < 2; any++) {
        for (size_t i = 0; i < sa->peer->child_count; i++) {
            enum status status = try_child(store, sa, m, exchange, (uint16_t)i, answer);
            if (status == STATUS_OK && (any == 1 || has_first_choices(answer))) {
                exchange->child_index = (uint16_t)i;
                return STATUS_OK;
            }
            if (status != STATUS_OK && status != STATUS_NOTIFY(TS_UNACCEPTABLE)) {
                worst = status; /* the selectors fitted: the proposals are the trouble to report */
            }
        }
    }
    return worst;
}

static enum status answer_secret(struct sa_store *store, const struct exchange_input *in,
                                 struct exchange_reply *reply, const struct answer *answer,
                                 struct key_exchange **key, struct shared_secret *g_ir)
{
    const struct key_exchange_algorithm *algorithm = answer->chosen.key_exchange;
    if (!in->message->has_ke || in->message->ke.group != algorithm->id) {
        reply->error_data[0] = (uint8_t)(algorithm->id >> 8);
        reply->error_data[1] = (uint8_t)algorithm->id;
        reply->error_data_length = 2;
        return STATUS_NOTIFY(INVALID_KE_PAYLOAD);
    }
    *key = key_exchange_create(algorithm, store->random);
    if (*key == NULL) {
        return STATUS_INTERNAL;
    }
    return key_exchange_derive(*key, in->message->ke.data, g_ir);
}

static void write_answer(struct exchange_reply *reply, const struct child_exchange *exchange,
                         const struct answer *answer, const struct key_exchange *key)
{
    struct chain_writer *chain = &reply->chain;
    struct sa_payload choice; /* large: only what counts is written */
    uint8_t spi[4];
    choice.count = 1;
    choice.proposals[0] = answer->chosen.answer;
    choice.proposals[0].spi = spi_bytes(answer->made.spi_in, spi);
    if (answer->made.transport_mode) {
        notify_add(chain, USE_TRANSPORT_MODE, bytes_of(NULL, 0));
    }
    build_sa(chain, &choice);
    if (!exchange->in_ike_auth) {
        build_nonce(chain, exchange->nr);
    }
    if (key != NULL) {
        build_ke(chain, key_exchange_algorithm_of(key)->id, key);
    }
    build_ts(chain, PAYLOAD_TSI, &answer->narrowed_remote);
    build_ts(chain, PAYLOAD_TSR, &answer->narrowed_local);
}

enum status child_answer_build(struct sa_store *store, struct ike_sa *sa,
                               const struct exchange_input *in,
                               const struct child_exchange *exchange, struct exchange_reply *reply,
                               struct child_sa **out)
{
    struct answer answer;
    struct shared_secret g_ir;
    struct key_exchange *key = NULL;
    struct child_exchange chosen = *exchange;
    const struct message *m = in->message;
    if (!m->has_sa || !m->has_ts_i || !m->has_ts_r) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    TRY(choose_child(store, sa, m, &chosen, &answer));
    struct bytes spi = answer.chosen.spi;
    (void)!bytes_take_u32(&spi, &answer.made.spi_out); /* of 4 octets, or it was not chosen */
    if (answer.made.spi_out < 256) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    TRY(sa_store_new_child_spi(store, &answer.made.spi_in));
    enum status status = STATUS_OK;
    if (answer.chosen.key_exchange != NULL) {
        status = answer_secret(store, in, reply, &answer, &key, &g_ir);
    }
    if (status == STATUS_OK) {
        status = install(store, sa, &answer.made, &chosen, key != NULL ? &g_ir : NULL, false, out);
    }
    if (status == STATUS_OK) {
        write_answer(reply, &chosen, &answer, key);
    }
    shared_secret_wipe(&g_ir);
    key_exchange_destroy(key);
    return status;
}
