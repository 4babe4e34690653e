/* All IKE SAs of one host: finding, making and ending them. */

#include "sa/sa_store.h"

#include <stdlib.h>
#include <string.h>

#define CLOSED_LINGER_NS                                                                           \
    10000000000ULL /* how long a peer may repeat the request that ended an IKE SA */

enum status sa_store_init(struct sa_store *store, const struct endpoint_config *config,
                          const struct random_source *random, uint64_t now_ns)
{
    memset(store, 0, sizeof *store);
    store->config = config;
    store->random = random;
    store->now_ns = now_ns;
    uint8_t key[SIPHASH_KEY_LENGTH];
    TRY(spi_index_init(&store->by_spi));
    TRY(hash_table_init(&store->by_number));
    TRY(hash_table_init(&store->by_older));
    TRY(hash_table_init(&store->child_by_number));
    TRY(hash_table_init(&store->child_by_spi));
    TRY(request_index_init(&store->answered));
    TRY(closed_list_init(&store->closed));
    TRY(due_heap_init(&store->due));
    TRY(cookie_jar_init(&store->cookies, random, now_ns));
    cookie_jar_derive(&store->cookies, "half-open", key, sizeof key);
    TRY(half_open_init(&store->half_open, config->half_open_max, key));
    cookie_jar_derive(&store->cookies, "identities", key, sizeof key);
    return identity_index_init(&store->known, key);
}

static void request_clear(struct request *request)
{
    key_exchange_destroy(request->key_exchange);
    stored_message_clear(&request->message);
    reassembly_end(&request->partial_response);
    free(request->offer);
    octets_wipe(request, sizeof *request);
}

static void child_free(struct sa_store *store, struct child_sa *child)
{
    *(child->older != NULL ? &child->older->newer : &store->oldest_child) = child->newer;
    *(child->newer != NULL ? &child->newer->older : &store->newest_child) = child->older;
    hash_table_remove(&store->child_by_number, &child->by_number);
    hash_table_remove(&store->child_by_spi, &child->by_spi_in);
    prefix_tree_remove(&store->child_by_remote, child->remote, child->id);
    child_sa_free(child);
}

static void ike_sa_free(struct sa_store *store, struct ike_sa *sa)
{
    struct child_sa *child = sa->children;
    while (child != NULL) {
        struct child_sa *next = child->next;
        child_free(store, child);
        child = next;
    }
    request_clear(&sa->request);
    task_queue_clear(&sa->tasks);
    ike_sa_free_init(sa);
    stored_message_clear(&sa->response);
    reassembly_end(&sa->partial_request);
    protector_destroy(sa->seal);
    protector_destroy(sa->open);
    octets_wipe(sa, sizeof *sa);
    free(sa);
}

void sa_store_wipe(struct sa_store *store)
{
    while (store->ike_sas != NULL) {
        sa_store_remove(store, store->ike_sas);
    }
    while (store->datagram_first != NULL) {
        struct queued_datagram *next = store->datagram_first->next;
        free(store->datagram_first);
        store->datagram_first = next;
    }
    struct event event;
    while (sa_store_next_event(store, &event)) {
        octets_wipe(&event, sizeof event);
    }
    job_queue_wipe(&store->jobs);
    half_open_wipe(&store->half_open);
    spi_index_free(&store->by_spi);
    hash_table_free(&store->by_number);
    hash_table_free(&store->by_older);
    hash_table_free(&store->child_by_number);
    hash_table_free(&store->child_by_spi);
    closed_list_wipe(&store->closed, &store->answered);
    request_index_free(&store->answered);
    identity_index_free(&store->known);
    due_heap_free(&store->due);
    cookie_jar_wipe(&store->cookies);
}

