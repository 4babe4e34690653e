/* From children to routes. */
#include "host/policy_routes.h"

#include <errno.h>
#include <string.h>

#include "host/local_address.h"
#include "host/log.h"
#include "host/route.h"
#include "host/tun_mtu.h"

void child_remote_selectors(const struct peer_config *peer, const struct child_config *child,
                            struct selector_list *out)
{
    *out = child->remote;
    if (out->count == 0) {
        for (size_t i = 0; i < peer->remote_addresses.count; i++) {
            out->items[out->count++] = selector_host(&peer->remote_addresses.items[i]);
        }
    }
}

/* The same route to all of a range. */
static int range_put(uint32_t table, const struct traffic_selector *selector, struct route route)
{
    struct prefix prefixes[PREFIXES_PER_RANGE_MAX];
    size_t count = prefixes_of_range(&selector->start, &selector->end, prefixes);
    for (size_t i = 0; i < count; i++) {
        route.to = prefixes[i];
        int error = route_put(table, &route);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static const struct route nowhere = {.metric = ROUTE_METRIC_UNREACHABLE};
static const struct route guard = {.metric = ROUTE_METRIC_GUARD};

/* In transport mode datagrams come whole, RFC 4303 3.3.4. */
static struct route into_tun(const struct host_config *config, const struct child_config *child,
                             unsigned tun)
{
    return (struct route){.interface = tun,
                          .metric = ROUTE_METRIC_TUN,
                          .mtu = child->transport_mode ? 0 : tun_mtu_inner(config)};
}

/* The source packets of this host should carry: an address within the local selectors; in transport
 * mode the one that IKE starts from. */
static struct address source_choose(const struct host_config *config,
                                    const struct peer_config *peer,
                                    const struct child_config *child,
                                    const struct traffic_selector *remote)
{
    struct address source = {0};
    uint8_t family = remote->start.family;
    if (child->local.count > 0) {
        local_address_within(&child->local, family, &source);
    } else if (child->transport_mode) {
        source = local_address_towards(&remote->start, config->mark);
        for (size_t i = 0; i < peer->local_addresses.count; i++) {
            if (peer->local_addresses.items[i].family == family) {
                return peer->local_addresses.items[i];
            }
        }
    }
    return source;
}

/* A kernel without IPv6 has no IPv6 packet to lose: routes it cannot take are none. */
static bool error_is_no_family(int error)
{
    return error == EOPNOTSUPP || error == EAFNOSUPPORT;
}

static bool child_put(const struct host_config *config, const struct peer_config *peer,
                      const struct child_config *child, unsigned tun, struct problem *problem)
{
    struct selector_list remotes;
    child_remote_selectors(peer, child, &remotes);
    for (size_t i = 0; i < remotes.count; i++) {
        struct route route = nowhere;
        if (tun != 0) {
            route = into_tun(config, child, tun);
            route.source = source_choose(config, peer, child, &remotes.items[i]);
        }
        int error = range_put(config->route_table, &remotes.items[i], route);
        if (error == EINVAL && route.source.family != ADDRESS_NONE) {
            /* A configured address that is not there yet cannot be a route's source. */
            route.source.family = ADDRESS_NONE;
            error = range_put(config->route_table, &remotes.items[i], route);
        }
        if (error != 0 && !error_is_no_family(error)) {
            char text[SELECTOR_TEXT_MAX];
            return problem_set(
                problem, EXIT_ENVIRONMENT,
                "cannot route %s of child \"%s\" (%s); run as root or with CAP_NET_ADMIN",
                selector_format(&remotes.items[i], text), child->name, strerror(error));
        }
    }
    return true;
}

static bool all_put(const struct host_config *config, unsigned tun, struct problem *problem)
{
    for (size_t i = 0; i < config->endpoint.peer_count; i++) {
        const struct peer_config *peer = &config->endpoint.peers[i];
        for (size_t j = 0; j < peer->child_count; j++) {
            if (!child_put(config, peer, &peer->children[j], tun, problem)) {
                return false;
            }
        }
    }
    return true;
}

/* Failures are seen by policy_routes_block, which puts the same routes. */
static void guards_put(const struct host_config *config)
{
    for (size_t i = 0; i < config->endpoint.peer_count; i++) {
        const struct peer_config *peer = &config->endpoint.peers[i];
        for (size_t j = 0; j < peer->child_count; j++) {
            struct selector_list remotes;
            child_remote_selectors(peer, &peer->children[j], &remotes);
            for (size_t k = 0; k < remotes.count; k++) {
                range_put(config->route_table, &remotes.items[k], guard);
            }
        }
    }
}

bool policy_routes_inherit(const struct host_config *config, size_t *stale, struct problem *problem)
{
    if (!policy_routes_free(config, problem)) {
        return false;
    }
    guards_put(config);
    *stale = route_clear_others(ADDRESS_V4, config->route_table, ROUTE_METRIC_GUARD, config->mark) +
             route_clear_others(ADDRESS_V6, config->route_table, ROUTE_METRIC_GUARD, config->mark);
    return true;
}

void policy_routes_settle(const struct host_config *config)
{
    route_clear_metric(ADDRESS_V4, config->route_table, ROUTE_METRIC_GUARD);
    route_clear_metric(ADDRESS_V6, config->route_table, ROUTE_METRIC_GUARD);
}

bool policy_routes_block(const struct host_config *config, struct problem *problem)
{
    return all_put(config, 0, problem);
}

bool policy_routes_put(const struct host_config *config, unsigned tun, struct problem *problem)
{
    return all_put(config, tun, problem);
}

bool policy_routes_put_host(const struct host_config *config, unsigned tun,
                            const struct address *remote, const struct address *local)
{
    struct traffic_selector host = selector_host(remote);
    int error = range_put(config->route_table, &host, nowhere);
    if (error == 0) {
        struct route route = {.interface = tun, .metric = ROUTE_METRIC_TUN, .source = *local};
        error = range_put(config->route_table, &host, route);
    }
    if (error != 0) {
        char text[ADDRESS_TEXT_MAX];
        log_warning("cannot route packets for %s into the data plane: %s",
                    address_format(remote, text), strerror(error));
    }
    return error == 0;
}

bool policy_routes_rule(const struct host_config *config, struct problem *problem)
{
    static const uint8_t families[] = {ADDRESS_V4, ADDRESS_V6};
    for (size_t i = 0; i < 2; i++) {
        int error = route_rule_add(families[i], config->route_table, config->mark);
        if (error != 0 && !(families[i] == ADDRESS_V6 && error_is_no_family(error))) {
            return problem_set(
                problem, EXIT_ENVIRONMENT,
                "cannot add the routing rule for table %u (%s); the kernel needs policy "
                "routing (CONFIG_IP_MULTIPLE_TABLES) and we CAP_NET_ADMIN",
                config->route_table, strerror(error));
        }
    }
    return true;
}

bool policy_routes_free(const struct host_config *config, struct problem *problem)
{
    if (if_nametoindex(config->interface) != 0) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "the interface name %s is taken; set interface = \"...\" to another, or remove "
            "it with: ip link del %s",
            config->interface, config->interface);
    }
    if (route_table_alive(ADDRESS_V4, config->route_table) ||
        route_table_alive(ADDRESS_V6, config->route_table)) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "the routing table %u is in use (ip route show table %u shows it); stop the other "
            "ikeref, or set route-table to another number",
            config->route_table, config->route_table);
    }
    return true;
}

size_t policy_routes_clear(const struct host_config *config)
{
    return route_clear(ADDRESS_V4, config->route_table) +
           route_clear(ADDRESS_V6, config->route_table);
}
