/* The routes that bring a child's packets to the TUN, and the unreachable ones beside them that
 * keep those packets in when there is no TUN: fail closed. */
#ifndef IKEREF_HOST_POLICY_ROUTES_H
#define IKEREF_HOST_POLICY_ROUTES_H

#include "host/host_config.h"
#include "host/problem.h"

/* What is behind a child: its remote selectors, or in transport mode the peer's addresses. Empty:
 * not known before an SA is up. */
void child_remote_selectors(const struct peer_config *peer, const struct child_config *child,
                            struct selector_list *out);

/* The first thing to do at a start: what an earlier instance that was killed has left makes way for
 * ours, and no packet of a policy of ours gets past meanwhile. *stale counts what has gone. */
bool policy_routes_inherit(const struct host_config *config, size_t *stale,
                           struct problem *problem);

/* The last: when all else is in place. */
void policy_routes_settle(const struct host_config *config);

/* Unreachable routes for every child. */
bool policy_routes_block(const struct host_config *config, struct problem *problem);

/* Routes into the TUN for every child, or again after addresses have changed. */
bool policy_routes_put(const struct host_config *config, unsigned tun, struct problem *problem);

/* Both for one peer in transport mode whose address was not known before. */
bool policy_routes_put_host(const struct host_config *config, unsigned tun,
                            const struct address *remote, const struct address *local);

/* The rule of each family that leads to the table. */
bool policy_routes_rule(const struct host_config *config, struct problem *problem);

/* False with a problem: another daemon that is alive uses our table or our interface name. */
bool policy_routes_free(const struct host_config *config, struct problem *problem);

/* Removes all of the above, ours or an earlier instance's; how many there were. */
size_t policy_routes_clear(const struct host_config *config);

#endif
