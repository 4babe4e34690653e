/* Whoever cuts the long packet again gets the very packets that came: so everything that a long
 * packet can say only once has to be the same in all of them, and every checksum is looked at,
 * since nobody can once they are one. */
#include "esp/coalescing.h"

#include <string.h>

#include "esp/checksum.h"
#include "esp/tcp_header.h"

#define IP_TOTAL_MAX 65535
#define ENDS_A_RUN (TCP_PSH | TCP_FIN)
#define GOES_ALONE (TCP_SYN | TCP_RST | TCP_URG | TCP_CWR)

static const uint8_t *tcp_of(const struct packet *packet, const struct ip_packet *ip)
{
    return packet_octets(packet) + ip->upper_offset;
}

/* A segment with payload, in an IP packet without options, extensions or anything behind it. */
static bool may_join(const struct packet *packet, struct ip_packet *ip, size_t *header_length)
{
    if (ip_packet_parse(packet_bytes(packet), ip) != STATUS_OK ||
        ip->key.protocol != IP_PROTOCOL_TCP || ip->fragment ||
        ip->upper_offset != (ip->version == 4 ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH) ||
        ip->total_length != packet->length ||
        ip->total_length <= ip->upper_offset + TCP_HEADER_LENGTH) {
        return false;
    }
    const uint8_t *tcp = tcp_of(packet, ip);
    *header_length = ip->upper_offset + tcp_header_length(tcp);
    return *header_length >= ip->upper_offset + TCP_HEADER_LENGTH &&
           *header_length < ip->total_length && (tcp[TCP_FLAGS] & TCP_ACK) != 0 &&
           (tcp[TCP_FLAGS] & GOES_ALONE) == 0;
}

static bool checksums_are_right(const struct packet *packet, const struct ip_packet *ip)
{
    const uint8_t *octets = packet_octets(packet);
    size_t length = ip->total_length - ip->upper_offset;
    uint32_t sum =
        checksum_add_pseudo(0, &ip->key.source, &ip->key.destination, IP_PROTOCOL_TCP, length);
    return checksum_finish(checksum_add_long(sum, octets + ip->upper_offset, length)) == 0 &&
           (ip->version == 6 || checksum_finish(checksum_add(0, octets, ip->header_length)) == 0);
}

/* The IP headers differ in length, Identification and checksum alone. An Identification that counts
 * up is cut so again; one that stays the same means nothing beside DF (RFC 6864 4.1). */
static bool same_ip_header(const uint8_t *first, const uint8_t *next, uint8_t version,
                           size_t number)
{
    if (version == 6) { /* version, class and flow label; next header, hop limit, addresses */
        return memcmp(first, next, 4) == 0 && memcmp(first + 6, next + 6, 34) == 0;
    }
    uint16_t id = octets_get_u16(next + 4), at_first = octets_get_u16(first + 4);
    bool dont_fragment = (first[6] & 0x40) != 0;
    return memcmp(first, next, 2) == 0 && memcmp(first + 6, next + 6, 4) == 0 &&
           memcmp(first + 12, next + 12, 8) == 0 &&
           (id == (uint16_t)(at_first + number) || (dont_fragment && id == at_first));
}

/* Ports, acknowledgment, the length of the header, window, urgent pointer, options, and all flags
 * but those that end a run; the sequence number goes on. */
static bool same_tcp_header(const uint8_t *first, const uint8_t *next, size_t header_length,
                            size_t payload)
{
    return memcmp(first, next, 4) == 0 &&
           octets_get_u32(next + TCP_SEQUENCE) ==
               (uint32_t)(octets_get_u32(first + TCP_SEQUENCE) + payload) &&
           memcmp(first + TCP_ACKNOWLEDGMENT, next + TCP_ACKNOWLEDGMENT, 5) == 0 &&
           ((first[TCP_FLAGS] ^ next[TCP_FLAGS]) & ~ENDS_A_RUN) == 0 &&
           memcmp(first + TCP_FLAGS + 1, next + TCP_FLAGS + 1, 2) == 0 &&
           memcmp(first + TCP_CHECKSUM + 2, next + TCP_CHECKSUM + 2,
                  header_length - TCP_CHECKSUM - 2) == 0;
}

