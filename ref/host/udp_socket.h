/* UDP on all addresses of one family, for IKE (RFC 7296 2) and its NAT traversal port (RFC 3948).
 */
#ifndef IKEREF_HOST_UDP_SOCKET_H
#define IKEREF_HOST_UDP_SOCKET_H

#include "host/datagram_socket.h"

/* False with a problem; or false without one (fd -1) when the machine has no such address family.
 */
bool udp_socket_open(struct datagram_socket *sock, uint8_t family, uint16_t port, uint32_t mark,
                     struct problem *problem);

#endif
