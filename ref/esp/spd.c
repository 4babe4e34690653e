/* The Security Policy Database, RFC 4301 4.4.1. */
#include "esp/spd.h"

#include <assert.h>
#include <stdlib.h>

struct spd_entry *spd_add(struct spd *spd, const struct esp_policy *policy)
{
    struct spd_entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return NULL;
    }
    entry->id = ++spd->last_id;
    entry->policy = *policy;
    if (entry->policy.held_max == 0) {
        entry->policy.held_max = HOLD_MAX_DEFAULT;
    }
    hold_init(&entry->held);
    struct spd_entry **end = &spd->first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = entry;
    return entry;
}

struct spd_entry *spd_find(const struct spd *spd, uint32_t id)
{
    struct spd_entry *entry = spd->first;
    while (entry != NULL && entry->id != id) {
        entry = entry->next;
    }
    return entry;
}

void spd_remove(struct spd *spd, struct spd_entry *entry)
{
    assert(entry->newest == NULL && !entry->acquire_event.queued);
    struct spd_entry **link = &spd->first;
    while (*link != entry) {
        link = &(*link)->next;
    }
    *link = entry->next;
    hold_clear(&entry->held);
    free(entry);
}

static bool policy_matches(const struct esp_policy *policy, const struct packet_key *key)
{
    return selector_list_matches(&policy->local, &key->source, key->protocol, key->has_ports,
                                 key->source_port) &&
           selector_list_matches(&policy->remote, &key->destination, key->protocol, key->has_ports,
                                 key->destination_port);
}

static bool list_matches_but_for_ports(const struct selector_list *list,
                                       const struct address *address, uint8_t protocol)
{
    for (size_t i = 0; i < list->count; i++) {
        struct traffic_selector any_port = list->items[i];
        any_port.port_start = 0;
        any_port.port_end = UINT16_MAX;
        if (selector_matches(&any_port, address, protocol, false, 0)) {
            return true;
        }
    }
    return false;
}

struct spd_entry *spd_match(const struct spd *spd, const struct packet_key *key)
{
    bool withheld = false;
    for (struct spd_entry *entry = spd->first; entry != NULL; entry = entry->next) {
        const struct esp_policy *policy = &entry->policy;
        if (policy_matches(policy, key)) {
            return withheld && policy->action == POLICY_BYPASS ? NULL : entry;
        }
        withheld = withheld ||
                   (!key->has_ports && policy->action != POLICY_BYPASS &&
                    list_matches_but_for_ports(&policy->local, &key->source, key->protocol) &&
                    list_matches_but_for_ports(&policy->remote, &key->destination, key->protocol));
    }
    return NULL;
}

struct esp_pair *spd_entry_pair(const struct spd_entry *entry, const struct packet_key *key,
                                bool *expired)
{
    struct esp_pair *standby = NULL;
    *expired = false;
    for (struct esp_pair *pair = entry->newest; pair != NULL; pair = pair->older) {
        if (!esp_pair_matches_outbound(pair, key)) {
            continue;
        }
        if (pair->expired) {
            *expired = true;
        } else if (!pair->standby) {
            return pair;
        } else {
            standby = pair; /* the oldest of them: the peer may not have the newer ones yet */
        }
    }
    return standby;
}

void spd_entry_attach(struct spd_entry *entry, struct esp_pair *pair)
{
    pair->policy = entry;
    pair->older = entry->newest;
    entry->newest = pair;
}

void spd_entry_detach(struct esp_pair *pair)
{
    if (pair->policy == NULL) {
        return;
    }
    struct esp_pair **link = &pair->policy->newest;
    while (*link != pair) {
        link = &(*link)->older;
    }
    *link = pair->older;
    pair->policy = NULL;
    pair->older = NULL;
}
