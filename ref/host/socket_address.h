/* Between our addresses and the kernel's. */
#ifndef IKEREF_HOST_SOCKET_ADDRESS_H
#define IKEREF_HOST_SOCKET_ADDRESS_H

#include <sys/socket.h>

#include "base/address.h"

/* The length of what was written; *out is zero beyond. */
socklen_t socket_address_build(const struct transport_address *address,
                               struct sockaddr_storage *out);

/* IPv4-mapped IPv6 addresses come out as what they are: IPv4. False: another family. */
bool socket_address_parse(const struct sockaddr_storage *in, struct transport_address *out);

/* AF_INET or AF_INET6; ADDRESS_NONE is our own error. */
int socket_family(uint8_t family);

#endif
