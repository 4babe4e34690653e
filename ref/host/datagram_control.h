/* The control messages of a datagram (RFC 3542): its local address, DSCP and ECN, and where it is
 * cut. */
#ifndef IKEREF_HOST_DATAGRAM_CONTROL_H
#define IKEREF_HOST_DATAGRAM_CONTROL_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "esp/esp_plane.h"

/* Local address, DSCP and ECN, length of a segment: no more is asked for, or sent. */
#define DATAGRAM_CONTROL_SIZE (CMSG_SPACE(sizeof(struct in6_pktinfo)) + 2 * CMSG_SPACE(sizeof(int)))

union datagram_control {
    struct cmsghdr align;
    uint8_t octets[DATAGRAM_CONTROL_SIZE];
};

/* What came: path.local.ip and tos of the packet. Returns the length of each segment when the
 * kernel has joined several datagrams (UDP_GRO), else 0. */
uint16_t datagram_control_parse(struct msghdr *header, struct packet *packet);

/* Fills the control buffer that the header names, and says how much of it is used. `segment`: into
 * pieces of so many octets the kernel is to cut it (UDP_SEGMENT); 0: it is one datagram. */
void datagram_control_build(struct msghdr *header, const struct packet *packet, uint16_t segment);

#endif