/* The run goes on behind this one: it has as much payload as the first, and ends nothing. */
static bool run_goes_on(const struct coalescing *c, const uint8_t *tcp, size_t payload)
{
    return payload == c->segment && (tcp[TCP_FLAGS] & ENDS_A_RUN) == 0;
}

static void first_take(struct coalescing *c, struct packet *packet)
{
    size_t header_length = 0;
    c->packets[0] = packet;
    c->count = 1;
    c->length = packet->length;
    c->header_length = 0;
    if (may_join(packet, &c->ip, &header_length)) {
        c->segment = packet->length - header_length;
        c->header_length = run_goes_on(c, tcp_of(packet, &c->ip), c->segment) ? header_length : 0;
    }
}

static bool next_fits(const struct coalescing *c, const struct packet *packet,
                      const struct ip_packet *ip, size_t header_length)
{
    const struct packet *first = c->packets[0];
    size_t payload = packet->length - header_length;
    return payload <= c->segment && c->length + payload <= IP_TOTAL_MAX &&
           same_ip_header(packet_octets(first), packet_octets(packet), ip->version, c->count) &&
           same_tcp_header(tcp_of(first, &c->ip), tcp_of(packet, ip),
                           header_length - ip->upper_offset, c->length - header_length);
}

bool coalescing_add(struct coalescing *coalescing, struct packet *packet)
{
    struct coalescing *c = coalescing;
    struct ip_packet ip;
    size_t header_length;
    if (c->count == 0) {
        first_take(c, packet);
        return true;
    }
    if (c->header_length == 0 || c->count == COALESCED_MAX ||
        !may_join(packet, &ip, &header_length) || !next_fits(c, packet, &ip, header_length) ||
        (c->count == 1 && !checksums_are_right(c->packets[0], &c->ip)) ||
        !checksums_are_right(packet, &ip)) {
        return false;
    }
    const uint8_t *tcp = tcp_of(packet, &ip);
    c->packets[c->count++] = packet;
    c->length += packet->length - header_length;
    if (!run_goes_on(c, tcp, packet->length - header_length)) {
        c->header_length = 0;
    }
    return true;
}

/* The last one's flags, the whole length, and of TCP's checksum what is the pseudo-header's. */
static void headers_fit(const struct coalescing *c)
{
    uint8_t *ip = packet_octets(c->packets[0]);
    uint8_t *tcp = ip + c->ip.upper_offset;
    const uint8_t *last = tcp_of(c->packets[c->count - 1], &c->ip);
    size_t upper = c->length - c->ip.upper_offset;
    tcp[TCP_FLAGS] |= last[TCP_FLAGS] & ENDS_A_RUN;
    uint32_t pseudo =
        checksum_add_pseudo(0, &c->ip.key.source, &c->ip.key.destination, IP_PROTOCOL_TCP, upper);
    octets_put_u16(tcp + TCP_CHECKSUM, (uint16_t)~checksum_finish(pseudo));
    if (c->ip.version == 6) {
        octets_put_u16(ip + 4, (uint16_t)upper);
        return;
    }
    octets_put_u16(ip + 2, (uint16_t)c->length);
    octets_put_u16(ip + 10, 0);
    octets_put_u16(ip + 10, checksum_finish(checksum_add(0, ip, c->ip.header_length)));
}

size_t coalescing_finish(struct coalescing *coalescing, struct offload *offload)
{
    struct coalescing *c = coalescing;
    size_t count = c->count;
    *offload = (struct offload){0};
    if (count > 1) {
        headers_fit(c);
        *offload = (struct offload){
            .segment = (uint16_t)c->segment,
            .header_length = (uint16_t)(c->packets[0]->length - c->segment),
            .checksum_needed = true,
            .checksum_start = (uint16_t)c->ip.upper_offset,
            .checksum_offset = TCP_CHECKSUM,
        };
    }
    c->count = 0;
    return count;
}
