/* What time alone brings about: retransmission, the end of half a message, rekeys, hard ends,
 * liveness, keepalives, and the end of what is half-open or closed. RFC 7296 2.4, 2.8, RFC 3948 4.
 */

#include "endpoint/timers.h"

#include "exchange/child_delete.h"
#include "exchange/client_puzzle.h"
#include "exchange/fragmentation.h"
#include "exchange/ike_delete.h"
#include "exchange/request.h"

#define REST_NS 10000000000ULL /* an IKE SA that is not used for so long rests */

static uint64_t later(uint64_t from_ns, uint64_t by_ns)
{
    return by_ns == 0 ? UINT64_MAX : from_ns + by_ns;
}

static void earliest(uint64_t *deadline, uint64_t at_ns)
{
    if (at_ns < *deadline) {
        *deadline = at_ns;
    }
}

/* The last sign of life, IKE or ESP (2.4). */
static uint64_t last_in(const struct ike_sa *sa)
{
    uint64_t last_ns = sa->last_in_ns;
    for (const struct child_sa *c = sa->children; c != NULL; c = c->next) {
        last_ns = c->last_in_ns > last_ns ? c->last_in_ns : last_ns;
    }
    return last_ns;
}

static uint64_t last_out(const struct ike_sa *sa)
{
    uint64_t last_ns = sa->last_out_ns;
    for (const struct child_sa *c = sa->children; c != NULL; c = c->next) {
        last_ns = c->last_out_ns > last_ns ? c->last_out_ns : last_ns;
    }
    return last_ns;
}

/* Established, and not one that may yet lose its rekey collision. */
static bool lives(const struct ike_sa *sa)
{
    return sa->state == IKE_SA_ESTABLISHED && !sa->silent;
}

/* When silence has lasted long enough to ask. Behind a NAT the initiator of MOBIKE asks whatever
 * traffic there is: only so it learns of a new mapping, and the responder, who must not follow by
 * itself, can reach it again (RFC 4555 3.8). */
static uint64_t liveness_at(const struct ike_sa *sa)
{
    bool asked = sa->request.active || task_queue_has(&sa->tasks, TASK_LIVENESS, 0);
    if (!lives(sa) || asked) {
        return UINT64_MAX;
    }
    uint64_t at_ns = later(last_in(sa), sa->peer->liveness_ns);
    if (sa->mobike && sa->mobike_initiator && sa->nat_local) {
        earliest(&at_ns, later(sa->nat_checked_ns, sa->peer->liveness_ns));
    }
    return at_ns;
}

static uint64_t keepalive_at(const struct ike_sa *sa)
{
    return lives(sa) && sa->nat_local && sa->encapsulated
               ? later(last_out(sa), sa->peer->keepalive_ns)
               : UINT64_MAX;
}

/* A task may start only when nothing else is out. */
static uint64_t tasks_at(const struct ike_sa *sa)
{
    return ike_sa_is_up(sa) && !sa->request.active ? task_queue_deadline(&sa->tasks) : UINT64_MAX;
}

static uint64_t request_at(const struct request *request)
{
    uint64_t at_ns = UINT64_MAX;
    if (request->active) {
        at_ns = request->next_ns;
        if (request->error != STATUS_OK) {
            earliest(&at_ns, request->give_up_ns);
        }
    }
    return at_ns;
}

/* When nothing has been sealed or opened for a while, the cipher contexts are no use. */
static uint64_t rest_at(const struct ike_sa *sa)
{
    uint64_t last_ns = sa->last_in_ns > sa->last_out_ns ? sa->last_in_ns : sa->last_out_ns;
    return ike_sa_is_up(sa) && ike_sa_is_ready(sa) ? last_ns + REST_NS : UINT64_MAX;
}

uint64_t timers_due(const struct ike_sa *sa)
{
    uint64_t deadline = sa->close_ns;
    earliest(&deadline, request_at(&sa->request));
    earliest(&deadline, tasks_at(sa));
    earliest(&deadline, liveness_at(sa));
    earliest(&deadline, keepalive_at(sa));
    earliest(&deadline, fragmentation_deadline(sa));
    earliest(&deadline, client_puzzle_deadline(sa));
    earliest(&deadline, rest_at(sa));
    if (lives(sa)) {
        earliest(&deadline, sa->soft_ns);
        earliest(&deadline, sa->hard_ns);
        for (const struct child_sa *c = sa->children; c != NULL; c = c->next) {
            if (c->state != CHILD_SA_DELETING) {
                earliest(&deadline, c->soft_ns);
                earliest(&deadline, c->hard_ns);
            }
        }
    }
    return deadline;
}

/* 0 is kept for those that are to be looked at again. */
static void look_again(struct sa_store *store)
{
    const struct due_heap *due = &store->due;
    while (due->count > 0 && due->entries[0].at_ns == 0) {
        uint64_t at_ns = timers_due(due->entries[0].sa);
        due_heap_set(&store->due, due->entries[0].sa, at_ns > 0 ? at_ns : 1);
    }
}

