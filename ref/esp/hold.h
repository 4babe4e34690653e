/* Packets that wait for an SA: copies, oldest first. They belong to a policy, never leave in the
 * clear, and are the only packets the data plane allocates for. */
#ifndef IKEREF_ESP_HOLD_H
#define IKEREF_ESP_HOLD_H

#include "base/selector.h"

#define HOLD_MAX_DEFAULT 32

struct held_packet {
    struct held_packet *next;
    struct packet_key key;
    bool asked; /* an SA was asked for on this packet's behalf */
    size_t length;
    uint8_t octets[];
};

struct hold {
    struct held_packet *first;
    struct held_packet **end; /* where the next one is linked */
    uint32_t count;
};

void hold_init(struct hold *hold);

/* Keeps a copy; NULL when `max` are held already or memory is short. The hold owns it. */
struct held_packet *hold_push(struct hold *hold, uint32_t max, const struct packet_key *key,
                              struct bytes octets);

/* Unlinks the packet *link points to and frees it; *link is then the next one. */
void hold_drop(struct hold *hold, struct held_packet **link);

void hold_clear(struct hold *hold);

#endif
