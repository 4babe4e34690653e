/* Long packets cut as a TUN brings them, segments joined on their way to it, trains of datagrams
 * cut as a socket brings them. What has to be: no allocation for any of them. */

#include "bench/cases.h"

#include <string.h>

#include "esp/checksum.h"
#include "esp/coalescing.h"
#include "esp/datagram_train.h"
#include "esp/ip_packet.h"
#include "esp/segmentation.h"
#include "esp/tcp_header.h"

#define SEGMENTS 16
#define PAYLOAD 1368 /* of each, with the headers below no more than fits a link of 1500 in ESP */
#define TIMESTAMPS_LENGTH 12
#define HEADERS_MAX (IPV6_HEADER_LENGTH + TCP_HEADER_LENGTH + TIMESTAMPS_LENGTH)
#define BUFFER_LENGTH (ESP_HEADROOM + HEADERS_MAX + PAYLOAD + ESP_TAILROOM)
#define WHOLE_MAX (HEADERS_MAX + SEGMENTS * PAYLOAD)

static const struct flow {
    const char *name;
    uint8_t version, protocol;
} flows[] = {
    {"tcp4", 4, IP_PROTOCOL_TCP},
    {"tcp6", 6, IP_PROTOCOL_TCP},
    {"udp4", 4, IP_PROTOCOL_UDP},
};

struct burst {
    uint8_t whole[ESP_HEADROOM + WHOLE_MAX + ESP_TAILROOM]; /* the long packet */
    size_t length;
    struct segmentation segmentation;
    struct coalescing coalescing;
    uint8_t buffers[SEGMENTS][BUFFER_LENGTH];
    struct packet packets[SEGMENTS];
    struct packet *all[SEGMENTS];
};

/* ---- packets ---- */

static size_t ip_header_build(uint8_t *ip, const struct flow *flow, size_t upper)
{
    if (flow->version == 6) {
        ip[0] = 0x60;
        octets_put_u16(ip + 4, (uint16_t)upper);
        ip[6] = flow->protocol;
        ip[7] = 64;
        ip[8] = ip[24] = 0xfd;
        ip[23] = 1;
        ip[39] = 2;
        return IPV6_HEADER_LENGTH;
    }
    static const uint8_t addresses[8] = {10, 1, 0, 1, 10, 2, 0, 1};
    ip[0] = 0x45;
    octets_put_u16(ip + 2, (uint16_t)(IPV4_HEADER_LENGTH + upper));
    ip[8] = 64;
    ip[9] = flow->protocol;
    memcpy(ip + 12, addresses, sizeof addresses);
    return IPV4_HEADER_LENGTH;
}

/* Ports, and of TCP's an acknowledgment with timestamps, as nearly every segment has them. */
static size_t upper_header_build(uint8_t *upper, const struct flow *flow)
{
    octets_put_u16(upper, 1000);
    octets_put_u16(upper + 2, 2000);
    if (flow->protocol == IP_PROTOCOL_UDP) {
        return UDP_HEADER_LENGTH;
    }
    static const uint8_t options[TIMESTAMPS_LENGTH] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
    upper[TCP_DATA_OFFSET] = (TCP_HEADER_LENGTH + TIMESTAMPS_LENGTH) / 4 << 4;
    upper[TCP_FLAGS] = TCP_ACK;
    memcpy(upper + TCP_OPTIONS, options, sizeof options);
    return TCP_HEADER_LENGTH + TIMESTAMPS_LENGTH;
}

static void whole_build(struct bench *bench, struct burst *burst, const struct flow *flow,
                        size_t payload)
{
    size_t header = flow->protocol == IP_PROTOCOL_UDP ? UDP_HEADER_LENGTH
                                                      : TCP_HEADER_LENGTH + TIMESTAMPS_LENGTH;
    uint8_t *ip = burst->whole + ESP_HEADROOM;
    memset(burst->whole, 0, sizeof burst->whole);
    size_t length = ip_header_build(ip, flow, header + payload);
    length += upper_header_build(ip + length, flow);
    bench_insist(bench, random_fill(&bench->random, ip + length, payload) == STATUS_OK,
                 "randomness has gone");
    burst->length = length + payload;
}

static void packets_empty(struct burst *burst)
{
    for (size_t i = 0; i < SEGMENTS; i++) {
        burst->packets[i] = (struct packet){.buffer = burst->buffers[i], .capacity = BUFFER_LENGTH};
        burst->all[i] = &burst->packets[i];
    }
}

static bool cut(struct burst *burst)
{
    size_t count = 0;
    bool begun = segmentation_begin(&burst->segmentation,
                                    bytes_of(burst->whole + ESP_HEADROOM, burst->length), PAYLOAD);
    while (begun && count < SEGMENTS &&
           segmentation_next(&burst->segmentation, &burst->packets[count])) {
        count++;
    }
    return count == SEGMENTS && burst->segmentation.at == burst->segmentation.payload;
}

