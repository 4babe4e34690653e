/* Packets that wait for an SA. */
#include "esp/hold.h"

#include <stdlib.h>
#include <string.h>

void hold_init(struct hold *hold)
{
    hold->first = NULL;
    hold->end = &hold->first;
    hold->count = 0;
}

struct held_packet *hold_push(struct hold *hold, uint32_t max, const struct packet_key *key,
                              struct bytes octets)
{
    if (hold->count >= max) {
        return NULL;
    }
    struct held_packet *held = malloc(sizeof(*held) + octets.length);
    if (held == NULL) {
        return NULL;
    }
    held->next = NULL;
    held->key = *key;
    held->asked = false;
    held->length = octets.length;
    memcpy(held->octets, octets.data, octets.length);
    *hold->end = held;
    hold->end = &held->next;
    hold->count++;
    return held;
}

void hold_drop(struct hold *hold, struct held_packet **link)
{
    struct held_packet *held = *link;
    *link = held->next;
    if (hold->end == &held->next) {
        hold->end = link;
    }
    hold->count--;
    free(held);
}

void hold_clear(struct hold *hold)
{
    while (hold->first != NULL) {
        hold_drop(hold, &hold->first);
    }
}
