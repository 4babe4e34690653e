/* The ICMP errors we send towards the protected side: path MTU, RFC 4301 8.2.1. */
#ifndef IKEREF_ESP_ICMP_H
#define IKEREF_ESP_ICMP_H

#include "esp/ip_packet.h"
#include "esp/packet.h"

/* A thousand errors a second, a hundred at once: enough for every flow to learn, no amplifier
 * (RFC 4443 2.4 f, RFC 1812 4.3.2.8). */
struct icmp_limit {
    uint64_t earliest_ns; /* when the next would be due if they were spread evenly */
};

bool icmp_limit_take(struct icmp_limit *limit, uint64_t now_ns);

/* An error may answer this packet: not an ICMP error itself, no later fragment, not to or from many
 * (RFC 1122 3.2.2, RFC 4443 2.4 e; of its exception for multicast we make no use, as the error
 * would have to come from the group). */
bool icmp_error_is_due(const uint8_t *octets, const struct ip_packet *ip);

/* Replaces the packet by "fragmentation needed" (RFC 1191 4) or "packet too big" (RFC 4443 3.2) to
 * its sender. It comes from the packet's destination: an address of our own would be refused by the
 * sender's stack when that is this very host. False: no room. */
MUST_USE bool icmp_too_big_build(struct packet *packet, const struct ip_packet *ip, uint16_t mtu);

#endif
