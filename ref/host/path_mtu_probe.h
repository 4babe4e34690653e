/* What the kernel holds the MTU of the path to a peer to be: the route's, or what ICMP has said
 * since (RFC 1191, RFC 8201). One socket a family for all questions, since a gateway asks for each
 * Child SA it makes, and once a minute for all it has. */
#ifndef IKEREF_HOST_PATH_MTU_PROBE_H
#define IKEREF_HOST_PATH_MTU_PROBE_H

#include "base/address.h"

struct path_mtu_probe {
    uint32_t mark;
    int fds[2]; /* IPv4, IPv6; -1: there was none to be had */
};

/* Opens its sockets at once, while there are descriptors; one that fails is tried again when it is
 * needed. */
void path_mtu_probe_init(struct path_mtu_probe *probe, uint32_t mark);
void path_mtu_probe_close(struct path_mtu_probe *probe);

/* Of packets with our mark to `remote`; 0: there is no route, or nothing is known. */
uint16_t path_mtu_probe_ask(struct path_mtu_probe *probe, const struct address *remote);

#endif
