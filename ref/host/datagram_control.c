/* Linux's numbers for IPv4, RFC 3542's for IPv6. */
#include "host/datagram_control.h"

#include <netinet/udp.h>
#include <string.h>

uint16_t datagram_control_parse(struct msghdr *header, struct packet *packet)
{
    int value = 0;
    uint16_t segment = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            packet->path.local.ip = address_from(bytes_of(&info.ipi_addr, 4));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            packet->path.local.ip = address_from(bytes_of(&info.ipi6_addr, 16));
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            packet->tos = *CMSG_DATA(c);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            memcpy(&value, CMSG_DATA(c), sizeof(value));
            packet->tos = (uint8_t)value;
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            memcpy(&value, CMSG_DATA(c), sizeof(value));
            segment = (uint16_t)value;
        }
    }
    return segment;
}

/* One more message behind those that are there. */
static void append(struct msghdr *header, size_t *used, int level, int type, const void *data,
                   size_t length)
{
    struct cmsghdr c = {.cmsg_len = CMSG_LEN(length), .cmsg_level = level, .cmsg_type = type};
    uint8_t *at = (uint8_t *)header->msg_control + *used;
    memset(at, 0, CMSG_SPACE(length));
    memcpy(at, &c, sizeof(c));
    memcpy(at + CMSG_LEN(0), data, length);
    *used += CMSG_SPACE(length);
}

void datagram_control_build(struct msghdr *header, const struct packet *packet, uint16_t segment)
{
    const struct address *local = &packet->path.local.ip;
    bool is_v4 = packet->path.remote.ip.family == ADDRESS_V4;
    int tos = packet->tos;
    size_t used = 0;
    append(header, &used, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TOS : IPV6_TCLASS, &tos,
           sizeof(tos));
    if (local->family == ADDRESS_V4 && is_v4) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, local->octets, 4);
        append(header, &used, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    } else if (local->family == ADDRESS_V6 && !is_v4) {
        struct in6_pktinfo info = {0};
        memcpy(&info.ipi6_addr, local->octets, 16);
        append(header, &used, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    }
    if (segment != 0) {
        append(header, &used, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
    }
    header->msg_controllen = used;
}
