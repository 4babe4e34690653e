/* How large inner packets may be: in tunnel mode what fits whatever is negotiated and wherever the
 * path goes; in transport mode as large as they are (RFC 4303 3.3.4). */
#ifndef IKEREF_HOST_TUN_MTU_H
#define IKEREF_HOST_TUN_MTU_H

#include "host/host_config.h"

/* The smallest inner MTU of all proposals of all children over 1500 octets of IPv6 and UDP. */
uint32_t tun_mtu_choose(const struct endpoint_config *config);

/* That, or what the configuration says: of the routes into the TUN. */
uint32_t tun_mtu_inner(const struct host_config *config);

/* Of the TUN itself. With a child in transport mode it is the largest there is: the kernel then
 * hands over whole datagrams, which ESP protects before they are fragmented. */
uint32_t tun_mtu_interface(const struct host_config *config);

#endif
