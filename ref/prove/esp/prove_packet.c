/* esp/packet.c: the buffer a packet travels in. */
#include "prove/prove.h"

#include "esp/packet.h"

static struct packet any_packet(uint8_t buffer[SIZE])
{
    struct packet packet = {.buffer = buffer,
                            .capacity = any_up_to(SIZE),
                            .offset = any_up_to(SIZE),
                            .length = any_up_to(SIZE)};
    __CPROVER_assume(packet_sound(&packet));
    return packet;
}

/* It grows when there is room anywhere, and its octets come along. */
void prove_packet_grow(void)
{
    uint8_t buffer[SIZE];
    uint8_t copy[SIZE];
    struct packet packet = any_packet(buffer);
    struct packet before = packet;
    size_t length = any_size();
    bool in_front = any_bool();
    memcpy(copy, buffer, SIZE);
    bool grown = in_front ? packet_prepend(&packet, length) : packet_append(&packet, length);
    assert(packet_sound(&packet) && grown == (length <= packet.capacity - before.length));
    assert(packet.length == before.length + (grown ? length : 0));
    size_t at = any_size();
    if (grown && at < before.length) {
        assert(packet_octets(&packet)[at + (in_front ? length : 0)] == copy[before.offset + at]);
    }
}
