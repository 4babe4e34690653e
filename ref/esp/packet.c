/* The buffer a packet travels in, and the names of what may become of it. */
#include "esp/packet.h"

#include <assert.h>
#include <string.h>

static const char *const verdict_names[PACKET_VERDICTS] = {
    [PACKET_FORWARD] = "forward",
    [PACKET_HELD] = "held",
    [PACKET_REPLY] = "reply",
    [PACKET_KEEPALIVE] = "keepalive",
    [PACKET_IKE] = "ike",
    [PACKET_DUMMY] = "dummy",
    [PACKET_DROP_NO_POLICY] = "no_policy",
    [PACKET_DROP_NO_SA] = "no_sa",
    [PACKET_DROP_REPLAYED] = "replayed",
    [PACKET_DROP_NOT_AUTHENTIC] = "not_authentic",
    [PACKET_DROP_MALFORMED] = "malformed",
    [PACKET_DROP_SELECTORS] = "selectors",
    [PACKET_DROP_EXPIRED] = "expired",
    [PACKET_DROP_INTERNAL] = "internal",
    [PACKET_BYPASS] = "bypass",
    [PACKET_DROP_TOO_BIG] = "too_big",
    [PACKET_DROP_CONGESTION] = "congestion",
};

const char *packet_verdict_name(enum packet_verdict verdict)
{
    return (size_t)verdict < PACKET_VERDICTS ? verdict_names[verdict] : "unknown";
}

uint8_t *packet_octets(const struct packet *packet)
{
    return packet->buffer + packet->offset;
}

struct bytes packet_bytes(const struct packet *packet)
{
    return bytes_of(packet_octets(packet), packet->length);
}

bool packet_sound(const struct packet *packet)
{
    return packet->buffer != NULL && packet->offset <= packet->capacity &&
           packet->length <= packet->capacity - packet->offset;
}

bool packet_prepend(struct packet *packet, size_t length)
{
    if (packet->offset < length) {
        if (packet->capacity - packet->length < length) {
            return false;
        }
        memmove(packet->buffer + length, packet_octets(packet), packet->length);
        packet->offset = length;
    }
    packet->offset -= length;
    packet->length += length;
    return true;
}

bool packet_append(struct packet *packet, size_t length)
{
    if (packet->capacity - packet->length < length) {
        return false;
    }
    if (packet->capacity - packet->offset - packet->length < length) {
        size_t offset = packet->capacity - packet->length - length;
        memmove(packet->buffer + offset, packet_octets(packet), packet->length);
        packet->offset = offset;
    }
    packet->length += length;
    return true;
}

void packet_strip(struct packet *packet, size_t length)
{
    assert(length <= packet->length);
    packet->offset += length;
    packet->length -= length;
}
