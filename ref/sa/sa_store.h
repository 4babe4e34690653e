/* All IKE SAs of one host and what surrounds them: the clock as last told, the randomness, what
 * waits to be sent and to be told. The one object the exchanges work on. */
#ifndef IKEREF_SA_SA_STORE_H
#define IKEREF_SA_SA_STORE_H

#include "base/prefix_tree.h"
#include "sa/closed_sa.h"
#include "sa/cookie.h"
#include "sa/due_heap.h"
#include "sa/half_open.h"
#include "sa/identity_index.h"
#include "sa/spi_index.h"

struct queued_datagram {
    struct queued_datagram *next;
    struct path path;
    bool encapsulated, keepalive, dont_fragment;
    size_t length;
    uint8_t octets[];
};

struct queued_event {
    struct queued_event *next;
    struct event event;
};

struct sa_counters {
    uint64_t datagrams_in, datagrams_out, dropped, invalid, cookies_sent, puzzles_sent,
        puzzles_solved, requests_refused, retransmissions, fragments_in, fragments_out;
};

struct sa_store {
    const struct endpoint_config *config;
    const struct random_source *random;
    uint64_t now_ns;
    uint64_t utc_offset_ns; /* now_ns + this: UTC since 1970, for certificates only */
    struct ike_sa *ike_sas; /* newest first */
    struct ike_sa *oldest;
    struct spi_index by_spi;
    struct hash_table by_number; /* IKE SAs by `id` */
    struct hash_table by_older;  /* and by `reauthentication.ike_sa` */
    struct child_sa *oldest_child, *newest_child;
    struct hash_table child_by_number;  /* Child SAs by `id` */
    struct hash_table child_by_spi;     /* and by our SPI, which we have drawn at random */
    struct prefix_tree child_by_remote; /* and by remote selectors, under `id` */
    struct half_open_table half_open;
    struct request_index answered; /* that are established */
    struct identity_index known;   /* the same, by who the peer is */
    struct closed_list closed;     /* what is left of those that have ended */
    struct ike_sa *ended;          /* CLOSED ones that are still whole */
    struct due_heap due; /* of all IKE SAs; 0: to be looked at again, somebody got hold of it */
    struct job_queue jobs;
    struct queued_datagram *datagram_first, *datagram_last;
    struct queued_event *event_first, *event_last;
    struct queued_event lost; /* where an event is written that there is no memory for; wiped */
    bool has_lost;            /* one has been written there */
    struct cookie_jar cookies;
    struct address_list local_addresses; /* as the host last said */
    uint32_t next_ike_sa, next_child_sa;
    uint64_t hint_ns; /* the last INVALID_IKE_SPI we sent: they are rationed (2.21.4) */
    bool shutting_down;
    struct sa_counters counters;
};

MUST_USE enum status sa_store_init(struct sa_store *store, const struct endpoint_config *config,
                                   const struct random_source *random, uint64_t now_ns);
void sa_store_wipe(struct sa_store *store);

/* ---- IKE SAs ---- */

/* A new IKE SA with a fresh local SPI, in the list. NULL: no memory or no randomness. */
struct ike_sa *sa_store_add(struct sa_store *store, uint16_t peer_index, bool initiator,
                            enum ike_sa_state state);
/* Takes it off the list, wipes and frees it. Children are freed without an event. */
void sa_store_remove(struct sa_store *store, struct ike_sa *sa);

/* ESTABLISHED from now on: lifetimes run, what only the set-up needed is freed. */
void sa_store_establish(struct sa_store *store, struct ike_sa *sa);

/* What is due next of it may change: to be called by who comes by an IKE SA in another way than
 * through the functions below, which do it themselves. */
void sa_store_stir(struct sa_store *store, struct ike_sa *sa);

struct ike_sa *sa_store_find(struct sa_store *store, uint32_t id);
struct ike_sa *sa_store_find_spi(struct sa_store *store, uint64_t local_spi);
/* Our SPI of it is another from now on, the one that was drawn for it when it was offered. */
void sa_store_set_spis(struct sa_store *store, struct ike_sa *sa, uint64_t spi_i, uint64_t spi_r);
/* The responder's half-open IKE SA a repeated IKE_SA_INIT request belongs to. */
struct ike_sa *sa_store_find_half_open(struct sa_store *store, uint64_t spi_i,
                                       const struct transport_address *remote, uint64_t request);
/* What the IKE SA was made to replace is this from now on. */
void sa_store_set_reauthentication(struct sa_store *store, struct ike_sa *sa,
                                   struct reauthentication made_for);
/* One of those that were made to replace this one; NULL: there is none any more. */
struct ike_sa *sa_store_find_reauthentication(struct sa_store *store, uint32_t id);
/* The newest IKE SA of the peer that can carry requests (or is on its way to), or NULL. */
struct ike_sa *sa_store_find_peer(struct sa_store *store, uint16_t peer_index);
/* Another IKE SA of the same peer and identity that is up, the first one after NULL; NULL: there is
 * none any more (RFC 7296 2.4). */