/* ---- the cases ---- */

static void play_segments(struct bench *bench, void *context)
{
    struct burst *burst = context;
    packets_empty(burst);
    bench_on(bench);
    bool all = cut(burst);
    bench_off(bench);
    bench_insist(bench, all, "a packet was not cut");
}

static void play_checksum(struct bench *bench, void *context)
{
    struct burst *burst = context;
    struct packet whole = {.buffer = burst->whole,
                           .capacity = sizeof burst->whole,
                           .offset = ESP_HEADROOM,
                           .length = burst->length};
    struct offload offload = {.checksum_needed = true,
                              .checksum_start = IPV4_HEADER_LENGTH,
                              .checksum_offset = TCP_CHECKSUM};
    uint8_t *tcp = burst->whole + ESP_HEADROOM + IPV4_HEADER_LENGTH;
    octets_put_u16(tcp + TCP_CHECKSUM, 0);
    bench_on(bench);
    bool done = checksum_complete(&whole, &offload);
    bench_off(bench);
    bench_insist(bench,
                 done &&
                     checksum_finish(checksum_add(0, tcp, burst->length - IPV4_HEADER_LENGTH)) == 0,
                 "a checksum is wrong");
}

/* As host/data_plane_tun.c does it: what does not join leaves, and is then the first of the next.
 */
static size_t join(struct burst *burst, struct offload *offload)
{
    size_t left = 0;
    for (size_t i = 0; i < SEGMENTS; i++) {
        if (!coalescing_add(&burst->coalescing, &burst->packets[i])) {
            left++;
            coalescing_finish(&burst->coalescing, offload);
            (void)!coalescing_add(&burst->coalescing, &burst->packets[i]);
        }
    }
    coalescing_finish(&burst->coalescing, offload);
    return left + 1;
}

static void play_joined(struct bench *bench, void *context)
{
    struct burst *burst = context;
    struct offload offload;
    packets_empty(burst);
    bench_insist(bench, cut(burst), "a packet was not cut");
    bool tcp = burst->segmentation.ip.key.protocol == IP_PROTOCOL_TCP;
    bench_on(bench);
    size_t left = join(burst, &offload);
    bench_off(bench);
    bench_insist(bench, left == (tcp ? 1 : SEGMENTS), "packets did not join, or did");
}

/* ESP that goes the same way: all of one length. */
static void datagrams_set(struct burst *burst)
{
    packets_empty(burst);
    for (size_t i = 0; i < SEGMENTS; i++) {
        struct packet *packet = &burst->packets[i];
        packet->offset = ESP_HEADROOM;
        packet->length = PAYLOAD;
        packet->path.local.ip = address_from(bytes_of((const uint8_t[]){192, 0, 2, 1}, 4));
        packet->path.remote.ip = address_from(bytes_of((const uint8_t[]){192, 0, 2, 2}, 4));
        packet->path.local.port = packet->path.remote.port = IKE_NATT_PORT;
    }
}

static void play_train_length(struct bench *bench, void *context)
{
    struct burst *burst = context;
    datagrams_set(burst);
    bench_on(bench);
    size_t length = datagram_train_length(burst->all, SEGMENTS);
    bench_off(bench);
    bench_insist(bench, length == SEGMENTS, "a train ends early");
}

static void play_train_cut(struct bench *bench, void *context)
{
    struct burst *burst = context;
    struct packet whole = {.buffer = burst->whole,
                           .capacity = sizeof burst->whole,
                           .offset = ESP_HEADROOM,
                           .length = SEGMENTS * PAYLOAD};
    size_t count = 0;
    packets_empty(burst);
    bench_on(bench);
    while (count < SEGMENTS && datagram_train_next(&whole, PAYLOAD, &burst->packets[count])) {
        count++;
    }
    bench_off(bench);
    bench_insist(bench, count == SEGMENTS && whole.length == 0, "a train is not cut");
}

void offload_cases(struct bench *bench)
{
    static struct burst burst;
    static const struct {
        const char *name;
        bench_play_function *play;
    } ways[] = {{"segment", play_segments}, {"coalesce", play_joined}};
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        for (size_t f = 0; f < sizeof flows / sizeof flows[0]; f++) {
            if (bench_begin(bench, "esp.%s.%s", ways[w].name, flows[f].name)) {
                whole_build(bench, &burst, &flows[f], SEGMENTS * PAYLOAD);
                bench_play(bench, SEGMENTS, ways[w].play, &burst);
            }
        }
    }
    if (bench_begin(bench, "esp.segment.checksum")) {
        whole_build(bench, &burst, &flows[0], PAYLOAD);
        bench_play(bench, 1, play_checksum, &burst);
    }
    if (bench_begin(bench, "esp.train.length")) {
        bench_play(bench, SEGMENTS, play_train_length, &burst);
    }
    if (bench_begin(bench, "esp.train.cut")) {
        bench_play(bench, SEGMENTS, play_train_cut, &burst);
    }
}
