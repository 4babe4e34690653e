/* Only what has to differ between segments does: lengths, IPv4's Identification, TCP's sequence
 * numbers, the flags of the first and the last, and checksums. */
#include "esp/segmentation.h"

#include <string.h>

#include "esp/checksum.h"
#include "esp/tcp_header.h"

static size_t upper_header_length(const struct ip_packet *ip, const uint8_t *upper, size_t there)
{
    if (ip->key.protocol == IP_PROTOCOL_UDP) {
        return UDP_HEADER_LENGTH;
    }
    return there < TCP_HEADER_LENGTH ? 0 : tcp_header_length(upper);
}

bool segmentation_begin(struct segmentation *segmentation, struct bytes packet, uint16_t segment)
{
    struct segmentation *s = segmentation;
    *s = (struct segmentation){.octets = packet.data, .segment = segment};
    if (segment == 0 || ip_packet_parse(packet, &s->ip) != STATUS_OK || s->ip.fragment ||
        (s->ip.key.protocol != IP_PROTOCOL_TCP && s->ip.key.protocol != IP_PROTOCOL_UDP)) {
        return false;
    }
    size_t there = s->ip.total_length - s->ip.upper_offset;
    size_t upper = upper_header_length(&s->ip, packet.data + s->ip.upper_offset, there);
    bool tcp = s->ip.key.protocol == IP_PROTOCOL_TCP;
    if (upper < (tcp ? TCP_HEADER_LENGTH : UDP_HEADER_LENGTH) || upper >= there) {
        return false;
    }
    s->header_length = s->ip.upper_offset + upper;
    s->payload = there - upper;
    return true;
}

size_t segmentation_left(const struct segmentation *s)
{
    return s->segment == 0 ? 0 : (s->payload - s->at + s->segment - 1) / s->segment;
}

static void ip_header_fix(const struct segmentation *s, uint8_t *octets, size_t length)
{
    if (s->ip.version == 6) {
        octets_put_u16(octets + 4, (uint16_t)(length - IPV6_HEADER_LENGTH));
        return;
    }
    octets_put_u16(octets + 2, (uint16_t)length);
    octets_put_u16(octets + 4, (uint16_t)(octets_get_u16(octets + 4) + s->number));
    octets_put_u16(octets + 10, 0);
    octets_put_u16(octets + 10, checksum_finish(checksum_add(0, octets, s->ip.header_length)));
}

/* What ends a flow or asks to be handed on is the last one's; that the window was reduced (RFC 3168
 * 6.1.2) is the first one's to say. */
static void tcp_header_fix(const struct segmentation *s, uint8_t *tcp, size_t length)
{
    if (s->at + length < s->payload) {
        tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    }
    if (s->number > 0) {
        tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
    }
    octets_put_u32(tcp + TCP_SEQUENCE, octets_get_u32(tcp + TCP_SEQUENCE) + (uint32_t)s->at);
}

static void checksum_put(const struct segmentation *s, uint8_t *upper, size_t length)
{
    bool udp = s->ip.key.protocol == IP_PROTOCOL_UDP;
    uint8_t *at = upper + (udp ? UDP_CHECKSUM : TCP_CHECKSUM);
    octets_put_u16(at, 0);
    uint32_t sum = checksum_add_pseudo(0, &s->ip.key.source, &s->ip.key.destination,
                                       s->ip.key.protocol, length);
    uint16_t checksum = checksum_finish(checksum_add_long(sum, upper, length));
    octets_put_u16(at,
                   udp && checksum == 0 ? 0xffff : checksum); /* 0 says there is none, RFC 768 */
}

bool segmentation_next(struct segmentation *segmentation, struct packet *out)
{
    struct segmentation *s = segmentation;
    size_t left = s->payload - s->at;
    size_t length = left < s->segment ? left : s->segment;
    if (left == 0 || out->capacity < ESP_HEADROOM + ESP_TAILROOM + s->header_length + length) {
        return false;
    }
    out->offset = ESP_HEADROOM;
    out->length = s->header_length + length;
    uint8_t *octets = packet_octets(out);
    memcpy(octets, s->octets, s->header_length);
    memcpy(octets + s->header_length, s->octets + s->header_length + s->at, length);
    uint8_t *upper = octets + s->ip.upper_offset;
    size_t upper_length = out->length - s->ip.upper_offset;
    ip_header_fix(s, octets, out->length);
    if (s->ip.key.protocol == IP_PROTOCOL_UDP) {
        octets_put_u16(upper + UDP_LENGTH, (uint16_t)upper_length);
    } else {
        tcp_header_fix(s, upper, length);
    }
    checksum_put(s, upper, upper_length);
    s->at += length;
    s->number++;
    return true;
}

bool checksum_complete(const struct packet *packet, const struct offload *offload)
{
    size_t start = offload->checksum_start;
    size_t place = start + offload->checksum_offset;
    if (place + 2 > packet->length) {
        return false;
    }
    uint8_t *octets = packet_octets(packet);
    uint16_t checksum =
        checksum_finish(checksum_add_long(0, octets + start, packet->length - start));
    octets_put_u16(octets + place, checksum == 0 ? 0xffff : checksum);
    return true;
}
