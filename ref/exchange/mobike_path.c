/* Paths: choosing one, probing others, moving to one. RFC 4555 3.5, 3.6, 3.10; RFC 7296 2.23. */

#include "exchange/mobike_path.h"

#include "exchange/fragmentation.h"
#include "exchange/mobike.h"
#include "exchange/request.h"

#define PROBE_AFTER                                                                                \
    2 /* copies without an answer: one may be lost on any path, and a move costs more */
#define PATHS_MAX (ADDRESSES_MAX * 2 * ADDRESSES_MAX)

void mobike_move_children(struct sa_store *store, struct ike_sa *sa)
{
    sa->children_apart = false;
    for (const struct child_sa *child = sa->children; child != NULL; child = child->next) {
        if (!child->redundant) {
            sa_store_emit_child(store, sa, child, EVENT_CHILD_SA_MOVED, DOWN_DELETED_BY_US, 0);
        }
    }
}

static void drop_updates(struct sa_store *store, struct ike_sa *sa)
{
    struct task older;
    while (task_queue_remove(&sa->tasks, TASK_UPDATE_ADDRESSES, 0, &older)) {
        sa_store_emit_done(store, older.command, STATUS_DROP);
    }
}

/* All of it but the message that is out. */
static void take_path(struct sa_store *store, struct ike_sa *sa, const struct path *path,
                      uint64_t command)
{
    struct task update = {
        .type = TASK_UPDATE_ADDRESSES, .command = command, .since_ns = store->now_ns};
    sa->path = *path;
    sa->path_changes++;
    if (sa->nat_supported) {
        sa->udp_encapsulation = true; /* a NAT may well be there; the answer will tell */
    }
    sa_store_emit_ike(store, sa, EVENT_IKE_SA_MOVED, DOWN_DELETED_BY_US, STATUS_OK);
    mobike_move_children(store, sa);
    drop_updates(store, sa);
    if (!task_queue_push_front(&sa->tasks, &update)) {
        sa_store_emit_done(store, command, STATUS_INTERNAL);
    }
}

/* What is out goes along the new path at once, and has all its tries there. */
void mobike_resend(struct sa_store *store, struct ike_sa *sa)
{
    if (sa->request.active && !ike_sa_is_busy(sa)) {
        sa->request.timeout_ns = sa->peer->retransmission.timeout_ns;
        sa->request.sent = 1;
        sa->request.probed = false;
        fragmentation_retry(&sa->request.message);
        request_resend(store, sa);
    }
}

/* True when the peer may not know yet that the old one has been replaced: our answer to its rekey
 * may be lost, and it will ask again along the path it knows. */
static bool peer_may_still_rekey(const struct ike_sa *old)
{
    return !old->request.active || old->request.task.type != TASK_IKE_DELETE;
}

void mobike_predecessors_follow(struct sa_store *store, const struct ike_sa *heir,
                                enum task_type tell)
{
    struct task task = {.type = tell};
    for (struct ike_sa *old = store->ike_sas; old != NULL; old = old->next) {
        if (old->state != IKE_SA_REKEYED || old->successor != heir->id) {
            continue;
        }
        sa_store_stir(store, old);
        old->path = heir->path;
        old->encapsulated = heir->encapsulated;
        mobike_resend(store, old);
        if (tell != TASK_NONE && peer_may_still_rekey(old) &&
            !task_queue_has(&old->tasks, tell, 0)) {
            request_queue(store, old, &task);
        }
    }
}

void mobike_change_path(struct sa_store *store, struct ike_sa *sa, const struct path *path,
                        uint64_t command)
{
    take_path(store, sa, path, command);
    mobike_predecessors_follow(store, sa, TASK_UPDATE_ADDRESSES);
    mobike_resend(store, sa);
    request_start_next(store, sa);
}

/* ---- which paths there are ---- */

bool mobike_may_use(const struct ike_sa *sa, const struct address *ip)
{
    const struct address_list *allowed = &sa->peer->local_addresses;
    for (size_t i = 0; i < allowed->count; i++) {
        if (address_equal(&allowed->items[i], ip)) {
            return true;
        }
    }
    for (size_t i = 0; i < sa->peer->child_count; i++) {
        const struct child_config *child = &sa->peer->children[i];
        if (!child->transport_mode && selector_list_matches(&child->local, ip, 0, false, 0)) {
            return false;
        }
    }
    return allowed->count == 0;
}

