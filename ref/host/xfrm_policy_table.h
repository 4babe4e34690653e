/* Who wants which policy. The kernel has one for each direction and selector; a child's standing
 * policy and each of its SAs may want the same. Of those who want it the one of highest rank has
 * it, and when it goes, the next: never is there a moment without. */
#ifndef IKEREF_HOST_XFRM_POLICY_TABLE_H
#define IKEREF_HOST_XFRM_POLICY_TABLE_H

#include <stddef.h>

#include "host/xfrm_policy.h"

struct xfrm_policy_wish {
    uint64_t owner; /* whoever wants it */
    uint64_t rank;  /* the highest has it */
    struct xfrm_policy policy;
};

struct xfrm_policy_table {
    struct xfrm_policy_wish *items;
    size_t count, capacity;
};

/* From now on the owner wants this policy, in the place of one it wanted with the same direction
 * and selector. 0 or an errno; then it is as it was before. */
int xfrm_policy_table_put(struct xfrm_policy_table *table, uint64_t owner, uint64_t rank,
                          const struct xfrm_policy *policy);

/* It wants nothing any more in this direction. */
void xfrm_policy_table_remove(struct xfrm_policy_table *table, uint64_t owner, uint8_t direction);

/* Puts what this owner has in the kernel there once more: packets held there are looked at again.
 */
void xfrm_policy_table_refresh(const struct xfrm_policy_table *table, uint64_t owner,
                               uint8_t direction);

/* Somebody wants a policy with that direction, selector and mark. */
bool xfrm_policy_table_has(const struct xfrm_policy_table *table, const struct xfrm_policy *policy);

/* Forgets all wishes; the kernel's policies stay. */
void xfrm_policy_table_destroy(struct xfrm_policy_table *table);

#endif