struct ike_sa *sa_store_add(struct sa_store *store, uint16_t peer_index, bool initiator,
                            enum ike_sa_state state)
{
    struct ike_sa *sa = calloc(1, sizeof *sa);
    uint64_t spi;
    if (sa != NULL) {
        sa->id = store->next_ike_sa + 1; /* among those that are due at one time it decides */
    }
    if (sa == NULL || sa_store_new_ike_spi(store, &spi) != STATUS_OK ||
        due_heap_add(&store->due, sa, 0) != STATUS_OK) {
        free(sa);
        return NULL;
    }
    store->next_ike_sa = sa->id;
    sa->peer_index = peer_index;
    sa->peer = &store->config->peers[peer_index];
    sa->state = state;
    sa->initiator = initiator;
    sa->mobike_initiator = initiator;
    *(initiator ? &sa->spi_i : &sa->spi_r) = spi;
    sa->soft_ns = sa->hard_ns = sa->close_ns = UINT64_MAX;
    sa->created_ns = sa->last_in_ns = sa->last_out_ns = store->now_ns;
    sa->local_id = sa->peer->local_id;
    sa->next = store->ike_sas;
    *(sa->next != NULL ? &sa->next->previous : &store->oldest) = sa;
    store->ike_sas = sa;
    spi_index_add(&store->by_spi, sa);
    hash_table_add(&store->by_number, &sa->by_number, sa->id);
    return sa;
}

void sa_store_set_spis(struct sa_store *store, struct ike_sa *sa, uint64_t spi_i, uint64_t spi_r)
{
    spi_index_remove(&store->by_spi, sa);
    sa->spi_i = spi_i;
    sa->spi_r = spi_r;
    spi_index_add(&store->by_spi, sa);
}

void sa_store_establish(struct sa_store *store, struct ike_sa *sa)
{
    const struct lifetime_config *lifetime = &sa->peer->lifetime;
    ike_sa_free_init(sa);
    half_open_leave(&store->half_open, sa, store->now_ns);
    request_index_add(&store->answered, &sa->by_request, sa->request_hash);
    identity_index_add(&store->known, sa);
    sa->state = IKE_SA_ESTABLISHED;
    sa->established_ns = sa->nat_checked_ns = store->now_ns;
    sa->soft_ns = lifetime_soft_at(lifetime, store->random, store->now_ns);
    sa->hard_ns = lifetime->hard_ns > 0 ? store->now_ns + lifetime->hard_ns : UINT64_MAX;
    sa->close_ns = UINT64_MAX;
}

/* There are few: those of one datagram, or of one moment. */
static void ended_forget(struct sa_store *store, const struct ike_sa *sa)
{
    for (struct ike_sa **link = &store->ended; *link != NULL; link = &(*link)->next_ended) {
        if (*link == sa) {
            *link = sa->next_ended;
            return;
        }
    }
}

void sa_store_remove(struct sa_store *store, struct ike_sa *sa)
{
    ended_forget(store, sa);
    *(sa->previous != NULL ? &sa->previous->next : &store->ike_sas) = sa->next;
    *(sa->next != NULL ? &sa->next->previous : &store->oldest) = sa->previous;
    spi_index_remove(&store->by_spi, sa);
    hash_table_remove(&store->by_number, &sa->by_number);
    sa_store_set_reauthentication(store, sa, (struct reauthentication){0});
    due_heap_remove(&store->due, sa);
    half_open_leave(&store->half_open, sa, store->now_ns);
    request_index_remove(&store->answered, &sa->by_request);
    identity_index_remove(&store->known, sa);
    ike_sa_free(store, sa);
}

void sa_store_stir(struct sa_store *store, struct ike_sa *sa)
{
    due_heap_set(&store->due, sa, 0);
}

static struct ike_sa *stirred(struct sa_store *store, struct ike_sa *sa)
{
    if (sa != NULL) {
        sa_store_stir(store, sa);
    }
    return sa;
}

struct ike_sa *sa_store_find(struct sa_store *store, uint32_t id)
{
    struct hash_link *link = hash_table_find(&store->by_number, id);
    return link != NULL ? stirred(store, HASH_OWNER(link, struct ike_sa, by_number)) : NULL;
}

struct ike_sa *sa_store_find_spi(struct sa_store *store, uint64_t local_spi)
{
    return stirred(store, spi_index_find(&store->by_spi, local_spi));
}

struct ike_sa *sa_store_find_half_open(struct sa_store *store, uint64_t spi_i,
                                       const struct transport_address *remote, uint64_t request)
{
    return stirred(store, half_open_find(&store->half_open, spi_i, remote, request));
}

