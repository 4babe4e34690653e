/* The data plane in user space: a TUN for inner packets, esp/ in the middle, UDP or raw protocol 50
 * outside. */
#ifndef IKEREF_HOST_DATA_PLANE_TUN_H
#define IKEREF_HOST_DATA_PLANE_TUN_H

#include "host/data_plane.h"
#include "host/event_loop.h"
#include "host/ike_sockets.h"

extern const struct data_plane_operations data_plane_tun;

/* Routes that block, then the TUN, routes into it, the rule, the inbound check, the ESP sockets:
 * from the first of these on nothing that a policy protects passes in the clear. `sockets` may be
 * opened later. NULL with a problem, and then nothing is left behind. All pointers outlive the
 * plane. */
struct data_plane *data_plane_tun_create(const struct host_config *config, struct event_loop *loop,
                                         struct ike_sockets *sockets,
                                         const struct random_source *random,
                                         struct problem *problem);

/* Removes what an earlier instance with this configuration left behind; how many things. */
size_t data_plane_tun_cleanup(const struct host_config *config);

#endif
