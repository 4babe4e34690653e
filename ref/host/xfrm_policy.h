/* One policy of the kernel's SPD (RFC 4301 4.4.1): in, out or fwd (inbound, for others). Each
 * function is one request; errors are errno, 0 is success. */
#ifndef IKEREF_HOST_XFRM_POLICY_H
#define IKEREF_HOST_XFRM_POLICY_H

#include <libmnl/libmnl.h>
#include <linux/xfrm.h>

#include "base/address.h"
#include "base/status.h"

enum xfrm_action {
    XFRM_ACTION_ESP,    /* through an SA as told below, or not at all; who has none asks for it */
    XFRM_ACTION_BLOCK,  /* no packet */
    XFRM_ACTION_BYPASS, /* in the clear */
};

struct xfrm_policy {
    uint8_t direction; /* XFRM_POLICY_OUT, XFRM_POLICY_IN, XFRM_POLICY_FWD */
    struct xfrm_selector selector;
    uint32_t priority; /* the lowest comes first */
    uint32_t mark;     /* only packets that carry it; 0: all */
    enum xfrm_action action;
    /* ESP: */
    bool transport_mode;
    uint32_t reqid;
    uint32_t spi;                       /* this very SA; 0: any of the reqid */
    struct address source, destination; /* tunnel mode, outer; NONE: any */
};

/* Installs it, or puts it in the place of the one with its direction, selector and mark: there is
 * no moment without, and packets held there are looked at again. */
int xfrm_policy_put(const struct xfrm_policy *policy);

/* Removes the one of that direction, selector and mark. */
int xfrm_policy_remove(const struct xfrm_policy *policy);

/* Calls `each` for every policy with a priority in [first, last]: direction, selector, mark and
 * priority are set. Removing is allowed meanwhile. */
void xfrm_policy_each(uint32_t priority_first, uint32_t priority_last,
                      void (*each)(void *context, const struct xfrm_policy *policy), void *context);

/* Priority and orientation of a message's policy, for xfrm_policy_each, acquires and tests. */
void xfrm_policy_read(const struct xfrm_userpolicy_info *info, struct xfrm_policy *out);

/* The request for xfrm_policy_put into `buffer` (NETLINK_REQUEST_MAX octets); for tests. */
struct nlmsghdr *xfrm_policy_build(uint8_t *buffer, const struct xfrm_policy *policy);

#endif