static void list_add(struct address_list *list, size_t max, const struct address *ip)
{
    for (size_t i = 0; i < list->count; i++) {
        if (address_equal(&list->items[i], ip)) {
            return;
        }
    }
    if (list->count < max && ip->family != ADDRESS_NONE) {
        list->items[list->count++] = *ip;
    }
}

static void peer_addresses(const struct ike_sa *sa, struct address_list *out)
{
    out->count = 0;
    list_add(out, ADDRESSES_MAX, &sa->path.remote.ip);
    for (size_t i = 0; i < sa->peer_addresses.count; i++) {
        list_add(out, ADDRESSES_MAX, &sa->peer_addresses.items[i]);
    }
    for (size_t i = 0; i < sa->peer->remote_addresses.count; i++) {
        list_add(out, ADDRESSES_MAX, &sa->peer->remote_addresses.items[i]);
    }
}

/* Every pair of one of our addresses and one of the peer's, of one family; the peer's in order of
 * preference. */
static size_t list_paths(const struct ike_sa *sa, const struct address_list *local,
                         struct path paths[PATHS_MAX])
{
    struct address_list remote;
    size_t count = 0;
    peer_addresses(sa, &remote);
    for (size_t r = 0; r < remote.count; r++) {
        for (size_t l = 0; l < local->count; l++) {
            if (local->items[l].family == remote.items[r].family &&
                mobike_may_use(sa, &local->items[l])) {
                paths[count] = sa->path; /* the ports stay */
                paths[count].local.ip = local->items[l];
                paths[count++].remote.ip = remote.items[r];
            }
        }
    }
    return count;
}

/* 3.1: and before the peer has said anything. */
static bool may_probe(const struct ike_sa *sa)
{
    return sa->state == IKE_SA_INIT_SENT
               ? sa->peer->mobike
               : sa->mobike && sa->mobike_initiator && sa->state == IKE_SA_ESTABLISHED;
}

void mobike_probe_other_paths(struct sa_store *store, struct ike_sa *sa)
{
    struct path paths[PATHS_MAX];
    if (!may_probe(sa) || sa->request.sent < PROBE_AFTER) {
        return;
    }
    size_t count = list_paths(sa, &store->local_addresses, paths);
    if (count == 0) {
        return;
    }
    const struct path *other = &paths[sa->request.sent % count];
    if (!path_equal(other, &sa->path)) {
        sa_store_send_message(store, other, sa->encapsulated, &sa->request.message);
        sa->request.probed = true;
    }
}

void mobike_answered_on(struct sa_store *store, struct ike_sa *sa, const struct path *path)
{
    /* an answer that took its time says nothing of a path we have left on purpose */
    if (sa->request.probed && sa->state == IKE_SA_ESTABLISHED && !path_equal(path, &sa->path)) {
        take_path(store, sa, path, 0);
    }
}

void mobike_init_answered_on(struct sa_store *store, struct ike_sa *sa, const struct path *path)
{
    struct path paths[PATHS_MAX];
    struct task update = {.type = TASK_UPDATE_ADDRESSES};
    size_t count = sa->request.probed ? list_paths(sa, &store->local_addresses, paths) : 0;
    for (size_t i = 0; i < count; i++) {
        if (path_equal(&paths[i], path) && !path_equal(&sa->path, path)) {
            sa->path = *path;
            drop_updates(store, sa);
            (void)!task_queue_push(&sa->tasks, &update); /* without it NAT detection stays wrong */
            return;
        }
    }
}

/* ---- the host has moved ---- */

static bool same_addresses(const struct address_list *a, const struct address_list *b)
{
    for (size_t i = 0; i < a->count && a->count == b->count; i++) {
        if (!address_equal(&a->items[i], &b->items[i])) {
            return false;
        }
    }
    return a->count == b->count;
}

/* The path the host's route names, or the first other pair when there is no route to any address of
 * the peer. */
static bool choose_path(const struct ike_sa *sa, const struct command *command, struct path *out)
{
    struct path paths[PATHS_MAX];
    const struct address *local = &command->path.local.ip, *remote = &command->path.remote.ip;
    *out = sa->path;
    if (local->family != ADDRESS_NONE && local->family == remote->family) {
        out->local.ip = *local;
        out->remote.ip = *remote;
        return true;
    }
    if (list_paths(sa, &command->addresses, paths) == 0) {
        return false;
    }
    *out = paths[0];
    return true;
}