void sa_store_set_reauthentication(struct sa_store *store, struct ike_sa *sa,
                                   struct reauthentication made_for)
{
    if (sa->reauthentication.ike_sa != 0) {
        hash_table_remove(&store->by_older, &sa->by_older);
    }
    sa->reauthentication = made_for;
    if (made_for.ike_sa != 0) {
        hash_table_add(&store->by_older, &sa->by_older, made_for.ike_sa);
    }
}

struct ike_sa *sa_store_find_reauthentication(struct sa_store *store, uint32_t id)
{
    struct hash_link *link = hash_table_find(&store->by_older, id);
    return link != NULL ? stirred(store, HASH_OWNER(link, struct ike_sa, by_older)) : NULL;
}

struct ike_sa *sa_store_find_peer(struct sa_store *store, uint16_t peer_index)
{
    struct ike_sa *connecting = NULL;
    for (struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        if (sa->peer_index != peer_index || sa->silent) {
            continue; /* a silent one may yet lose its collision (2.8.2) */
        }
        if (sa->state == IKE_SA_ESTABLISHED) {
            return stirred(store, sa);
        }
        if (connecting == NULL &&
            (sa->state == IKE_SA_INIT_SENT || sa->state == IKE_SA_AUTH_SENT)) {
            connecting = sa;
        }
    }
    return stirred(store, connecting);
}

struct ike_sa *sa_store_find_same(struct sa_store *store, const struct ike_sa *sa,
                                  struct ike_sa *after)
{
    do {
        after = identity_index_other(&store->known, sa, after);
    } while (after != NULL && !ike_sa_is_up(after));
    return stirred(store, after);
}

struct ike_sa *sa_store_find_child(struct sa_store *store, uint32_t spi_in, struct child_sa **child)
{
    struct hash_link *link = hash_table_find(&store->child_by_spi, spi_in);
    *child = link != NULL ? HASH_OWNER(link, struct child_sa, by_spi_in) : NULL;
    return link != NULL ? stirred(store, (*child)->owner) : NULL;
}

enum status sa_store_add_child(struct sa_store *store, struct ike_sa *sa, struct child_sa *child)
{
    TRY(prefix_tree_add(&store->child_by_remote, child->remote, child->id, child));
    child->owner = sa;
    child->next = sa->children;
    sa->children = child;
    child->newer = NULL;
    child->older = store->newest_child;
    *(child->older != NULL ? &child->older->newer : &store->oldest_child) = child;
    store->newest_child = child;
    hash_table_add(&store->child_by_number, &child->by_number, child->id);
    hash_table_add(&store->child_by_spi, &child->by_spi_in, child->spi_in);
    return STATUS_OK;
}

/* One that is there leads to the next; one that has gone meanwhile costs a look at those before. */
const struct ike_sa *sa_store_after(const struct sa_store *store, uint32_t id)
{
    const struct hash_link *link = hash_table_find(&store->by_number, id);
    const struct ike_sa *sa =
        link != NULL ? HASH_OWNER(link, struct ike_sa, by_number) : store->oldest;
    while (sa != NULL && sa->id <= id) {
        sa = sa->previous;
    }
    return sa;
}

const struct child_sa *sa_store_child_after(const struct sa_store *store, uint32_t id)
{
    const struct hash_link *link = hash_table_find(&store->child_by_number, id);
    const struct child_sa *child =
        link != NULL ? HASH_OWNER(link, struct child_sa, by_number) : store->oldest_child;
    while (child != NULL && child->id <= id) {
        child = child->newer;
    }
    return child;
}

size_t sa_store_half_open_count(const struct sa_store *store)
{
    size_t count = 0;
    for (const struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        count += sa->state == IKE_SA_HALF_OPEN;
    }
    return count;
}

enum status sa_store_new_ike_spi(struct sa_store *store, uint64_t *spi)
{
    do {
        uint8_t octets[8]; /* drawn as octets: the same SPI on a machine of any byte order */
        struct bytes drawn = bytes_of(octets, sizeof octets);
        TRY(random_fill(store->random, octets, sizeof octets));
        (void)!bytes_take_u64(&drawn, spi);
    } while (*spi == 0 || sa_store_find_spi(store, *spi) != NULL ||
             closed_list_find(&store->closed, *spi) != NULL);
    return STATUS_OK;
}

