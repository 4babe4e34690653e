/* Any packet behind any virtio header, as a TUN would bring it (host/tun.c): finished or cut, each
 * segment held against fuzz/cut_model.c, and the segments joined again (esp/coalescing.c). The
 * first octet says how much room there is for each and whether lengths are put right, ten are the
 * virtio header, the others the packet. */

#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>

#include "esp/coalescing.h"
#include "esp/segmentation.h"
#include "fuzz/cut_model.h"
#include "fuzz/input.h"
#include "host/vnet_header.h"

#define SEGMENTS_MAX 70 /* more than are joined, and enough of one octet each */
#define LONG_MAX 4096
#define CAPACITY (ESP_HEADROOM + LONG_MAX + ESP_TAILROOM)
#define ROOM_OF_ONE_STEP 32

static uint8_t buffers[SEGMENTS_MAX][CAPACITY];
static struct packet segments[SEGMENTS_MAX];

static struct bytes octets_of(const struct packet *packet)
{
    return bytes_of(packet->buffer + packet->offset, packet->length);
}

/* ---- one that is whole ---- */

/* Of the two octets of the checksum, whatever they are within. */
static uint32_t pair_at(const uint8_t *octets, size_t place)
{
    return (uint32_t)octets[place] << 8 | octets[place + 1];
}

/* What is summed up with the pseudo-header that stood in its place is 0xffff; nothing else of the
 * packet has changed. */
static void finish(struct bytes packet, const struct offload *offload)
{
    struct packet *whole = &segments[0];
    *whole = (struct packet){.buffer = buffers[0],
                             .capacity = ESP_HEADROOM + packet.length + ESP_TAILROOM,
                             .offset = ESP_HEADROOM,
                             .length = packet.length};
    uint8_t *octets = whole->buffer + whole->offset;
    memcpy(octets, packet.data, packet.length);
    bool done = checksum_complete(whole, offload);
    size_t start = offload->checksum_start;
    size_t place = start + offload->checksum_offset;
    if (done != (place + 2 <= packet.length)) {
        finding("a checksum within the packet is not computed, or one outside is");
    }
    if (done && offload->checksum_offset % 2 == 0) {
        uint32_t before = pair_at(packet.data, place);
        if (cut_model_sum(before, octets + start, packet.length - start) != 0xffff ||
            pair_at(octets, place) == 0) {
            finding("a checksum that was completed is wrong");
        }
    }
    if (done) {
        memcpy(octets + place, packet.data + place, 2);
    }
    if (!bytes_equal(octets_of(whole), packet)) {
        finding("more than the checksum has changed");
    }
}

/* ---- one that is cut ---- */

/* How many it became; 0: none, or not all of them. */
static size_t cut(struct bytes packet, uint16_t segment, size_t capacity)
{
    static struct segmentation s;
    static uint8_t expected[LONG_MAX];
    struct ip_packet ip;
    struct cut_model model;
    bool can = ip_packet_parse(packet, &ip) == STATUS_OK &&
               cut_model_begin(&model, packet.data, &ip, segment);
    if (segmentation_begin(&s, packet, segment) != can) {
        finding("what can be cut is not, or the other way round");
    }
    size_t count = can ? cut_model_count(&model) : 0;
    for (size_t i = 0; can && i <= count && i < SEGMENTS_MAX; i++) {
        segments[i] = (struct packet){.buffer = buffers[i], .capacity = capacity};
        size_t length = i < count ? cut_model_segment(&model, i, expected) : 0;
        if (segmentation_left(&s) != count - i) {
            finding("as many segments are not left as are");
        }
        bool fits = i < count && ESP_HEADROOM + length + ESP_TAILROOM <= capacity;
        if (segmentation_next(&s, &segments[i]) != fits) {
            finding("there is one segment too few, or too many, or one too long");
        }
        if (!fits) {
            return i == count ? count : 0;
        }
        if (segments[i].offset != ESP_HEADROOM ||
            !bytes_equal(octets_of(&segments[i]), bytes_of(expected, length))) {
            finding("a segment is another than it should be");
        }
    }
    return 0;
}