void mobike_roam(struct sa_store *store, struct ike_sa *sa, const struct command *command)
{
    struct path path;
    struct task tell = {.type = TASK_ADDITIONAL_ADDRESSES, .command = command->id};
    if (!choose_path(sa, command, &path)) {
        sa_store_emit_done(store, command->id, STATUS_UNREACHABLE);
        return;
    }
    bool routed = address_equal(&command->path.local.ip, &path.local.ip);
    bool resend = routed && sa->route_awaited && sa->request.active;
    sa->route_awaited = !routed;
    bool moved = !address_equal(&path.local.ip, &sa->path.local.ip) ||
                 !address_equal(&path.remote.ip, &sa->path.remote.ip);
    if (sa->state != IKE_SA_ESTABLISHED) { /* only its Delete is left to be said, from here */
        sa->path = path;
        sa->path_changes += moved;
        if (moved) {
            mobike_resend(store, sa);
        }
        sa_store_emit_done(store, command->id, STATUS_OK);
        return;
    }
    if (sa->mobike_initiator && moved) {
        mobike_change_path(store, sa, &path, command->id);
        return;
    }
    if (moved) {
        /* the responder's address has gone: its Child SAs use what there is, the initiator is told
         * (3.5) */
        sa->path = path;
        sa->path_changes++;
        sa_store_emit_ike(store, sa, EVENT_IKE_SA_MOVED, DOWN_DELETED_BY_US, STATUS_OK);
        mobike_move_children(store, sa);
        mobike_predecessors_follow(store, sa, TASK_ADDITIONAL_ADDRESSES);
        mobike_resend(store, sa);
    }
    if (!moved && resend) {
        request_resend(store, sa); /* what was sent before there was a route is lost */
    }
    if (!moved && same_addresses(&sa->announced, &store->local_addresses)) {
        sa_store_emit_done(store, command->id, STATUS_OK); /* the peer knows all this */
        return;
    }
    request_queue(store, sa, &tell);
}

void mobike_roam_connecting(struct sa_store *store, struct ike_sa *sa,
                            const struct command *command)
{
    struct task update = {.type = TASK_UPDATE_ADDRESSES, .command = command->id};
    const struct address *local = &command->path.local.ip;
    if (local->family != sa->path.remote.ip.family || address_equal(local, &sa->path.local.ip)) {
        sa_store_emit_done(store, command->id, STATUS_OK); /* as it is, or no way at present */
        return;
    }
    sa->path.local.ip = *local;
    drop_updates(store, sa);
    if (!task_queue_push(&sa->tasks, &update)) {
        sa_store_emit_done(store, command->id, STATUS_INTERNAL);
    }
    mobike_resend(store, sa);
}

/* ---- without MOBIKE ---- */

static bool may_follow(const struct ike_sa *sa, const struct path *path)
{
    return sa->nat_remote && !sa->nat_local && !path_equal(path, &sa->path);
}

void nat_follow(struct sa_store *store, struct ike_sa *sa, const struct path *path)
{
    if (sa->children_apart && path_equal(path, &sa->path)) {
        mobike_move_children(store, sa); /* what had led them away was late, not new */
    }
    if (sa->mobike || !may_follow(sa, path)) {
        return;
    }
    sa->path = *path;
    sa->path_changes++;
    sa_store_emit_ike(store, sa, EVENT_IKE_SA_MOVED, DOWN_DELETED_BY_PEER, STATUS_OK);
    mobike_move_children(store, sa);
}

void nat_follow_esp(struct sa_store *store, struct ike_sa *sa, const struct path *path)
{
    if (!sa->mobike || path_equal(path, &sa->path)) {
        nat_follow(store, sa, path);
    } else if (may_follow(sa, path) && !sa->children_follow) {
        /* Child SAs alone take the new path; the IKE SA waits for UPDATE_SA_ADDRESSES (4555 3.8) */
        struct ike_sa seen = *sa;
        seen.path = *path;
        mobike_move_children(store, &seen);
        sa->children_apart = true;
    }
}
