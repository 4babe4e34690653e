/* Routes of last resort: a packet is looked at by the kernel's policies only when some route takes
 * it. A host that has lost its IPv4, and has IPv6 to its peer, has none for the IPv4 inside. */
#ifndef IKEREF_HOST_XFRM_ROUTES_H
#define IKEREF_HOST_XFRM_ROUTES_H

#include "host/host_config.h"

/* The rule that leads to our table when no other table has a route, and nothing in the table. */
void xfrm_routes_begin(const struct host_config *config);

/* What is behind a child in tunnel mode, by way of the interface that has `local`. The policies
 * take what goes there; where none did, these would lead nowhere in particular. */
void xfrm_routes_put(const struct host_config *config, uint16_t peer, uint16_t child,
                     const struct address *local);

/* Removes all of it, ours or an earlier instance's; how many routes and rules. */
size_t xfrm_routes_end(const struct host_config *config);

#endif
