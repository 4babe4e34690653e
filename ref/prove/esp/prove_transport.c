/* esp/transport.c and esp/icmp.c: packets that are changed in place. */
#include "prove/prove.h"

#include "esp/icmp.h"
#include "esp/transport.h"

/* Any packet that ip_packet_parse takes, with no room behind it. */
static struct packet any_packet(uint8_t memory[SIZE], struct ip_packet *ip)
{
    struct bytes octets = any_octets(memory);
    enum status status = ip_packet_parse(octets, ip);
    __CPROVER_assume(status == STATUS_OK);
    return (struct packet){.buffer = memory,
                           .capacity = SIZE,
                           .offset = SIZE - octets.length,
                           .length = octets.length,
                           .tos = any_u8()};
}

void prove_transport_fix_checksum(void)
{
    uint8_t memory[SIZE];
    uint8_t before[SIZE];
    struct ip_packet ip;
    struct packet packet = any_packet(memory, &ip);
    memcpy(before, memory, SIZE);
    transport_fix_checksum(packet_octets(&packet), &ip);
    size_t at = any_up_to(SIZE - 1); /* only what is the upper layer's may change */
    if (at < packet.offset + ip.upper_offset || at >= packet.offset + ip.total_length) {
        assert(memory[at] == before[at]);
    }
}

/* The header goes off and comes back: what it stood before is as it was. */
void prove_transport_strip_restore(void)
{
    uint8_t memory[SIZE];
    struct ip_packet ip;
    struct ip_packet again;
    struct path path;
    uint8_t next_header;
    struct packet packet = any_packet(memory, &ip);
    packet.length = ip.total_length;
    path.remote.ip = ip.key.source;
    path.local.ip = ip.key.destination;
    if (!transport_strip(&packet, &ip, &next_header)) {
        assert(packet.length == ip.total_length);
        return;
    }
    assert(packet_sound(&packet) && packet.length == ip.total_length - ip.header_length);
    bool restored = transport_restore(&packet, &path, next_header);
    assert(restored && packet_sound(&packet));
    enum status status = ip_packet_parse(packet_bytes(&packet), &again);
    assert(status == STATUS_OK && again.version == ip.version && again.tos == packet.tos);
    assert(again.total_length == packet.length && again.next_header == next_header);
    assert(address_equal(&again.key.source, &ip.key.source));
    assert(address_equal(&again.key.destination, &ip.key.destination));
}
