/* The four UDP sockets of an IKE endpoint: two ports, two address families. */
#ifndef IKEREF_HOST_IKE_SOCKETS_H
#define IKEREF_HOST_IKE_SOCKETS_H

#include "endpoint/endpoint.h"
#include "host/burst.h"
#include "host/datagram_socket.h"
#include "host/host_config.h"

enum ike_socket { IKE_V4, IKE_V6, NATT_V4, NATT_V6, IKE_SOCKETS };

struct ike_sockets {
    struct datagram_socket sockets[IKE_SOCKETS]; /* fd -1: this machine has no such family */
};

void ike_sockets_init(struct ike_sockets *sockets);
bool ike_sockets_open(struct ike_sockets *sockets, const struct host_config *config,
                      struct problem *problem);
void ike_sockets_close(struct ike_sockets *sockets);

/* The socket for datagrams to an address of this family. */
struct datagram_socket *ike_sockets_pick(struct ike_sockets *sockets, uint8_t family, bool natt);

/* One datagram of the core's, put together in `burst`, which is emptied; in front of an IKE message
 * on the NAT traversal port the Non-ESP marker (RFC 3948 2.2). What goes nowhere, or is too long
 * for any datagram, is lost as on any wire. False: the path is known to take less, and this may not
 * be cut. */
bool ike_sockets_send(struct ike_sockets *sockets, struct burst *burst,
                      const struct datagram *datagram);

#endif
