/* MOBIKE, RFC 4555: what the two sides say to each other. Which path to take is in mobike_path.c.
 */

#include "exchange/mobike.h"

#include <string.h>

#include "exchange/ike_delete.h"
#include "exchange/mobike_path.h"
#include "exchange/nat_prohibition.h"
#include "exchange/request.h"
#include "sa/nat_detection.h"

/* ---- additional addresses, 3.4 and 3.6 ---- */

void mobike_build_additional(struct sa_store *store, struct ike_sa *sa, struct chain_writer *chain,
                             bool announce_none)
{
    bool any = false;
    sa->announced = store->local_addresses;
    for (size_t i = 0; i < store->local_addresses.count; i++) {
        const struct address *ip = &store->local_addresses.items[i];
        if (!address_equal(ip, &sa->path.local.ip) && mobike_may_use(sa, ip)) {
            notify_add(chain,
                       ip->family == ADDRESS_V4 ? ADDITIONAL_IP4_ADDRESS : ADDITIONAL_IP6_ADDRESS,
                       address_bytes(ip));
            any = true;
        }
    }
    if (!any && announce_none) {
        notify_add(chain, NO_ADDITIONAL_ADDRESSES, bytes_of(NULL, 0));
    }
}

static bool carries_addresses(const struct message *message)
{
    return message_notify(message, ADDITIONAL_IP4_ADDRESS) != NULL ||
           message_notify(message, ADDITIONAL_IP6_ADDRESS) != NULL ||
           message_notify(message, NO_ADDITIONAL_ADDRESSES) != NULL;
}

/* An address that a Child SA of ours protects leads through that Child SA, not to it. */
static bool within_protected(const struct ike_sa *sa, const struct address *ip)
{
    for (size_t i = 0; i < sa->peer->child_count; i++) {
        const struct child_config *child = &sa->peer->children[i];
        if (!child->transport_mode && selector_list_matches(&child->remote, ip, 0, false, 0)) {
            return true;
        }
    }
    return false;
}

void mobike_note_additional(struct ike_sa *sa, const struct message *message,
                            const struct path *path)
{
    if (!sa->mobike || !carries_addresses(message)) {
        return;
    }
    struct address_list *list = &sa->peer_addresses;
    list->count = 1;
    list->items[0] = path->remote.ip;
    for (size_t i = 0; i < message->notify_count && list->count < ADDRESSES_MAX; i++) {
        const struct notify_payload *n = &message->notifies[i];
        bool v4 = n->type == ADDITIONAL_IP4_ADDRESS && n->data.length == 4;
        bool v6 = n->type == ADDITIONAL_IP6_ADDRESS && n->data.length == 16;
        struct address ip = v4 || v6 ? address_from(n->data) : (struct address){0};
        if (ip.family != ADDRESS_NONE && !within_protected(sa, &ip)) {
            list->items[list->count++] = ip;
        }
    }
}

static bool listed(const struct address_list *list, const struct address *ip)
{
    for (size_t i = 0; i < list->count; i++) {
        if (address_equal(&list->items[i], ip)) {
            return true;
        }
    }
    return false;
}

enum status additional_addresses_create_request(struct sa_store *store, struct ike_sa *sa,
                                                struct chain_writer *chain)
{
    mobike_build_additional(store, sa, chain, true);
    nat_prohibition_build(sa, chain);
    return STATUS_OK;
}

/* Who changes one packet must not keep us from a path: said anew, as often as we would have
 * repeated it (3.9). */
static bool says_it_again(struct ike_sa *sa, const struct request *request, enum status status)
{
    struct task again = request->task;
    return status == STATUS_PEER(UNEXPECTED_NAT_DETECTED) &&
           ++again.attempts < sa->peer->retransmission.tries &&
           task_queue_push_front(&sa->tasks, &again);
}

static enum status answer_status(const struct message *message)
{
    const struct notify_payload *error = message_error(message);
    return error != NULL ? STATUS_PEER(error->type) : STATUS_OK;
}

void additional_addresses_consume_response(struct sa_store *store, struct ike_sa *sa,
                                           struct request *request, const struct exchange_input *in)
{
    enum status status = answer_status(in->message);
    if (says_it_again(sa, request, status)) {
        return;
    }
    sa_store_emit_ike(store, sa, EVENT_ROAM_DONE, DOWN_DELETED_BY_US, status);
    sa_store_emit_done(store, request->task.command, status);
}

/* ---- UPDATE_SA_ADDRESSES, 3.5 ---- */

