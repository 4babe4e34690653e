/* ICMP errors: those we send towards the protected side about the path's MTU, RFC 4301 8.2.1, and
 * those that pass through an SA, RFC 4301 6.2. */
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

/* An ICMP error that no selectors are for is judged as a packet that would answer the one it quotes
 * (RFC 4301 6.2): *out is the key of such a packet. False: it is no ICMP error, or does not go to
 * who sent what it quotes; or a redirect, which nobody beyond an SA has to give. */
bool icmp_error_return_key(const uint8_t *octets, const struct ip_packet *ip,
                           struct packet_key *out);

#endif
