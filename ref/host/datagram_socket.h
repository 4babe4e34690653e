/* A socket that datagrams cross in bursts, with what stands around each: both addresses, the outer
 * DSCP and ECN, the DF bit. UDP (udp_socket.h) and raw ESP (esp_socket.h) differ only in how they
 * are opened. */
#ifndef IKEREF_HOST_DATAGRAM_SOCKET_H
#define IKEREF_HOST_DATAGRAM_SOCKET_H

#include "esp/esp_plane.h"
#include "host/problem.h"

struct datagram_trains; /* what UDP_GRO has brought and nobody has fetched yet */

struct datagram_socket {
    int fd;                          /* -1: closed */
    uint8_t family;                  /* enum address_family */
    uint16_t port;                   /* host order; 0 for raw ESP */
    bool strips_ip_header;           /* a raw IPv4 socket delivers the IP header too */
    int dont_fragment, checksum_off; /* as last set; -1: not yet */
    bool more;                      /* after a receive: it has not returned all that may be there */
    bool segments;                  /* the kernel cuts what goes out (UDP_SEGMENT) */
    struct datagram_trains *trains; /* and joins what comes in (UDP_GRO); NULL: it does not */
};

/* Options both kinds need: local address and TOS of what arrives, our mark, room for bursts. */
bool datagram_socket_prepare(struct datagram_socket *sock, uint32_t mark, struct problem *problem);
void datagram_socket_close(struct datagram_socket *sock);

/* From here on many datagrams cross the kernel at a time, as far as it can do that. Of a UDP
 * socket, before anything was received. */
void datagram_socket_offload(struct datagram_socket *sock);

/* Fills up to `max` packets (buffers set, empty) at offset ESP_HEADROOM; returns how many came.
 * Never waits. A datagram that does not fit or has no address is left out. What came joined stays
 * together where it can, so that it may be fewer than `max`: sock->more says so. */
size_t datagram_socket_receive(struct datagram_socket *sock, struct packet *packets, size_t max);

/* The same of what has been received already, for which no event will come: whoever stops while
 * sock->more asks here until it is false. */
size_t datagram_socket_receive_rest(struct datagram_socket *sock, struct packet *packets,
                                    size_t max);

/* Sends current octets of each from path.local to path.remote. `checksum_off`: ESP in UDP and
 * keepalives go over IPv4 without a UDP checksum (RFC 3948 2.1, 2.3); but for datagrams that the
 * kernel cuts, which it does only where it computes one. Returns how many were taken
 * by the kernel; *too_big is the first that no longer fits the path, or NULL. Others that fail are
 * lost, as on any wire. */
size_t datagram_socket_send(struct datagram_socket *sock, struct packet *const *packets,
                            size_t count, bool checksum_off, const struct packet **too_big);

#endif
