/* RFC 791 3.1, RFC 8200 3 and 8.1, RFC 9293 3.1, RFC 768; FIN and PSH are the last segment's, CWR
 * the first one's (RFC 3168 6.1.2). */
#include "fuzz/cut_model.h"

#include <string.h>

#define TCP 6
#define UDP 17
#define FIN_PSH 0x09
#define CWR 0x80

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

uint16_t cut_model_sum(uint32_t sum, const uint8_t *octets, size_t length)
{
    size_t i = 0;
    for (; i + 1 < length; i += 2) {
        sum += (uint32_t)octets[i] << 8 | octets[i + 1];
    }
    sum += i < length ? (uint32_t)octets[i] << 8 : 0;
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

uint16_t cut_model_upper_sum(const struct cut_model *m, const uint8_t *octets, size_t length)
{
    uint16_t addresses = cut_model_sum(0, octets + (m->v6 ? 8 : 12), m->v6 ? 32 : 8);
    size_t upper = length - m->upper;
    uint32_t pseudo = addresses + (m->tcp ? TCP : UDP) + (uint32_t)upper;
    return cut_model_sum(pseudo, octets + m->upper, upper);
}

bool cut_model_begin(struct cut_model *model, const uint8_t *octets, const struct ip_packet *ip,
                     size_t segment)
{
    size_t there = ip->total_length - ip->upper_offset;
    bool tcp = ip->key.protocol == TCP;
    if (segment == 0 || ip->fragment || (!tcp && ip->key.protocol != UDP) ||
        there < (tcp ? 20 : 8)) {
        return false;
    }
    size_t header = tcp ? (size_t)(octets[ip->upper_offset + 12] >> 4) * 4 : 8;
    *model = (struct cut_model){octets,           ip->version == 6,          tcp,
                                ip->upper_offset, ip->upper_offset + header, there - header,
                                segment};
    return header >= (tcp ? 20 : 8) && header < there;
}

size_t cut_model_count(const struct cut_model *m)
{
    return (m->payload + m->segment - 1) / m->segment;
}

void cut_model_checksums(const struct cut_model *m, uint8_t *octets, size_t length)
{
    if (!m->v6) {
        put16(octets + 10, 0);
        put16(octets + 10, 0xffff - cut_model_sum(0, octets, (size_t)(octets[0] & 15) * 4));
    }
    uint8_t *at = octets + m->upper + (m->tcp ? 16 : 6);
    put16(at, 0);
    uint16_t checksum = 0xffff - cut_model_upper_sum(m, octets, length);
    put16(at, checksum == 0 && !m->tcp ? 0xffff : checksum);
}

size_t cut_model_segment(const struct cut_model *m, size_t number, uint8_t *out)
{
    size_t at = number * m->segment;
    bool last = m->payload - at <= m->segment;
    size_t length = m->header_length + (last ? m->payload - at : m->segment);
    memcpy(out, m->octets, m->header_length);
    memcpy(out + m->header_length, m->octets + m->header_length + at, length - m->header_length);
    if (m->v6) {
        put16(out + 4, length - 40);
    } else {
        put16(out + 2, length);
        put16(out + 4, ((size_t)out[4] << 8 | out[5]) + number);
    }
    uint8_t *upper = out + m->upper;
    if (m->tcp) {
        uint32_t sequence = (uint32_t)upper[4] << 24 | (uint32_t)upper[5] << 16 |
                            (uint32_t)upper[6] << 8 | upper[7];
        sequence += (uint32_t)at;
        put16(upper + 4, sequence >> 16);
        put16(upper + 6, sequence);
        upper[13] &= (uint8_t)((last ? 0xff : ~FIN_PSH) & (number == 0 ? 0xff : ~CWR));
    } else {
        put16(upper + 4, length - m->upper);
    }
    cut_model_checksums(m, out, length);
    return length;
}
