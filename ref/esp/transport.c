/* Transport mode, RFC 4303 3.1.1, RFC 3948 3.1.2. */
#include "esp/transport.h"

#include <string.h>

#include "esp/checksum.h"

#define HOP_LIMIT 64

bool transport_strip(struct packet *packet, const struct ip_packet *ip, uint8_t *next_header)
{
    bool stays_in_front =
        ip->version == 6 && (ip->next_header == IPV6_HOP_BY_HOP || ip->next_header == IPV6_ROUTING);
    if (ip->fragment || stays_in_front) {
        return false;
    }
    *next_header = ip->next_header;
    packet_strip(packet, ip->header_length);
    return true;
}

static bool ipv4_restore(struct packet *packet, const struct path *path, uint8_t next_header)
{
    size_t total = packet->length + IPV4_HEADER_LENGTH;
    if (total > IP_PACKET_MAX || !packet_prepend(packet, IPV4_HEADER_LENGTH)) {
        return false;
    }
    uint8_t *at = packet_octets(packet);
    memset(at, 0, IPV4_HEADER_LENGTH);
    at[0] = 0x45;
    at[1] = packet->tos;
    octets_put_u16(at + 2, (uint16_t)total);
    at[6] = 0x40; /* DF, so that Identification may be zero: RFC 6864 4.1 */
    at[8] = HOP_LIMIT;
    at[9] = next_header;
    memcpy(at + 12, path->remote.ip.octets, 4);
    memcpy(at + 16, path->local.ip.octets, 4);
    octets_put_u16(at + 10, checksum_finish(checksum_add(0, at, IPV4_HEADER_LENGTH)));
    return true;
}

static bool ipv6_restore(struct packet *packet, const struct path *path, uint8_t next_header)
{
    size_t payload = packet->length;
    if (payload > UINT16_MAX || !packet_prepend(packet, IPV6_HEADER_LENGTH)) {
        return false;
    }
    uint8_t *at = packet_octets(packet);
    memset(at, 0, IPV6_HEADER_LENGTH);
    at[0] = 0x60;
    octets_put_u16(at + 4, (uint16_t)payload);
    at[6] = next_header;
    at[7] = HOP_LIMIT;
    memcpy(at + 8, path->remote.ip.octets, 16);
    memcpy(at + 24, path->local.ip.octets, 16);
    ip_packet_set_tos(at, packet->tos);
    return true;
}

bool transport_restore(struct packet *packet, const struct path *path, uint8_t next_header)
{
    if (path->remote.ip.family != path->local.ip.family) {
        return false;
    }
    switch (path->remote.ip.family) {
    case ADDRESS_V4:
        return ipv4_restore(packet, path, next_header);
    case ADDRESS_V6:
        return ipv6_restore(packet, path, next_header);
    default:
        return false;
    }
}

/* Where the checksum stands in the header, and the least that header has; 0: nothing to fix. */
static size_t checksum_offset(const struct ip_packet *ip, size_t *least)
{
    switch (ip->key.protocol) {
    case IP_PROTOCOL_TCP:
        *least = 20;
        return 16;
    case IP_PROTOCOL_UDP:
        *least = 8;
        return 6;
    case IP_PROTOCOL_ICMPV6:
        *least = 4;
        return ip->version == 6 ? 2 : 0;
    default:
        return 0;
    }
}

void transport_fix_checksum(uint8_t *octets, const struct ip_packet *ip)
{
    size_t least = 0;
    size_t offset = checksum_offset(ip, &least);
    size_t length = ip->total_length - ip->upper_offset;
    uint8_t *upper = octets + ip->upper_offset;
    bool udp = ip->key.protocol == IP_PROTOCOL_UDP;
    if (offset == 0 || ip->fragment || length < least) {
        return;
    }
    if (udp) {
        size_t said =
            octets_get_u16(upper + 4); /* what is behind it is TFC padding, RFC 4303 2.7 */
        length = said >= least && said < length ? said : length;
        if (ip->version == 4 && octets_get_u16(upper + offset) == 0) {
            return;
        }
    }
    octets_put_u16(upper + offset, 0);
    uint32_t sum =
        checksum_add_pseudo(0, &ip->key.source, &ip->key.destination, ip->key.protocol, length);
    uint16_t checksum = checksum_finish(checksum_add(sum, upper, length));
    octets_put_u16(upper + offset, udp && checksum == 0 ? 0xffff : checksum);
}
