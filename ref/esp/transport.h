/* Transport mode, RFC 4303 3.1.1: the IP header goes off before sealing and comes back after
 * opening. */
#ifndef IKEREF_ESP_TRANSPORT_H
#define IKEREF_ESP_TRANSPORT_H

#include "esp/ip_packet.h"
#include "esp/packet.h"

/* Takes the IP header off a whole packet; what it named goes into *next_header. False, untouched,
 * for a fragment (RFC 4301 4.1: transport mode carries none) and for an IPv6 packet whose
 * hop-by-hop options or routing header would have to stay in front of ESP, where the socket puts
 * none. */
MUST_USE bool transport_strip(struct packet *packet, const struct ip_packet *ip,
                              uint8_t *next_header);

/* Puts a header in front again, from path->remote to path->local. False: no room, or too long. */
MUST_USE bool transport_restore(struct packet *packet, const struct path *path,
                                uint8_t next_header);

/* A NAT changed addresses the sender summed over: computes the TCP, UDP or ICMPv6 checksum afresh
 * (RFC 3948 3.1.2, second way: it needs no knowledge of the original addresses, and ESP already
 * vouched for the octets). A UDP checksum of zero over IPv4 stays off. */
void transport_fix_checksum(uint8_t *octets, const struct ip_packet *ip);

#endif