static uint64_t first_due(struct sa_store *store)
{
    look_again(store);
    return store->due.count > 0 ? store->due.entries[0].at_ns : UINT64_MAX;
}

uint64_t timers_deadline(struct sa_store *store)
{
    uint64_t deadline = closed_list_deadline(&store->closed);
    earliest(&deadline, first_due(store));
    return deadline;
}

/* Past its hard limit it carries nothing more, however long the peer takes to hear of its end (RFC
 * 4301 4.4.2.1): only our one outstanding request can keep the Delete waiting. */
static void retire(struct sa_store *store, struct ike_sa *sa, struct child_sa *c)
{
    if (!c->redundant) {
        sa_store_emit_child(store, sa, c, EVENT_CHILD_SA_DOWN, DOWN_EXPIRED, 0);
        c->redundant = true;
    }
}

static void expire_children(struct sa_store *store, struct ike_sa *sa)
{
    for (struct child_sa *c = sa->children; c != NULL; c = c->next) {
        if (c->state != CHILD_SA_DELETING && store->now_ns >= c->hard_ns) {
            retire(store, sa, c);
            child_delete_queue(store, sa, c, DOWN_EXPIRED, 0);
            return; /* the list may have changed: the rest is still due */
        }
        if (store->now_ns >= c->soft_ns) {
            struct task rekey = {
                .type = TASK_CHILD_REKEY, .child_sa = c->id, .child_index = c->child_index};
            c->soft_ns = UINT64_MAX;
            if (c->state == CHILD_SA_INSTALLED &&
                !task_queue_has(&sa->tasks, TASK_CHILD_REKEY, c->id)) {
                request_queue(store, sa, &rekey);
            }
        }
    }
}

static void expire_lifetimes(struct sa_store *store, struct ike_sa *sa)
{
    struct task rekey = {.type = TASK_IKE_REKEY};
    if (store->now_ns >= sa->hard_ns) {
        sa->hard_ns = UINT64_MAX;
        for (struct child_sa *c = sa->children; c != NULL; c = c->next) {
            retire(store, sa, c);
        }
        ike_delete_queue(store, sa, DOWN_EXPIRED, 0);
        return;
    }
    if (store->now_ns >= sa->soft_ns) {
        sa->soft_ns = UINT64_MAX;
        if (!task_queue_has(&sa->tasks, TASK_IKE_REKEY, 0)) {
            request_queue(store, sa, &rekey);
        }
    }
    expire_children(store, sa);
}

static void send_keepalive(struct sa_store *store, struct ike_sa *sa)
{
    static const uint8_t octet = 0xff; /* RFC 3948 2.3 */
    sa_store_send(store, &sa->path, true, true, bytes_of(&octet, 1));
    sa->last_out_ns = store->now_ns;
}

static void sa_expire(struct sa_store *store, struct ike_sa *sa)
{
    struct task ask = {.type = TASK_LIVENESS};
    if (store->now_ns >= sa->close_ns) {
        sa_store_ike_gone(store, sa, sa->state == IKE_SA_REKEYED ? DOWN_REPLACED : DOWN_EXPIRED,
                          STATUS_DROP);
        return;
    }
    fragmentation_expire(store, sa);
    request_expire(store, sa);
    client_puzzle_expire(store, sa);
    if (lives(sa)) {
        expire_lifetimes(store, sa);
    }
    if (store->now_ns >= liveness_at(sa)) {
        request_queue(store, sa, &ask);
    }
    if (store->now_ns >= keepalive_at(sa)) {
        send_keepalive(store, sa);
    }
    request_start_next(store, sa);
    if (store->now_ns >= rest_at(sa)) {
        ike_sa_rest(sa);
    }
}

/* All that are due now, in order of time. Each has its turn once, whatever becomes of it there. */
static struct ike_sa *take_due(struct sa_store *store)
{
    struct ike_sa *first = NULL, **last = &first;
    for (uint64_t at_ns = first_due(store); at_ns <= store->now_ns && at_ns < UINT64_MAX;
         at_ns = first_due(store)) {
        struct ike_sa *sa = store->due.entries[0].sa;
        due_heap_set(&store->due, sa, UINT64_MAX);
        *last = sa;
        last = &sa->next_due;
        sa->next_due = NULL;
    }
    return first;
}

/* Only here do IKE SAs go that others may know of; none that is due is left in the list. */
static void reap(struct sa_store *store, struct ike_sa **link)
{
    while (*link != NULL) {
        struct ike_sa *sa = *link;
        if (sa->state == IKE_SA_CLOSED && store->now_ns >= sa->close_ns) {
            *link = sa->next_due;
            sa_store_remove(store, sa);
        } else {
            link = &sa->next_due;
        }
    }
}

void timers_expire(struct sa_store *store)
{
    closed_list_expire(&store->closed, &store->answered, store->now_ns);
    struct ike_sa *first = take_due(store);
    reap(store, &first);
    for (struct ike_sa *sa = first; sa != NULL; sa = sa->next_due) {
        sa_store_stir(store, sa);
        if (sa->state != IKE_SA_CLOSED && timers_due(sa) <= store->now_ns) {
            sa_expire(store, sa);
        }
    }
}
