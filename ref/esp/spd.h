/* The Security Policy Database, RFC 4301 4.4.1: ordered policies, each with the pairs that carry
 * its traffic and the packets that wait for one. Many policies, and many pairs of one, are found by
 * the remote address: there is no order of looking but theirs. */
#ifndef IKEREF_ESP_SPD_H
#define IKEREF_ESP_SPD_H

#include "base/hash_table.h"
#include "base/prefix_tree.h"
#include "esp/esp_pair.h"
#include "esp/hold.h"

struct spd_entry {
    struct spd_entry *next, *previous;
    struct hash_link by_id;
    uint32_t id; /* grows along the list */
    struct esp_policy policy;
    struct esp_pair *newest; /* linked by `older`; the SAD owns them */
    size_t pair_count;
    struct prefix_tree pairs; /* by remote selectors, the newest first */
    struct hold held;
    bool acquiring; /* ACQUIRE was reported and not answered yet */
    struct event_entry acquire_event;
};

struct spd { /* of zeros: empty */
    struct spd_entry *first, *last;
    size_t count;
    struct hash_table by_id;
    struct prefix_tree by_remote; /* in the policies' order */
    uint32_t last_id;
};

/* Adds a copy at the end; NULL: no memory. */
struct spd_entry *spd_add(struct spd *spd, const struct esp_policy *policy);
struct spd_entry *spd_find(const struct spd *spd, uint32_t id);

/* Frees the entry and its held packets; its pairs and event are the caller's to remove before. With
 * the last one goes all memory. */
void spd_remove(struct spd *spd, struct spd_entry *entry);

/* The policy an outbound packet belongs to: the first that matches; NULL for none. A later fragment
 * of what a policy may protect by port is never let past it by a BYPASS (RFC 4301 7.4). */
struct spd_entry *spd_match(const struct spd *spd, const struct packet_key *key);

/* The pair to send such a packet on: the newest whose selectors match and whose lifetime is not
 * over; one on standby, the oldest, only when there is no other. NULL for none; *expired then tells
 * whether one matched but is used up. */
struct esp_pair *spd_entry_pair(const struct spd_entry *entry, const struct packet_key *key,
                                bool *expired);

/* STATUS_INTERNAL: no memory, and it is not attached. */
MUST_USE enum status spd_entry_attach(struct spd_entry *entry, struct esp_pair *pair);
void spd_entry_detach(struct esp_pair *pair); /* no matter if it was not attached */

#endif