static void set_nat(struct ike_sa *sa, const struct nat_detection *nat)
{
    if (nat->supported && sa->nat_supported) {
        sa->nat_local = nat->nat_local;
        sa->nat_remote = nat->nat_remote;
        sa->udp_encapsulation =
            nat->nat_local || nat->nat_remote || sa->peer->force_udp_encapsulation;
    }
}

enum status update_addresses_create_request(struct sa_store *store, struct ike_sa *sa,
                                            struct chain_writer *chain)
{
    if (!sa->mobike) {
        return STATUS_DROP; /* asked for before we knew */
    }
    notify_add(chain, UPDATE_SA_ADDRESSES, bytes_of(NULL, 0));
    if (sa->nat_supported) {
        TRY(nat_detection_build(chain, sa->spi_i, sa->spi_r, &sa->path,
                                sa->peer->force_udp_encapsulation));
    }
    nat_prohibition_build(sa, chain);
    mobike_build_additional(store, sa, chain, true);
    return STATUS_OK;
}

static void note_mapping(const struct sa_store *store, struct ike_sa *sa, const struct message *m)
{
    const struct notify_payload *n = message_notify(m, NAT_DETECTION_DESTINATION_IP);
    sa->nat_checked_ns = store->now_ns;
    sa->has_nat_hash = n != NULL && n->data.length == sizeof sa->nat_hash;
    if (sa->has_nat_hash) {
        memcpy(sa->nat_hash, n->data.data, sizeof sa->nat_hash);
    }
}

void update_addresses_consume_response(struct sa_store *store, struct ike_sa *sa,
                                       struct request *request, const struct exchange_input *in)
{
    struct nat_detection nat;
    enum status status = answer_status(in->message);
    if (request->path_changes != sa->path_changes) {
        sa_store_emit_done(store, request->task.command, STATUS_DROP);
        return; /* moved again meanwhile: the next update is on its way */
    }
    if (request->probed) {
        /* the peer may have taken a copy that came another way for our move: say it anew (3.5) */
        struct task again = request->task;
        if (task_queue_push_front(&sa->tasks, &again)) {
            return;
        }
    }
    if (says_it_again(sa, request, status)) {
        return;
    }
    if (status == STATUS_OK) {
        if (nat_detection_evaluate(in->message, sa->spi_i, sa->spi_r, in->path, &nat) !=
            STATUS_OK) {
            request_start_later(store, sa, &request->task);
            return;
        }
        set_nat(sa, &nat);
        note_mapping(store, sa, in->message);
        mobike_move_children(store, sa);
    }
    sa_store_emit_ike(store, sa, EVENT_ROAM_DONE, DOWN_REFUSED, status);
    sa_store_emit_done(store, request->task.command, status);
    if (status == STATUS_PEER(UNACCEPTABLE_ADDRESSES) ||
        status == STATUS_PEER(UNEXPECTED_NAT_DETECTED)) {
        /* its ESP goes on to where we no longer are: of what 3.5 leaves us, to disconnect */
        ike_delete_queue(store, sa, DOWN_REFUSED, 0);
    }
}

void mobike_compare_mapping(struct sa_store *store, struct ike_sa *sa,
                            const struct message *message)
{
    struct task update = {.type = TASK_UPDATE_ADDRESSES};
    const struct notify_payload *n = message_notify(message, NAT_DETECTION_DESTINATION_IP);
    if (!sa->mobike || !sa->mobike_initiator || n == NULL ||
        n->data.length != sizeof sa->nat_hash) {
        return;
    }
    /* without an earlier one (the first time, or after a rekey: new SPIs) nobody can tell */
    bool changed =
        !sa->has_nat_hash || memcmp(sa->nat_hash, n->data.data, sizeof sa->nat_hash) != 0;
    note_mapping(store, sa, message);
    if (changed) {
        request_queue(store, sa, &update);
    }
}

/* ---- return routability, 3.7 ---- */

enum status return_routability_create_request(struct sa_store *store, struct ike_sa *sa,
                                              struct chain_writer *chain)
{
    TRY(random_fill(store->random, sa->request.cookie2, COOKIE2_LENGTH));
    notify_add(chain, COOKIE2, bytes_of(sa->request.cookie2, COOKIE2_LENGTH));
    return STATUS_OK;
}

