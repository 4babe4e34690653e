/* The routing table chooses, within what the configuration allows. */
#include "host/initiation.h"

#include <string.h>

#include "host/local_address.h"

static bool list_has(const struct address_list *list, const struct address *address)
{
    for (size_t i = 0; i < list->count; i++) {
        if (address_equal(&list->items[i], address)) {
            return true;
        }
    }
    return false;
}

/* An address inside a protected network is no way to reach the peer, though this host has it. */
static bool is_protected(const struct peer_config *peer, const struct address *address)
{
    for (size_t i = 0; i < peer->child_count; i++) {
        const struct child_config *child = &peer->children[i];
        if (!child->transport_mode && selector_list_matches(&child->local, address, 0, false, 0)) {
            return true;
        }
    }
    return false;
}

static bool is_host(const struct traffic_selector *selector, const struct address *address)
{
    return address_equal(&selector->start, address) && address_equal(&selector->end, address);
}

static bool is_host_to_host(const struct child_config *child, const struct address *remote)
{
    for (size_t i = 0; i < child->remote.count; i++) {
        if (is_host(&child->remote.items[i], remote)) {
            return true;
        }
    }
    return false;
}

bool initiation_is_inside(const struct peer_config *peer, const struct address *address,
                          const struct address *remote)
{
    for (size_t i = 0; i < peer->child_count && peer->local_addresses.count == 0; i++) {
        const struct child_config *child = &peer->children[i];
        if (!child->transport_mode && !is_host_to_host(child, remote) &&
            selector_list_matches(&child->local, address, 0, false, 0)) {
            return true;
        }
    }
    return false;
}

void initiation_addresses(const struct peer_config *peer, struct own_addresses *own,
                          const struct address *source, struct address_list *out)
{
    const struct address_list *all = own_addresses_list(own);
    out->count = 0;
    if (source->family != ADDRESS_NONE) {
        out->items[out->count++] = *source;
    }
    for (size_t i = 0; i < all->count && out->count < ADDRESSES_MAX; i++) {
        bool allowed = peer->local_addresses.count != 0
                           ? list_has(&peer->local_addresses, &all->items[i])
                           : !is_protected(peer, &all->items[i]);
        if (allowed && !list_has(out, &all->items[i])) {
            out->items[out->count++] = all->items[i];
        }
    }
}

struct address initiation_source(const struct host_config *config, const struct peer_config *peer,
                                 struct own_addresses *own, const struct address *remote)
{
    struct address source = local_address_towards(remote, config->mark);
    if (source.family == ADDRESS_NONE || peer->local_addresses.count == 0 ||
        list_has(&peer->local_addresses, &source)) {
        return source;
    }
    const struct address_list *all = own_addresses_list(own);
    for (size_t i = 0; i < peer->local_addresses.count; i++) {
        const struct address *wanted = &peer->local_addresses.items[i];
        if (wanted->family == remote->family && list_has(all, wanted)) {
            return *wanted;
        }
    }
    return (struct address){0};
}

bool initiation_path(const struct host_config *config, const struct peer_config *peer,
                     struct own_addresses *own, const struct address *remote,
                     struct command *command)
{
    struct address_list remotes = peer->remote_addresses;
    if (remotes.count == 0 && remote != NULL && remote->family != ADDRESS_NONE) {
        remotes.items[remotes.count++] = *remote;
    }
    for (size_t i = 0; i < remotes.count; i++) {
        struct address source = initiation_source(config, peer, own, &remotes.items[i]);
        if (source.family != ADDRESS_NONE) {
            command->path = (struct path){
                .local = {.ip = source, .port = config->endpoint.ike_port},
                .remote = {.ip = remotes.items[i], .port = peer->remote_port},
            };
            initiation_addresses(peer, own, &source, &command->addresses);
            return true;
        }
    }
    return false;
}