static bool same(struct bytes a, struct bytes b, size_t from, size_t to)
{
    return memcmp(a.data + from, b.data + from, to - from) == 0;
}

/* But for checksums: IPv4's is said anew, and TCP's is left to be. */
static void same_headers(struct bytes packet, const struct ip_packet *ip, size_t header_length)
{
    struct bytes first = octets_of(&segments[0]);
    size_t checksum = ip->upper_offset + 16;
    if (!same(first, packet, 0, 10) || !same(first, packet, ip->version == 4 ? 12 : 10, checksum) ||
        !same(first, packet, checksum + 2, header_length)) {
        finding("joined again it is another packet");
    }
}

/* TCP's segments become one again, but where IP has options or extensions, where flags say what
 * only one of them may, and where there are too many. */
static void join_again(struct bytes packet, size_t count)
{
    static struct coalescing c;
    struct ip_packet ip;
    struct offload offload;
    if (count < 2 || ip_packet_parse(packet, &ip) != STATUS_OK || ip.key.protocol != 6 ||
        ip.upper_offset != (ip.version == 4 ? 20 : 40)) {
        return;
    }
    uint8_t flags = packet.data[ip.upper_offset + 13];
    bool plain = (flags & 0x10) != 0 && (flags & 0xa6) == 0; /* ACK; no CWR, URG, RST, SYN */
    size_t joined = plain ? (count < COALESCED_MAX ? count : COALESCED_MAX) : 1;
    c.count = 0;
    for (size_t i = 0; i < count && i <= joined; i++) {
        if (coalescing_add(&c, &segments[i]) != (i < joined)) {
            finding("segments of one packet do not join, or do though they may not");
        }
    }
    if (coalescing_finish(&c, &offload) == count) {
        same_headers(packet, &ip, offload.header_length);
    }
}

/* What was asked for (host/tun.c) is taken, anything else is not: whole, TCP's over either IP,
 * UDP's datagrams; ECN is said beside it. */
static void check_taken(const uint8_t *header, bool taken, const struct offload *offload)
{
    struct virtio_net_hdr vnet;
    memcpy(&vnet, header, sizeof vnet);
    uint8_t type = vnet.gso_type & 0x7f;
    bool cuts = (type == 1 || type == 4 || type == 5) && vnet.gso_size != 0;
    if (taken != (type == 0 || cuts) || (taken && offload->segment != (cuts ? vnet.gso_size : 0))) {
        finding("a virtio header is read as another");
    }
}

static void lengths_put_right(uint8_t *octets, size_t length)
{
    bool v6 = length > 0 && octets[0] >> 4 == 6;
    if (length >= 40) {
        size_t value = v6 ? length - 40 : length;
        octets[v6 ? 4 : 2] = (uint8_t)(value >> 8);
        octets[v6 ? 5 : 3] = (uint8_t)value;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    uint8_t how = input_u8(&in);
    struct bytes header = input_take(&in, VNET_HEADER_LENGTH);
    struct offload offload;
    if (header.length < VNET_HEADER_LENGTH || in.left.length == 0 || in.left.length > LONG_MAX) {
        return 0;
    }
    bool taken = vnet_header_parse(header.data, &offload);
    check_taken(header.data, taken, &offload);
    if (!taken) {
        return 0;
    }
    size_t length = in.left.length;
    uint8_t *octets = malloc(length); /* no longer than it is, so that reading on is seen */
    memcpy(octets, in.left.data, length);
    if ((how & 0x80) != 0) {
        lengths_put_right(octets, length);
    }
    size_t room = (how & 0x7f) == 0 ? LONG_MAX : (size_t)(how & 0x7f) * ROOM_OF_ONE_STEP;
    struct bytes packet = bytes_of(octets, length);
    if (offload.segment == 0) {
        finish(packet, &offload);
    } else {
        join_again(packet, cut(packet, offload.segment, ESP_HEADROOM + room + ESP_TAILROOM));
    }
    free(octets);
    return 0;
}
