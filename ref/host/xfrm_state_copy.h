/* An SA as the kernel told it, to be told again with a change: there is no request that changes
 * only an address or a lifetime. Holds keys: wipe it. */
#ifndef IKEREF_HOST_XFRM_STATE_COPY_H
#define IKEREF_HOST_XFRM_STATE_COPY_H

#include "host/xfrm_state.h"

struct xfrm_state_copy {
    uint8_t told[XFRM_REQUEST_MAX] __attribute__((aligned(8)));
    uint8_t request[XFRM_REQUEST_MAX] __attribute__((aligned(8)));
};

/* mnl_cb_t: keeps the message in the struct xfrm_state_copy that `copy` points to; MNL_CB_ERROR
 * with errno when it is too long. */
int xfrm_state_copy_take(const struct nlmsghdr *message, void *copy);

/* A request of that type for the very same SA, counters and replay window included. It lies in the
 * copy, and the next call writes over it. */
struct nlmsghdr *xfrm_state_copy_request(struct xfrm_state_copy *copy, uint16_t type);

/* The same, on another path. Sequence numbers go on `skip` later. */
struct nlmsghdr *xfrm_state_copy_moved(struct xfrm_state_copy *copy, uint16_t type,
                                       const struct xfrm_sa_path *path, uint32_t skip);

/* What such a request says, to be changed before it is sent. */
struct xfrm_usersa_info *xfrm_state_copy_info(struct nlmsghdr *request);

/* The path has the same addresses, and is in UDP as before or not as before. */
bool xfrm_state_copy_only_ports_differ(const struct xfrm_state_copy *copy,
                                       const struct xfrm_sa_path *path);

#endif
