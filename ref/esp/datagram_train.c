/* A copy of each segment in a buffer of its own costs little beside its decryption, and leaves it
 * the room around that opening may need. */
#include "esp/datagram_train.h"

#include <string.h>

#include "esp/packet.h"

/* No device takes 64 KiB or more at a time, all headers included, down to its link's: what is
 * longer the kernel cuts before, one by one. It leaves as much for them itself, of TCP's. */
#define TRAIN_OCTETS_MAX (65536 - 320)

static bool same_way(const struct packet *a, const struct packet *b)
{
    return a->tos == b->tos && a->dont_fragment == b->dont_fragment &&
           a->path.remote.port == b->path.remote.port &&
           address_equal(&a->path.remote.ip, &b->path.remote.ip) &&
           address_equal(&a->path.local.ip, &b->path.local.ip);
}

size_t datagram_train_length(struct packet *const *packets, size_t count)
{
    const struct packet *first = packets[0];
    size_t most = first->length == 0 ? 1 : TRAIN_OCTETS_MAX / first->length;
    size_t length = 1;
    most = most > TRAIN_SEGMENTS_MAX ? TRAIN_SEGMENTS_MAX : most;
    most = most > count ? count : most;
    while (length < most && packets[length]->length == first->length &&
           same_way(packets[length], first)) {
        length++;
    }
    if (length < most && packets[length]->length < first->length && packets[length]->length > 0 &&
        same_way(packets[length], first)) {
        length++;
    }
    return length;
}

size_t datagram_train_count(size_t length, size_t segment)
{
    return segment == 0 ? 1 : (length + segment - 1) / segment;
}

static bool fits(const struct packet *packet, size_t length)
{
    return packet->capacity >= ESP_HEADROOM + ESP_TAILROOM &&
           length <= packet->capacity - ESP_HEADROOM - ESP_TAILROOM;
}

bool datagram_train_next(struct packet *whole, size_t segment, struct packet *packet)
{
    while (whole->length > 0) {
        size_t length = segment == 0 || segment > whole->length ? whole->length : segment;
        const uint8_t *from = packet_octets(whole);
        packet_strip(whole, length);
        if (fits(packet, length)) {
            memcpy(packet->buffer + ESP_HEADROOM, from, length);
            packet->offset = ESP_HEADROOM;
            packet->length = length;
            packet->path = whole->path;
            packet->tos = whole->tos;
            return true;
        }
    }
    return false;
}
