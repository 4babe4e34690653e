/* How SAs and policies in the kernel are known to be ours: by the upper half of their reqid and
 * priority, made of the configured mark. Other daemons' stay untouched, and the next start knows
 * what a killed one has left. */
#ifndef IKEREF_HOST_XFRM_TAG_H
#define IKEREF_HOST_XFRM_TAG_H

#include <stdbool.h>
#include <stdint.h>

/* The first and last number that is ours, as reqid and as priority. */
uint32_t xfrm_tag_first(uint32_t mark);
uint32_t xfrm_tag_last(uint32_t mark);

/* One reqid for all SAs with a peer: any of them may bring the packets of that peer's children. */
uint32_t xfrm_reqid_of_peer(uint32_t mark, uint16_t peer);

/* That of a policy without an SA: no SA ever has it, so each packet asks for one. */
uint32_t xfrm_reqid_of_none(uint32_t mark);

/* What comes before all else. */
uint32_t xfrm_priority_of_bypass(uint32_t mark);

/* Policies come in the order of the configuration, and what an SA carries before what its child
 * still lacks one for. */
uint32_t xfrm_priority_of_child(uint32_t mark, uint16_t peer, uint16_t child, bool has_sa);

/* The child a priority stands for; false: it is not one of these. */
bool xfrm_priority_child(uint32_t mark, uint32_t priority, uint16_t *peer, uint16_t *child);

#endif
