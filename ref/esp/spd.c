/* The Security Policy Database, RFC 4301 4.4.1. */
#include "esp/spd.h"

#include <assert.h>
#include <stdlib.h>

#define FEW 4 /* are compared sooner than looked up */

/* ---- policies ---- */

static void spd_link(struct spd *spd, struct spd_entry *entry)
{
    entry->previous = spd->last;
    *(spd->last != NULL ? &spd->last->next : &spd->first) = entry;
    spd->last = entry;
    spd->count++;
    hash_table_add(&spd->by_id, &entry->by_id, entry->id);
}

static void spd_unlink(struct spd *spd, struct spd_entry *entry)
{
    *(entry->previous != NULL ? &entry->previous->next : &spd->first) = entry->next;
    *(entry->next != NULL ? &entry->next->previous : &spd->last) = entry->previous;
    spd->count--;
    hash_table_remove(&spd->by_id, &entry->by_id);
}

static void spd_free_if_empty(struct spd *spd)
{
    if (spd->count == 0) {
        hash_table_free(&spd->by_id);
    }
}

struct spd_entry *spd_add(struct spd *spd, const struct esp_policy *policy)
{
    bool ready = spd->count > 0 || hash_table_init(&spd->by_id) == STATUS_OK;
    struct spd_entry *entry = ready ? calloc(1, sizeof(*entry)) : NULL;
    if (entry == NULL || prefix_tree_add(&spd->by_remote, selectors_of(&policy->remote),
                                         spd->last_id + 1, entry) != STATUS_OK) {
        free(entry);
        spd_free_if_empty(spd);
        return NULL;
    }
    entry->id = ++spd->last_id;
    entry->policy = *policy;
    if (entry->policy.held_max == 0) {
        entry->policy.held_max = HOLD_MAX_DEFAULT;
    }
    hold_init(&entry->held);
    spd_link(spd, entry);
    return entry;
}

struct spd_entry *spd_find(const struct spd *spd, uint32_t id)
{
    struct hash_link *link = spd->count > 0 ? hash_table_find(&spd->by_id, id) : NULL;
    return link != NULL ? HASH_OWNER(link, struct spd_entry, by_id) : NULL;
}

void spd_remove(struct spd *spd, struct spd_entry *entry)
{
    assert(entry->newest == NULL && !entry->acquire_event.queued);
    prefix_tree_remove(&spd->by_remote, selectors_of(&entry->policy.remote), entry->id);
    spd_unlink(spd, entry);
    hold_clear(&entry->held);
    free(entry);
    spd_free_if_empty(spd);
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

/* It may protect what a packet without ports is part of. */
static bool policy_withholds(const struct esp_policy *policy, const struct packet_key *key)
{
    return policy->action != POLICY_BYPASS &&
           list_matches_but_for_ports(&policy->local, &key->source, key->protocol) &&
           list_matches_but_for_ports(&policy->remote, &key->destination, key->protocol);
}

typedef bool policy_test(const struct esp_policy *policy, const struct packet_key *key);

/* The first policy that passes the test, of those whose id is below `end`. */
static struct spd_entry *first_of_few(const struct spd *spd, const struct packet_key *key,
                                      policy_test *passes, uint64_t end)
{
    struct spd_entry *entry = spd->first;
    while (entry != NULL && entry->id < end && !passes(&entry->policy, key)) {
        entry = entry->next;
    }
    return entry != NULL && entry->id < end ? entry : NULL;
}

static struct spd_entry *first_of_many(const struct spd *spd, const struct packet_key *key,
                                       policy_test *passes, uint64_t end)
{
    struct spd_entry *first = NULL;
    struct prefix_walk walk = prefix_walk_address(&spd->by_remote, &key->destination);
    for (const struct prefix_item *item; (item = prefix_walk_next(&walk)) != NULL;) {
        while (item != NULL && item->order < end) {
            struct spd_entry *entry = item->owner;
            if (passes(&entry->policy, key)) {
                first = entry;
                end = entry->id;
            }
            item = item->next;
        }
    }
    return first;
}

static struct spd_entry *first_of(const struct spd *spd, const struct packet_key *key,
                                  policy_test *passes, uint64_t end)
{
    return spd->count <= FEW ? first_of_few(spd, key, passes, end)
                             : first_of_many(spd, key, passes, end);
}

struct spd_entry *spd_match(const struct spd *spd, const struct packet_key *key)
{
    struct spd_entry *entry = first_of(spd, key, policy_matches, UINT64_MAX);
    bool withheld = entry != NULL && entry->policy.action == POLICY_BYPASS && !key->has_ports &&
                    first_of(spd, key, policy_withholds, entry->id) != NULL;
    return withheld ? NULL : entry;
}

/* ---- pairs ---- */

struct choice {
    struct esp_pair *newest;  /* of those to send on */
    struct esp_pair *standby; /* the oldest of them: the peer may not have the newer ones yet */
    bool expired;
};

static void consider(struct choice *choice, struct esp_pair *pair, const struct packet_key *key)
{
    if (!esp_pair_matches_outbound(pair, key)) {
        return;
    }
    if (pair->expired) {
        choice->expired = true;
    } else if (!pair->standby) {
        bool newer = choice->newest == NULL || pair->attached > choice->newest->attached;
        choice->newest = newer ? pair : choice->newest;
    } else {
        bool older = choice->standby == NULL || pair->attached < choice->standby->attached;
        choice->standby = older ? pair : choice->standby;
    }
}

/* In the tree the newest comes first. */
static uint64_t order_of(const struct esp_pair *pair)
{
    return UINT64_MAX - pair->attached;
}

static void consider_many(struct choice *choice, const struct spd_entry *entry,
                          const struct packet_key *key)
{
    struct prefix_walk walk = prefix_walk_address(&entry->pairs, &key->destination);
    for (const struct prefix_item *item; (item = prefix_walk_next(&walk)) != NULL;) {
        while (item != NULL && (choice->newest == NULL || item->order < order_of(choice->newest))) {
            consider(choice, item->owner, key);
            item = item->next;
        }
    }
}

struct esp_pair *spd_entry_pair(const struct spd_entry *entry, const struct packet_key *key,
                                bool *expired)
{
    struct choice choice = {0};
    if (entry->pair_count <= FEW) {
        for (struct esp_pair *pair = entry->newest; pair != NULL && choice.newest == NULL;
             pair = pair->older) {
            consider(&choice, pair, key);
        }
    } else {
        consider_many(&choice, entry, key);
    }
    *expired = choice.expired;
    return choice.newest != NULL ? choice.newest : choice.standby;
}

enum status spd_entry_attach(struct spd_entry *entry, struct esp_pair *pair)
{
    pair->attached = entry->newest != NULL ? entry->newest->attached + 1 : 1;
    TRY(prefix_tree_add(&entry->pairs, pair->remote, order_of(pair), pair));
    pair->policy = entry;
    pair->older = entry->newest;
    if (pair->older != NULL) {
        pair->older->newer = pair;
    }
    entry->newest = pair;
    entry->pair_count++;
    return STATUS_OK;
}

void spd_entry_detach(struct esp_pair *pair)
{
    struct spd_entry *entry = pair->policy;
    if (entry == NULL) {
        return;
    }
    prefix_tree_remove(&entry->pairs, pair->remote, order_of(pair));
    *(pair->newer != NULL ? &pair->newer->older : &entry->newest) = pair->older;
    if (pair->older != NULL) {
        pair->older->newer = pair->newer;
    }
    entry->pair_count--;
    pair->policy = NULL;
    pair->older = pair->newer = NULL;
}
