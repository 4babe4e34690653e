/* RFC 4555 3.5: which addresses are used is this side's decision; the routing table makes it. */
#include "host/roam_watch.h"

#include <stdlib.h>
#include <string.h>

#include "host/initiation.h"

enum status roam_watch_init(struct roam_watch *watch)
{
    return hash_table_init(&watch->entries);
}

static struct roam_entry *entry_of(struct hash_link *link)
{
    return link != NULL ? HASH_OWNER(link, struct roam_entry, by_ike_sa) : NULL;
}

static struct roam_entry *entry_find(const struct roam_watch *watch, uint32_t ike_sa)
{
    return entry_of(hash_table_find(&watch->entries, ike_sa));
}

void roam_watch_add(struct roam_watch *watch, uint32_t ike_sa, uint32_t replaces,
                    const struct address *local, const struct address_list *addresses)
{
    struct roam_entry *entry = replaces != 0 ? entry_find(watch, replaces) : NULL;
    if (entry != NULL) { /* what the old one knew was inherited with everything else */
        hash_table_remove(&watch->entries, &entry->by_ike_sa);
        hash_table_add(&watch->entries, &entry->by_ike_sa, ike_sa);
        return;
    }
    entry = malloc(sizeof(*entry));
    if (entry == NULL) {
        return; /* it is then told of the next change even if that is none */
    }
    *entry = (struct roam_entry){.local = *local, .addresses = *addresses};
    hash_table_add(&watch->entries, &entry->by_ike_sa, ike_sa);
}

void roam_watch_remove(struct roam_watch *watch, uint32_t ike_sa)
{
    struct roam_entry *entry = entry_find(watch, ike_sa);
    if (entry != NULL) {
        hash_table_remove(&watch->entries, &entry->by_ike_sa);
        free(entry);
    }
}

void roam_watch_destroy(struct roam_watch *watch)
{
    struct hash_link *link = hash_table_after(&watch->entries, NULL);
    while (link != NULL) {
        struct roam_entry *entry = entry_of(link);
        link = hash_table_after(&watch->entries, link);
        free(entry);
    }
    hash_table_free(&watch->entries);
}

/* Order does not count: the kernel lists addresses as it likes. */
static bool lists_equal(const struct address_list *a, const struct address_list *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++) {
        bool found = false;
        for (size_t j = 0; j < b->count; j++) {
            found |= address_equal(&a->items[i], &b->items[j]);
        }
        equal = found;
    }
    return equal;
}

static void command_fill(const struct peer_config *peer, struct own_addresses *own,
                         const struct ike_sa_status *sa, const struct address *local,
                         const struct address *remote, struct command *command)
{
    *command =
        (struct command){.type = COMMAND_ROAM, .peer_index = sa->peer_index, .ike_sa = sa->id};
    command->path = sa->info.path;
    command->path.local.ip = *local;
    command->path.remote.ip = *remote;
    initiation_addresses(peer, own, local, &command->addresses);
}

/* The route's source. Where the host has lost its outer address and an inner one is left, the
 * kernel names that; it is no way to the peer, unless the SA has been inside from the start
 * (selectors that hold all there is). */
static struct address source_towards(const struct host_config *config,
                                     const struct peer_config *peer, struct own_addresses *own,
                                     const struct path *path, const struct address *remote)
{
    struct address none = {0}, source = initiation_source(config, peer, own, remote);
    bool strayed = initiation_is_inside(peer, &source, remote) &&
                   !initiation_is_inside(peer, &path->local.ip, &path->remote.ip);
    return strayed ? none : source;
}

/* Where we would start from now: to where the peer is, else to another address it is known to have:
 * those of the configuration, then those it has told (3.4). */
static void route_ask(const struct host_config *config, const struct peer_config *peer,
                      struct own_addresses *own, const struct ike_sa_status *sa,
                      struct address *local, struct address *remote)
{
    const struct address_list *lists[] = {&peer->remote_addresses, &sa->peer_addresses};
    *remote = sa->info.path.remote.ip;
    *local = source_towards(config, peer, own, &sa->info.path, remote);
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; local->family == ADDRESS_NONE && j < lists[i]->count; j++) {
            *local = source_towards(config, peer, own, &sa->info.path, &lists[i]->items[j]);
            if (local->family != ADDRESS_NONE) {
                *remote = lists[i]->items[j];
            }
        }
    }
}

static void entry_note(struct roam_watch *watch, const struct command *command)
{
    struct roam_entry *entry = entry_find(watch, command->ike_sa);
    if (entry != NULL) {
        entry->local = command->path.local.ip;
        entry->addresses = command->addresses;
    } else {
        roam_watch_add(watch, command->ike_sa, 0, &command->path.local.ip, &command->addresses);
    }
}

bool roam_watch_look(struct roam_watch *watch, const struct host_config *config,
                     struct own_addresses *own, const struct ike_sa_status *sa, bool settled,
                     struct command *command)
{
    const struct peer_config *peer = &config->endpoint.peers[sa->peer_index];
    const struct roam_entry *entry = entry_find(watch, sa->id);
    struct address local, remote;
    route_ask(config, peer, own, sa, &local, &remote);
    command_fill(peer, own, sa, &local, &remote, command);
    if (entry != NULL && address_equal(&entry->local, &local) &&
        lists_equal(&entry->addresses, &command->addresses)) {
        return false;
    }
    /* What cannot wait is a new source towards where the peer is. The rest may be half of a change.
     */
    bool urgent = entry != NULL && local.family != ADDRESS_NONE &&
                  address_equal(&remote, &sa->info.path.remote.ip) &&
                  !address_equal(&entry->local, &local);
    if (!settled && !urgent) {
        return false;
    }
    entry_note(watch, command);
    return true;
}

void roam_watch_force(struct roam_watch *watch, const struct host_config *config,
                      struct own_addresses *own, const struct ike_sa_status *sa,
                      const struct address *local, struct command *command)
{
    const struct peer_config *peer = &config->endpoint.peers[sa->peer_index];
    struct address from, remote;
    route_ask(config, peer, own, sa, &from, &remote);
    if (local->family != ADDRESS_NONE) {
        from = *local;
        /* An address of the other family needs a peer's address of that family. */
        for (size_t i = 0; remote.family != from.family && i < peer->remote_addresses.count; i++) {
            remote = peer->remote_addresses.items[i];
        }
    }
    command_fill(peer, own, sa, &from, &remote, command);
    entry_note(watch, command);
}
