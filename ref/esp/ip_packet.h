/* What ESP needs to know of an inner IPv4 or IPv6 packet: length, marks and selectors. */
#ifndef IKEREF_ESP_IP_PACKET_H
#define IKEREF_ESP_IP_PACKET_H

#include "base/selector.h"

#define IPV4_HEADER_LENGTH 20
#define IPV6_HEADER_LENGTH 40
#define IPV6_MTU_MIN 1280 /* RFC 8200 5 */
#define IPV4_MTU_MIN 68   /* RFC 791 3.2 */

enum ipv6_extension {
    IPV6_HOP_BY_HOP = 0,
    IPV6_ROUTING = 43,
    IPV6_FRAGMENT = 44,
    IPV6_AUTHENTICATION = 51,
    IPV6_DESTINATION_OPTIONS = 60,
};

struct ip_packet {
    uint8_t version;      /* 4 or 6 */
    uint8_t tos;          /* DSCP and ECN */
    bool dont_fragment;   /* IPv4 DF; always true for IPv6 */
    bool fragment;        /* any piece of a datagram but the whole */
    bool later_fragment;  /* not the first piece: no ports to be seen */
    size_t fragment_at;   /* octet of the datagram's contents at which an IPv4 fragment begins */
    size_t header_length; /* IPv4 with options; IPv6 always 40 */
    uint8_t next_header;  /* what follows header_length: for IPv6 maybe an extension header */
    size_t upper_offset;  /* where the protocol of `key` starts, behind extension headers */
    size_t total_length;  /* as the packet itself says; what is behind it is padding */
    struct packet_key key;
};

/* Reads the packet at the start of `octets`, which may be longer (TFC padding, RFC 4303 2.7) but
 * not shorter than it says. STATUS_DROP when it is no IP packet, or its headers leave its bounds.
 */
MUST_USE enum status ip_packet_parse(struct bytes octets, struct ip_packet *out);

/* The same of a packet that ICMP quotes, of which the end may be missing (RFC 792): total_length is
 * then what is there. */
MUST_USE enum status ip_packet_parse_quoted(struct bytes octets, struct ip_packet *out);

/* Sets DSCP and ECN of the packet at `octets` and makes the IPv4 header checksum good again. */
void ip_packet_set_tos(uint8_t *octets, uint8_t tos);

#endif