enum status sa_store_new_child_spi(struct sa_store *store, uint32_t *spi)
{
    struct child_sa *child;
    do {
        uint8_t octets[4];
        struct bytes drawn = bytes_of(octets, sizeof octets);
        TRY(random_fill(store->random, octets, sizeof octets));
        (void)!bytes_take_u32(&drawn, spi);
    } while (*spi < 256 || sa_store_find_child(store, *spi, &child) != NULL);
    return STATUS_OK;
}

void sa_store_child_gone(struct sa_store *store, struct ike_sa *sa, struct child_sa *child,
                         enum down_reason reason)
{
    struct child_sa **link = &sa->children;
    while (*link != child) {
        link = &(*link)->next;
    }
    *link = child->next;
    if (!child->redundant) {
        uint64_t linger_ns = reason == DOWN_REPLACED ? store->config->delete_linger_ns : 0;
        sa_store_emit_child(store, sa, child, EVENT_CHILD_SA_DOWN, reason, linger_ns);
    }
    child_free(store, child);
}

void sa_store_task_ended(struct sa_store *store, const struct ike_sa *sa, const struct task *task,
                         enum status status)
{
    bool wanted = task->type == TASK_IKE_DELETE || task->type == TASK_CHILD_DELETE;
    if (task->type == TASK_CHILD_CREATE || task->type == TASK_IKE_AUTH) {
        sa_store_emit_child_failed(store, sa, task->child_index, status);
    }
    sa_store_emit_done_with(store, sa, task->command, wanted ? STATUS_OK : status);
}

void sa_store_tasks_ended(struct sa_store *store, struct ike_sa *sa, enum status status)
{
    for (size_t i = 0; i < sa->tasks.count; i++) {
        sa_store_task_ended(store, sa, &sa->tasks.items[i], status);
    }
    task_queue_clear(&sa->tasks);
}

void sa_store_ike_gone(struct sa_store *store, struct ike_sa *sa, enum down_reason reason,
                       enum status status)
{
    if (sa->state == IKE_SA_CLOSED) {
        return;
    }
    sa_store_stir(store, sa);
    while (sa->children != NULL) {
        sa_store_child_gone(store, sa, sa->children, reason);
    }
    if (sa->request.active) {
        sa_store_task_ended(store, sa, &sa->request.task, status);
    }
    sa_store_tasks_ended(store, sa, status);
    sa_store_emit_done_with(store, sa, sa->reauthentication.command, status);
    sa->reauthentication.command = 0;
    struct ike_sa *rival = sa_store_find(store, sa->request.collision.ike_sa);
    if (rival != NULL && rival->silent) { /* it was to inherit, and there is nothing any more */
        sa_store_ike_gone(store, rival, reason, status);
    }
    sa->job = NULL; /* which comes back to nobody */
    request_clear(&sa->request);
    reassembly_end(&sa->partial_request);
    /* a half-open one that times out was never anybody's; a redundant one was never announced */
    bool nobodys = sa->state == IKE_SA_HALF_OPEN && reason == DOWN_EXPIRED;
    if (!sa->silent && !nobodys) {
        sa_store_emit_ike(store, sa, EVENT_IKE_SA_DOWN, reason, status);
    }
    if (sa->state == IKE_SA_HALF_OPEN && !nobodys) { /* an IKE_AUTH that proved nothing */
        half_open_failed(&store->half_open, sa, store->now_ns);
    }
    sa->state = IKE_SA_CLOSED;
    identity_index_remove(&store->known, sa); /* so that who comes and goes does not fill it */
    sa->close_ns = nobodys ? store->now_ns : store->now_ns + CLOSED_LINGER_NS;
    if (!sa->unproven && !nobodys) {
        sa->next_ended = store->ended;
        store->ended = sa;
    }
}

void sa_store_put_away(struct sa_store *store)
{
    struct ike_sa *next = store->ended;
    store->ended = NULL;
    while (next != NULL) {
        struct ike_sa *sa = next;
        next = sa->next_ended;
        if (closed_list_add(&store->closed, &store->answered, sa) == STATUS_OK) {
            sa_store_remove(store, sa);
        } /* else it stays as it is until its time has come */
    }
}
