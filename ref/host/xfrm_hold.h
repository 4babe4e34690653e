/* Two things of the network namespace that a daemon with the kernel's data plane has while it
 * lives: that it is the only one with its mark, and that the kernel keeps packets which wait for an
 * SA. */
#ifndef IKEREF_HOST_XFRM_HOLD_H
#define IKEREF_HOST_XFRM_HOLD_H

#include <stdint.h>

#include "host/problem.h"

struct xfrm_hold {
    int lock_fd; /* goes with the process, however that ends */
    int drop_fd; /* of net.core.xfrm_larval_drop, when that was 1; -1: nothing to put back. Kept
                    open, for the daemon opens no file later on */
};

/* False with a problem: another ikeref that is alive has the same mark. Where the kernel cannot be
 * told to keep packets, they are lost and the senders send again. */
bool xfrm_hold_begin(struct xfrm_hold *hold, uint32_t mark, struct problem *problem);

/* All as it was. */
void xfrm_hold_end(struct xfrm_hold *hold);

#endif
