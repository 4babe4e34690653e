/* The data plane in the kernel: SAs and policies by netlink XFRM (linux/xfrm.h). Packets never come
 * here; what the kernel tells of them does. */
#ifndef IKEREF_HOST_DATA_PLANE_XFRM_H
#define IKEREF_HOST_DATA_PLANE_XFRM_H

#include "host/data_plane.h"
#include "host/event_loop.h"
#include "host/ike_sockets.h"

extern const struct data_plane_operations data_plane_xfrm;

/* Policies that block, then what lets IKE pass them, then those an earlier instance left are
 * removed: from the first of these on nothing that a policy protects passes in the clear. NULL with
 * a problem, and then nothing is left behind but what was there before. All pointers outlive the
 * plane. */
struct data_plane *data_plane_xfrm_create(const struct host_config *config, struct event_loop *loop,
                                          struct problem *problem);

/* Removes what an earlier instance with this configuration left behind; how many things. */
size_t data_plane_xfrm_cleanup(const struct host_config *config);

#endif
