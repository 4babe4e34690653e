/* Inner IPv4 (RFC 791) and IPv6 (RFC 8200) packets, read as far as selectors look (RFC
 * 4301 4.4.1.1). */
#include "esp/ip_packet.h"

#include <string.h>

#include "esp/checksum.h"

#define EXTENSIONS_MAX 16 /* more extension headers than this is an attack on us, not a packet */
#define IP_PROTOCOL_DCCP 33
#define IP_PROTOCOL_SCTP 132
#define IP_PROTOCOL_UDPLITE 136

/* All of these start with the two ports. */
static bool protocol_has_ports(uint8_t protocol)
{
    return protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP ||
           protocol == IP_PROTOCOL_SCTP || protocol == IP_PROTOCOL_DCCP ||
           protocol == IP_PROTOCOL_UDPLITE;
}

/* Ports, or type and code of ICMP (RFC 7296 3.13.1), when the packet holds them. */
static void ports_parse(struct bytes octets, struct ip_packet *ip)
{
    struct bytes upper =
        bytes_of(octets.data + ip->upper_offset, ip->total_length - ip->upper_offset);
    struct packet_key *key = &ip->key;
    if (ip->later_fragment) {
        return;
    }
    if (protocol_has_ports(key->protocol)) {
        key->has_ports = upper.length >= 4 && bytes_take_u16(&upper, &key->source_port) &&
                         bytes_take_u16(&upper, &key->destination_port);
    } else if (key->protocol == (ip->version == 4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6)) {
        key->has_ports = bytes_take_u16(&upper, &key->source_port);
        key->destination_port = key->source_port;
    }
}

/* A packet whose end is missing is none, but where it is quoted. */
static enum status length_check(struct bytes octets, bool quoted, struct ip_packet *out)
{
    if (quoted && out->total_length > octets.length) {
        out->total_length = octets.length;
    }
    return out->total_length > octets.length ? STATUS_DROP : STATUS_OK;
}

/* Into what is all zero: written in place, since an address that is copied right after its octets
 * were has to wait for them. */
static void address_put(struct address *out, enum address_family family, const uint8_t *octets)
{
    out->family = (uint8_t)family;
    memcpy(out->octets, octets, family == ADDRESS_V4 ? 4 : 16);
}

static enum status ipv4_parse(struct bytes octets, bool quoted, struct ip_packet *out)
{
    const uint8_t *at = octets.data;
    if (octets.length < IPV4_HEADER_LENGTH) {
        return STATUS_DROP;
    }
    out->version = 4;
    out->header_length = (size_t)(at[0] & 0x0f) * 4;
    out->total_length = octets_get_u16(at + 2);
    TRY(length_check(octets, quoted, out));
    if (out->total_length < out->header_length || out->header_length < IPV4_HEADER_LENGTH) {
        return STATUS_DROP;
    }
    uint16_t fragment = octets_get_u16(at + 6);
    out->tos = at[1];
    out->dont_fragment = (fragment & 0x4000) != 0;
    out->later_fragment = (fragment & 0x1fff) != 0;
    out->fragment = (fragment & 0x3fff) != 0;
    out->fragment_at = (size_t)(fragment & 0x1fff) * 8;
    out->next_header = at[9];
    out->upper_offset = out->header_length;
    out->key.protocol = at[9];
    address_put(&out->key.source, ADDRESS_V4, at + 12);
    address_put(&out->key.destination, ADDRESS_V4, at + 16);
    return STATUS_OK;
}

/* Length of the extension header of this type at `at`, of which at least 8 octets are there. */
static size_t extension_length(uint8_t type, const uint8_t *at)
{
    switch (type) {
    case IPV6_FRAGMENT:
        return 8;
    case IPV6_AUTHENTICATION:
        return ((size_t)at[1] + 2) * 4;
    default:
        return ((size_t)at[1] + 1) * 8;
    }
}

static bool is_extension(uint8_t type)
{
    return type == IPV6_HOP_BY_HOP || type == IPV6_ROUTING || type == IPV6_FRAGMENT ||
           type == IPV6_AUTHENTICATION || type == IPV6_DESTINATION_OPTIONS;
}

/* Walks to the upper-layer protocol. A later fragment has only what stands before its Fragment
 * header; what that one names is all we can know of the rest. */
static enum status extensions_walk(struct bytes octets, struct ip_packet *out)
{
    uint8_t type = out->next_header;
    size_t offset = IPV6_HEADER_LENGTH;
    for (int count = 0; is_extension(type) && !out->later_fragment; count++) {
        if (count == EXTENSIONS_MAX || out->total_length - offset < 8) {
            return STATUS_DROP;
        }
        const uint8_t *at = octets.data + offset;
        size_t length = extension_length(type, at);
        if (length > out->total_length - offset) {
            return STATUS_DROP;
        }
        if (type == IPV6_FRAGMENT) {
            uint16_t field = octets_get_u16(at + 2);
            out->later_fragment = (field & 0xfff8) != 0;
            out->fragment = out->fragment || (field & 0xfff9) != 0;
        }
        type = at[0];
        offset += length;
    }
    out->upper_offset = offset;
    out->key.protocol = type;
    return STATUS_OK;
}

static enum status ipv6_parse(struct bytes octets, bool quoted, struct ip_packet *out)
{
    const uint8_t *at = octets.data;
    if (octets.length < IPV6_HEADER_LENGTH) {
        return STATUS_DROP;
    }
    out->version = 6;
    out->header_length = IPV6_HEADER_LENGTH;
    out->total_length = IPV6_HEADER_LENGTH + (size_t)octets_get_u16(at + 4);
    TRY(length_check(octets, quoted, out));
    out->tos = (uint8_t)(at[0] << 4 | at[1] >> 4);
    out->dont_fragment = true;
    out->next_header = at[6];
    address_put(&out->key.source, ADDRESS_V6, at + 8);
    address_put(&out->key.destination, ADDRESS_V6, at + 24);
    return extensions_walk(octets, out);
}

static enum status packet_parse(struct bytes octets, bool quoted, struct ip_packet *out)
{
    memset(out, 0, sizeof(*out));
    if (octets.length == 0) {
        return STATUS_DROP;
    }
    uint8_t version = octets.data[0] >> 4;
    if (version == 4) {
        TRY(ipv4_parse(octets, quoted, out));
    } else if (version == 6) {
        TRY(ipv6_parse(octets, quoted, out));
    } else {
        return STATUS_DROP;
    }
    ports_parse(octets, out);
    return STATUS_OK;
}

enum status ip_packet_parse(struct bytes octets, struct ip_packet *out)
{
    return packet_parse(octets, false, out);
}

enum status ip_packet_parse_quoted(struct bytes octets, struct ip_packet *out)
{
    return packet_parse(octets, true, out);
}

void ip_packet_set_tos(uint8_t *octets, uint8_t tos)
{
    if (octets[0] >> 4 == 4) {
        uint16_t before = octets_get_u16(octets);
        octets[1] = tos;
        uint16_t checksum = octets_get_u16(octets + 10);
        octets_put_u16(octets + 10, checksum_replace(checksum, before, octets_get_u16(octets)));
    } else {
        octets[0] = (uint8_t)((octets[0] & 0xf0) | tos >> 4);
        octets[1] = (uint8_t)((octets[1] & 0x0f) | tos << 4);
    }
}
