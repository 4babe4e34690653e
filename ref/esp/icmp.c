/* ICMP errors: those we send towards the protected side, RFC 1191 4 and RFC 4443 3.2, and those
 * that pass, RFC 4301 6.2. */
#include "esp/icmp.h"

#include <string.h>

#include "esp/checksum.h"

#define ICMP_HEADER_LENGTH 8
#define ICMP_V4_MAX 576  /* RFC 1812 4.3.2.3 */
#define ICMP_V6_MAX 1280 /* RFC 4443 2.4 c */
#define ICMP_HOP_LIMIT 64
#define ICMP_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4
#define ICMP_REDIRECT 5
#define ICMPV6_PACKET_TOO_BIG 2
#define ICMPV6_REDIRECT 137
#define INTERVAL_NS UINT64_C(1000000)
#define BURST 100

bool icmp_limit_take(struct icmp_limit *limit, uint64_t now_ns)
{
    uint64_t due = limit->earliest_ns > now_ns ? limit->earliest_ns : now_ns;
    if (due - now_ns > BURST * INTERVAL_NS) {
        return false;
    }
    limit->earliest_ns = due + INTERVAL_NS;
    return true;
}

/* Types that report an error: answering one could go on for ever. */
static bool is_icmp_error(const uint8_t *octets, const struct ip_packet *ip)
{
    if (!ip->key.has_ports) {
        return false;
    }
    uint8_t type = octets[ip->upper_offset];
    if (ip->version == 4) {
        return ip->key.protocol == IP_PROTOCOL_ICMP &&
               (type == 3 || type == 4 || type == ICMP_REDIRECT || type == 11 || type == 12);
    }
    return ip->key.protocol == IP_PROTOCOL_ICMPV6 && (type < 128 || type == ICMPV6_REDIRECT);
}

/* Multicast, broadcast, "this network" and loopback sources cannot be answered. */
static bool is_one_host(const struct address *a)
{
    static const uint8_t unspecified[16];
    if (a->family == ADDRESS_V4) {
        return a->octets[0] != 0 && a->octets[0] < 224;
    }
    return a->octets[0] != 0xff && memcmp(a->octets, unspecified, 16) != 0;
}

bool icmp_error_is_due(const uint8_t *octets, const struct ip_packet *ip)
{
    return !ip->later_fragment && is_one_host(&ip->key.destination) &&
           is_one_host(&ip->key.source) && !is_icmp_error(octets, ip);
}

static bool is_redirect(const uint8_t *octets, const struct ip_packet *ip)
{
    return octets[ip->upper_offset] == (ip->version == 4 ? ICMP_REDIRECT : ICMPV6_REDIRECT);
}

bool icmp_error_return_key(const uint8_t *octets, const struct ip_packet *ip,
                           struct packet_key *out)
{
    struct ip_packet quoted;
    size_t at = ip->upper_offset + ICMP_HEADER_LENGTH;
    if (ip->fragment || ip->total_length < at || !is_icmp_error(octets, ip) ||
        is_redirect(octets, ip) ||
        ip_packet_parse_quoted(bytes_of(octets + at, ip->total_length - at), &quoted) !=
            STATUS_OK ||
        quoted.version != ip->version || !address_equal(&quoted.key.source, &ip->key.destination)) {
        return false;
    }
    *out = quoted.key;
    out->source = quoted.key.destination;
    out->destination = quoted.key.source;
    out->source_port = quoted.key.destination_port;
    out->destination_port = quoted.key.source_port;
    return true;
}

static void ipv4_header_build(uint8_t *at, const struct ip_packet *about, size_t length)
{
    memset(at, 0, IPV4_HEADER_LENGTH);
    at[0] = 0x45;
    octets_put_u16(at + 2, (uint16_t)length);
    at[6] = 0x40;
    at[8] = ICMP_HOP_LIMIT;
    at[9] = IP_PROTOCOL_ICMP;
    memcpy(at + 12, about->key.destination.octets, 4);
    memcpy(at + 16, about->key.source.octets, 4);
    octets_put_u16(at + 10, checksum_finish(checksum_add(0, at, IPV4_HEADER_LENGTH)));
}

static void ipv6_header_build(uint8_t *at, const struct ip_packet *about, size_t length)
{
    memset(at, 0, IPV6_HEADER_LENGTH);
    at[0] = 0x60;
    octets_put_u16(at + 4, (uint16_t)(length - IPV6_HEADER_LENGTH));
    at[6] = IP_PROTOCOL_ICMPV6;
    at[7] = ICMP_HOP_LIMIT;
    memcpy(at + 8, about->key.destination.octets, 16);
    memcpy(at + 24, about->key.source.octets, 16);
}

bool icmp_too_big_build(struct packet *packet, const struct ip_packet *ip, uint16_t mtu)
{
    bool v4 = ip->version == 4;
    size_t header = v4 ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH;
    size_t quoted_max = (v4 ? ICMP_V4_MAX : ICMP_V6_MAX) - header - ICMP_HEADER_LENGTH;
    packet->length = ip->total_length < quoted_max ? ip->total_length : quoted_max;
    if (!packet_prepend(packet, header + ICMP_HEADER_LENGTH)) {
        return false;
    }
    uint8_t *at = packet_octets(packet);
    uint8_t *icmp = at + header;
    size_t icmp_length = packet->length - header;
    memset(icmp, 0, ICMP_HEADER_LENGTH);
    octets_put_u16(icmp + 6, mtu);
    uint32_t sum = 0;
    if (v4) {
        icmp[0] = ICMP_UNREACHABLE;
        icmp[1] = ICMP_FRAGMENTATION_NEEDED;
        ipv4_header_build(at, ip, packet->length);
    } else {
        icmp[0] = ICMPV6_PACKET_TOO_BIG;
        ipv6_header_build(at, ip, packet->length);
        sum = checksum_add_pseudo(0, &ip->key.destination, &ip->key.source, IP_PROTOCOL_ICMPV6,
                                  icmp_length);
    }
    octets_put_u16(icmp + 2, checksum_finish(checksum_add(sum, icmp, icmp_length)));
    return true;
}