void return_routability_consume_response(struct sa_store *store, struct ike_sa *sa,
                                         struct request *request, const struct exchange_input *in)
{
    struct task again = {.type = TASK_RETURN_ROUTABILITY};
    const struct notify_payload *n = message_notify(in->message, COOKIE2);
    if (n == NULL || n->data.length != COOKIE2_LENGTH ||
        !crypto_equal(n->data.data, request->cookie2, COOKIE2_LENGTH)) {
        sa_store_ike_gone(store, sa, DOWN_FAILED, STATUS_NOTIFY(INVALID_SYNTAX));
        return;
    }
    if (request->path_changes != sa->path_changes) {
        if (!task_queue_has(&sa->tasks, TASK_RETURN_ROUTABILITY, 0)) {
            request_queue(store, sa, &again); /* sent to several addresses: proves none of them */
        }
        return;
    }
    sa->children_follow = false;
    mobike_move_children(store, sa);
}

/* ---- the peer's requests ---- */

/* The initiator has moved. Its new address is checked before Child SAs follow, unless only the port
 * is new. */
static enum status consume_update(struct sa_store *store, struct ike_sa *sa,
                                  const struct exchange_input *in)
{
    struct nat_detection nat;
    struct task check = {.type = TASK_RETURN_ROUTABILITY};
    bool same_host = address_equal(&sa->path.remote.ip, &in->path->remote.ip);
    TRY(nat_detection_evaluate(in->message, sa->spi_i, sa->spi_r, in->path, &nat));
    sa->path = *in->path;
    sa->encapsulated = in->encapsulated;
    sa->path_changes++;
    set_nat(sa, &nat);
    sa_store_emit_ike(store, sa, EVENT_IKE_SA_MOVED, DOWN_DELETED_BY_PEER, STATUS_OK);
    if (same_host && !sa->children_follow) {
        mobike_move_children(store, sa);
    } else if (!task_queue_has(&sa->tasks, TASK_RETURN_ROUTABILITY, 0)) {
        sa->children_follow = task_queue_push_front(&sa->tasks, &check);
        if (!sa->children_follow) { /* no room to ask: 3.7 lets us believe the peer */
            mobike_move_children(store, sa);
        }
    }
    mobike_predecessors_follow(store, sa, TASK_NONE);
    mobike_resend(store, sa);
    return STATUS_OK;
}

void mobike_follow_responder(struct sa_store *store, struct ike_sa *sa,
                             const struct exchange_input *in)
{
    const struct path *ours = &sa->path, *theirs = in->path;
    if (sa->mobike && sa->mobike_initiator && sa->state == IKE_SA_ESTABLISHED &&
        in->encapsulated == sa->encapsulated &&
        transport_address_equal(&ours->local, &theirs->local) &&
        address_equal(&ours->remote.ip, &theirs->remote.ip) &&
        ours->remote.port != theirs->remote.port) {
        mobike_change_path(store, sa, theirs, 0);
    }
}

/* The peer's addresses have changed; when the one we use is no longer among them, we go to where it
 * spoke from. */
static void consume_addresses(struct sa_store *store, struct ike_sa *sa,
                              const struct exchange_input *in)
{
    mobike_note_additional(sa, in->message, in->path);
    if (sa->mobike_initiator && !listed(&sa->peer_addresses, &sa->path.remote.ip)) {
        mobike_change_path(store, sa, in->path, 0);
    }
}

enum status mobike_consume_request(struct sa_store *store, struct ike_sa *sa,
                                   const struct exchange_input *in, struct exchange_reply *reply)
{
    const struct message *m = in->message;
    const struct notify_payload *cookie2 = message_notify(m, COOKIE2);
    bool update = message_notify(m, UPDATE_SA_ADDRESSES) != NULL && !sa->mobike_initiator;
    if (cookie2 != NULL) {
        notify_add(&reply->chain, COOKIE2, cookie2->data);
    }
    if (!sa->mobike || (sa->state != IKE_SA_ESTABLISHED && sa->state != IKE_SA_DELETING)) {
        return STATUS_OK; /* replaced: the initiator says it again in the successor */
    }
    if ((update || carries_addresses(m)) && nat_prohibition_broken(in)) {
        notify_add(&reply->chain, UNEXPECTED_NAT_DETECTED, bytes_of(NULL, 0));
        return STATUS_OK;
    }
    if (carries_addresses(m)) {
        consume_addresses(store, sa, in);
    }
    if (update && !peer_config_allows_address(store->config, sa->peer, &in->path->remote.ip)) {
        notify_add(&reply->chain, UNACCEPTABLE_ADDRESSES, bytes_of(NULL, 0)); /* 3.5 */
        return STATUS_OK;
    }
    if (update) {
        TRY(consume_update(store, sa, in));
    }
    if (message_notify(m, NAT_DETECTION_SOURCE_IP) != NULL) {
        TRY(nat_detection_build(&reply->chain, sa->spi_i, sa->spi_r, in->path,
                                sa->peer->force_udp_encapsulation));
    }
    return STATUS_OK;
}
