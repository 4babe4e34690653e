/* The MTU of the TUN: what fits whatever is negotiated and wherever the path goes. */
#ifndef IKEREF_HOST_TUN_MTU_H
#define IKEREF_HOST_TUN_MTU_H

#include "sa/config.h"

/* The smallest inner MTU of all proposals of all children over 1500 octets of IPv6 and UDP. */
uint32_t tun_mtu_choose(const struct endpoint_config *config);

#endif
