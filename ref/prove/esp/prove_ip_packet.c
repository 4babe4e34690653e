/* esp/ip_packet.c: inner packets of both versions, and what is read of them by others. */
#include "prove/prove.h"

#include "esp/icmp.h"
#include "esp/ip_packet.h"

void prove_ip_packet_parse(void)
{
    uint8_t memory[SIZE];
    struct bytes octets = any_octets(memory);
    struct ip_packet ip;
    if (ip_packet_parse(octets, &ip) != STATUS_OK) {
        return;
    }
    assert(ip.version == octets.data[0] >> 4 && (ip.version == 4 || ip.version == 6));
    assert(ip.total_length <= octets.length);
    assert(ip.header_length >= (ip.version == 4 ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH));
    assert(ip.header_length <= ip.upper_offset && ip.upper_offset <= ip.total_length);
    assert(ip.key.source.family == ip.version && ip.key.destination.family == ip.version);
    assert(!ip.later_fragment || (ip.fragment && !ip.key.has_ports));
    assert(!ip.key.has_ports || ip.total_length - ip.upper_offset >= 2);
    (void)icmp_error_is_due(octets.data, &ip);
}

/* Of a quoted packet the end may be missing, and what is said of it stays within what is there. */
void prove_ip_packet_parse_quoted(void)
{
    uint8_t memory[SIZE];
    struct bytes octets = any_octets(memory);
    struct ip_packet ip;
    if (ip_packet_parse_quoted(octets, &ip) != STATUS_OK) {
        return;
    }
    assert(ip.total_length <= octets.length);
    assert(ip.header_length <= ip.upper_offset && ip.upper_offset <= ip.total_length);
    assert(!ip.key.has_ports || ip.total_length - ip.upper_offset >= 2);
}

/* What the word that holds the field and the checksum add up to, in one's complement. */
static unsigned one_sum(const uint8_t *octets)
{
    return ((octets[0] << 8 | octets[1]) + (octets[10] << 8 | octets[11])) % 0xffffu;
}

/* Only the field changes, and the checksum stays as right, or as wrong, as it was. */
void prove_ip_packet_set_tos(void)
{
    uint8_t octets[IPV6_HEADER_LENGTH];
    uint8_t before[IPV6_HEADER_LENGTH];
    struct ip_packet ip;
    struct ip_packet after;
    uint8_t tos = any_u8();
    memcpy(before, octets, sizeof octets);
    if (ip_packet_parse(bytes_of(octets, sizeof octets), &ip) != STATUS_OK) {
        return;
    }
    ip_packet_set_tos(octets, tos);
    enum status status = ip_packet_parse(bytes_of(octets, sizeof octets), &after);
    assert(status == STATUS_OK && after.tos == tos && after.total_length == ip.total_length);
    size_t at = any_up_to(sizeof octets - 1);
    if (ip.version == 4) {
        assert(octets[0] == before[0] && one_sum(octets) == one_sum(before));
    } else {
        assert(octets[0] >> 4 == 6 && (octets[1] & 0x0f) == (before[1] & 0x0f));
    }
    bool may_change = at <= 1 || (ip.version == 4 && (at == 10 || at == 11));
    assert(may_change || octets[at] == before[at]);
}
