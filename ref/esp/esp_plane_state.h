/* What a data plane consists of; for the room's own files only. */
#ifndef IKEREF_ESP_ESP_PLANE_STATE_H
#define IKEREF_ESP_ESP_PLANE_STATE_H

#include "esp/due_list.h"
#include "esp/icmp.h"
#include "esp/sad.h"
#include "esp/spd.h"

#define PLANE_REST_NS UINT64_C(60000000000) /* a pair that is not used for so long rests */

struct esp_plane {
    const struct random_source *random;
    struct spd spd;
    struct sad sad;
    struct event_queue events;
    struct icmp_limit icmp;
    struct due_list lingering; /* pairs, until they go */
    struct due_list used;      /* pairs whose contexts may be there, until they are looked at */
    struct esp_counters counters;
};

/* Asks for an SA on behalf of this packet. */
void plane_acquire(struct esp_plane *plane, struct spd_entry *entry, struct held_packet *held);

/* To be called before each packet that is sealed or opened. */
static inline void plane_pair_use(struct esp_plane *plane, struct esp_pair *pair, uint64_t now_ns)
{
    if (pair->due == NULL) {
        due_list_add(&plane->used, pair, now_ns + PLANE_REST_NS);
    }
}

/* The pair's hard lifetime is over: it carries nothing more, and its owner is told. */
void plane_pair_spent(struct esp_plane *plane, struct esp_pair *pair);

/* To be called after every packet: tells the owner once when it is time to rekey. */
void plane_pair_check_soft(struct esp_plane *plane, struct esp_pair *pair);

/* The packet came along the pair's own path, as far as it says which way it came. */
bool plane_pair_is_at(const struct esp_pair *pair, const struct packet *packet);

/* An authentic packet came; if it is the highest so far and from elsewhere, the owner is told
 * (RFC 7296 2.23), once for each place. */
void plane_pair_check_moved(struct esp_plane *plane, struct esp_pair *pair,
                            const struct packet *packet, bool highest);

/* Takes it out of every table and wipes its keys. */
void plane_pair_drop(struct esp_plane *plane, struct esp_pair *pair);

#endif
