/* On-link, for the next hop is chosen once the outer header is known. */
#include "host/xfrm_routes.h"

#include <errno.h>
#include <string.h>

#include "host/local_address.h"
#include "host/log.h"
#include "host/policy_routes.h"
#include "host/route.h"

void xfrm_routes_begin(const struct host_config *config)
{
    static const uint8_t families[] = {ADDRESS_V4, ADDRESS_V6};
    xfrm_routes_end(config);
    for (size_t i = 0; i < 2; i++) {
        int error = route_rule_add_last(families[i], config->route_table);
        if (error != 0 && error != EAFNOSUPPORT && error != EOPNOTSUPP) {
            log_warning("no rule for table %u (%s): what this host has no route for is not carried",
                        config->route_table, strerror(error));
        }
    }
}

void xfrm_routes_put(const struct host_config *config, uint16_t peer, uint16_t child,
                     const struct address *local)
{
    const struct peer_config *peer_config = &config->endpoint.peers[peer];
    const struct child_config *child_config = &peer_config->children[child];
    unsigned interface = child_config->transport_mode ? 0 : local_address_interface(local);
    for (size_t i = 0; interface != 0 && i < child_config->remote.count; i++) {
        const struct traffic_selector *remote = &child_config->remote.items[i];
        struct prefix prefixes[PREFIXES_PER_RANGE_MAX];
        size_t count = prefixes_of_range(&remote->start, &remote->end, prefixes);
        for (size_t j = 0; j < count; j++) {
            struct route route = {
                .to = prefixes[j], .interface = interface, .metric = ROUTE_METRIC_TUN};
            route_put(config->route_table, &route); /* a family this host lacks has no packets */
        }
    }
}

size_t xfrm_routes_end(const struct host_config *config)
{
    return policy_routes_clear(config);
}
