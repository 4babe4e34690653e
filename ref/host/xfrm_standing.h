/* Policies that stand whether or not there is an SA: what the configuration protects never passes
 * in the clear, in neither direction (RFC 4301 5), and a packet that wants an SA asks for one. They
 * outlive a killed daemon, as they should. */
#ifndef IKEREF_HOST_XFRM_STANDING_H
#define IKEREF_HOST_XFRM_STANDING_H

#include "host/host_config.h"
#include "host/problem.h"
#include "host/xfrm_policy_table.h"

/* What passes in the clear all the same: packets with our mark (IKE, and ESP's own), and neighbour
 * discovery, without which no IPv6 packet finds its way at all. */
bool xfrm_standing_bypasses(const struct host_config *config, struct xfrm_policy_table *policies,
                            struct problem *problem);

/* Those of all children whose remote end the configuration knows. */
bool xfrm_standing_children(const struct host_config *config, struct xfrm_policy_table *policies,
                            struct problem *problem);

/* Those of a child with a peer that has become known: transport mode with an address that was not
 * configured. Nothing when the child has some already. */
bool xfrm_standing_learn(const struct host_config *config, uint16_t peer, uint16_t child,
                         const struct selector_list *remote, struct xfrm_policy_table *policies,
                         struct problem *problem);

/* Packets the child's outbound policies hold are looked at again. */
void xfrm_standing_refresh(const struct xfrm_policy_table *policies, uint16_t peer, uint16_t child);

/* Removes every policy that carries our mark's tag and is not in the table (NULL: every one); how
 * many there were. */
size_t xfrm_standing_clear(const struct host_config *config,
                           const struct xfrm_policy_table *policies);

/* How many policies with our tag there are: at a start, those of an earlier instance. */
size_t xfrm_standing_count(const struct host_config *config);

#endif