struct ike_sa *sa_store_find_same(struct sa_store *store, const struct ike_sa *sa,
                                  struct ike_sa *after);
/* The IKE SA that has the Child SA with our inbound SPI. */
struct ike_sa *sa_store_find_child(struct sa_store *store, uint32_t spi_in,
                                   struct child_sa **child);
/* The Child SA, the newest of all, belongs to this IKE SA from now on, which frees it. Its id,
 * spi_in and remote selectors must not change any more. STATUS_INTERNAL: no memory, and it does not
 * belong there. */
MUST_USE enum status sa_store_add_child(struct sa_store *store, struct ike_sa *sa,
                                        struct child_sa *child);
/* The one of the least id above this one; NULL: none. */
const struct ike_sa *sa_store_after(const struct sa_store *store, uint32_t id);
const struct child_sa *sa_store_child_after(const struct sa_store *store, uint32_t id);
/* Those that wait for IKE_AUTH. store->half_open.count has also the ones we refused and still keep
 * for a repeated request: all that strangers cost us. */
size_t sa_store_half_open_count(const struct sa_store *store);

/* A fresh SPI that nothing else uses: IKE never 0, ESP above 255 (RFC 4303 2.1). */
MUST_USE enum status sa_store_new_ike_spi(struct sa_store *store, uint64_t *spi);
MUST_USE enum status sa_store_new_child_spi(struct sa_store *store, uint32_t *spi);

/* ---- what goes out ---- */

/* Queues a copy; without memory the datagram is lost like any other may be. */
void sa_store_send(struct sa_store *store, const struct path *path, bool encapsulated,
                   bool keepalive, struct bytes octets);
/* The same with all datagrams of a message; fragments that could be smaller want not to be cut by
 * IP. */
void sa_store_send_message(struct sa_store *store, const struct path *path, bool encapsulated,
                           const struct stored_message *message);
bool sa_store_next_event(struct sa_store *store, struct event *out);

void sa_store_emit_ike(struct sa_store *store, const struct ike_sa *sa, enum event_type type,
                       enum down_reason reason, enum status status);
void sa_store_emit_keys(struct sa_store *store, const struct ike_sa *sa,
                        const struct ike_keys *keys);
void sa_store_emit_rekeyed(struct sa_store *store, const struct ike_sa *old,
                           const struct ike_sa *new_sa);
/* `keys` only for EVENT_CHILD_SA_UP. Directions are turned from i/r to in/out by `we_initiated`. */
void sa_store_emit_child_up(struct sa_store *store, const struct ike_sa *sa,
                            const struct child_sa *child, const struct child_keys *keys,
                            bool we_initiated, uint32_t replaces_spi_in, bool outbound_standby);
void sa_store_emit_child(struct sa_store *store, const struct ike_sa *sa,
                         const struct child_sa *child, enum event_type type,
                         enum down_reason reason, uint64_t linger_ns);
void sa_store_emit_child_failed(struct sa_store *store, const struct ike_sa *sa,
                                uint16_t child_index, enum status status);
void sa_store_emit_done(struct sa_store *store, uint64_t command, enum status status);
/* The same, and why the peer of this IKE SA was refused, if it was. */
void sa_store_emit_done_with(struct sa_store *store, const struct ike_sa *sa, uint64_t command,
                             enum status status);

/* ---- ends ---- */

/* Removes a Child SA: DOWN event, list, memory. */
void sa_store_child_gone(struct sa_store *store, struct ike_sa *sa, struct child_sa *child,
                         enum down_reason reason);

/* A task that will not be done: its command is answered and a Child SA that was to be made has
 * failed. Commands that wanted something deleted are content. */
void sa_store_task_ended(struct sa_store *store, const struct ike_sa *sa, const struct task *task,
                         enum status status);
/* The same for all that wait in the queue; it is empty afterwards. */
void sa_store_tasks_ended(struct sa_store *store, struct ike_sa *sa, enum status status);

/* The IKE SA has ended: DOWN events for it and its Child SAs, waiting commands are answered with
 * `status` (OK for those that wanted it deleted). It is CLOSED, and stays for as long as the peer
 * may repeat its last request: whole only until sa_store_put_away, unless it is a stranger's, which
 * counts among the half-open ones. */
void sa_store_ike_gone(struct sa_store *store, struct ike_sa *sa, enum down_reason reason,
                       enum status status);

/* Frees the IKE SAs that have ended but for what is needed to repeat an answer. Nobody holds a
 * pointer to one: at the end of whatever came in by the door. */
void sa_store_put_away(struct sa_store *store);

#endif
