/* What a person decides about the daemon itself, beside what the core is told (sa/config.h). */
#ifndef IKEREF_HOST_HOST_CONFIG_H
#define IKEREF_HOST_HOST_CONFIG_H

#include <net/if.h>

#include "host/seccomp_filter.h"
#include "host/service_user.h"
#include "sa/config.h"

#define HOST_PATH_MAX 108 /* a Unix socket's address holds no more */

enum data_plane_kind {
    DATA_PLANE_TUN,  /* in user space, data_plane_tun.h */
    DATA_PLANE_XFRM, /* in the kernel, data_plane_xfrm.h */
};

struct host_config {
    enum data_plane_kind data_plane;
    bool offload_off; /* each packet crosses the kernel by itself */
    char interface[IFNAMSIZ];
    char control_socket[HOST_PATH_MAX];
    char key_log[HOST_PATH_MAX]; /* directory; empty: no key log */
    uint32_t route_table;
    uint32_t mark;                /* on packets of our own sockets, which so bypass the policies */
    uint32_t workers;             /* threads for signatures; 0: the event loop makes them */
    struct service_user user;     /* whom we become once all is open */
    enum seccomp_mode seccomp;    /* and what becomes of other system calls than we need */
    struct seccomp_filter filter; /* the same for the kernel, confinement_prepare() */
    uint32_t mtu;                 /* inner, in tunnel mode; 0: computed from the proposals */
    struct endpoint_config endpoint; /* .peers is owned here */
};

/* Wipes the keys and frees the peers; a zeroed one is fine. */
void host_config_wipe(struct host_config *config);

#endif
