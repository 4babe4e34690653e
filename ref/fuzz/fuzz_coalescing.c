/* Bursts of inner packets on their way to a TUN, as host/data_plane_tun.c hands them over: what
 * leaves as one is cut again by fuzz/cut_model.c, and is then octet for octet what came, in the
 * order in which it came; what leaves alone was not touched. Records make the burst: runs of
 * segments, some of them changed, dropped, repeated, out of order, or any octets. */

#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>

#include "esp/coalescing.h"
#include "fuzz/cut_model.h"
#include "fuzz/input.h"
#include "host/vnet_header.h"

#define PACKETS_MAX 80 /* some more than are joined */
#define PACKET_MAX 1600
#define IP_TOTAL_MAX 65535

struct one {
    uint8_t *octets; /* allocated; the packet's own, no longer than it is */
    size_t length;
    uint8_t *before; /* what was in it */
    bool goes_on;    /* of a run that nobody has touched, and not the first of it */
};

static struct one burst[PACKETS_MAX];
static size_t count;

/* ---- the burst ---- */

static void add(const uint8_t *octets, size_t length, bool goes_on)
{
    if (count < PACKETS_MAX && length <= PACKET_MAX) {
        struct one *one = &burst[count++];
        *one = (struct one){malloc(length + 1), length, malloc(length + 1), goes_on};
        memcpy(one->octets, octets, length);
    }
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* How the headers of a run are made; a bit each. */
enum run_bit {
    RUN_V6 = 1,
    RUN_DF = 2,
    RUN_OPTIONS = 4, /* of TCP's */
    RUN_PUSHED = 8,
    RUN_ENDS = 16,
    RUN_WRAPS = 32,    /* sequence number and Identification begin near their end */
    RUN_LONG = 64,     /* segments of more than a thousand octets */
    RUN_GOES_ON = 128, /* they begin where the run before ended */
};
#define FLOW_IP_OPTIONS 0x80 /* of IPv4, or an extension header */

static uint32_t next_sequence;
static uint16_t next_id;

/* IPv4 with four octets of options, or IPv6 with eight of an extension header; returns its length.
 */
static size_t ip_header_make(uint8_t *out, bool v6, bool options)
{
    static const uint8_t v4_fixed[] = {0x45, 0, 0,  0, 0, 0, 0,  0, 64, 6,
                                       0,    0, 10, 1, 0, 1, 10, 2, 0,  1};
    static const uint8_t v6_fixed[40] = {
        0x60, [6] = 6, 64, 0xfd, 0, 0, 1, [23] = 1, 0xfd, 0, 0, 2, [39] = 1};
    memcpy(out, v6 ? v6_fixed : v4_fixed, v6 ? 40 : 20);
    if (options && v6) {
        out[6] = 60; /* destination options: PadN */
        memcpy(out + 40, "\6\0\1\4\0\0\0\0", 8);
    } else if (options) {
        out[0] = 0x46;
        memcpy(out + 20, "\1\1\1\1", 4);
    }
    return (v6 ? 40 : 20) + (options ? (v6 ? 8 : 4) : 0);
}

static size_t tcp_header_make(uint8_t *tcp, uint8_t how, uint8_t flow)
{
    memset(tcp, 0, 20);
    put16(tcp, 1000);
    put16(tcp + 2, flow);
    put16(tcp + 4, next_sequence >> 16);
    put16(tcp + 6, next_sequence);
    tcp[12] = (how & RUN_OPTIONS) != 0 ? 0x80 : 0x50;
    tcp[13] = 0x10 | ((how & RUN_PUSHED) != 0 ? 0x08 : 0) | ((how & RUN_ENDS) != 0 ? 0x01 : 0);
    memcpy(tcp + 20, "\1\1\10\12\0\0\0\1\0\0\0\2", 12); /* timestamps, or overwritten */
    return (how & RUN_OPTIONS) != 0 ? 32 : 20;
}

/* The headers of the long packet, and where the next one goes on; returns their length. */
static size_t headers_make(uint8_t *out, uint8_t how, uint8_t flow, size_t payload)
{
    bool v6 = (how & RUN_V6) != 0, wraps = (how & RUN_WRAPS) != 0;
    if ((how & RUN_GOES_ON) == 0) {
        next_sequence = wraps ? UINT32_MAX - 5 : 0x11111111;
        next_id = wraps ? 0xfffe : 0x1234;
    }
    size_t upper = ip_header_make(out, v6, (flow & FLOW_IP_OPTIONS) != 0);
    size_t length = upper + tcp_header_make(out + upper, how, flow);
    put16(out + (v6 ? 4 : 2), length + payload - (v6 ? 40 : 0));
    if (!v6) {
        out[6] = (how & RUN_DF) != 0 ? 0x40 : 0;
        put16(out + 4, next_id);
    }
    next_sequence += (uint32_t)payload;
    return length;
}

/* A good run: how, flow, octets of a segment, segments, octets that the last one lacks. */
static void run(struct input *in)
{
    static uint8_t whole[IP_TOTAL_MAX], segment[PACKET_MAX];
    uint8_t how = input_u8(in), flow = input_u8(in);
    size_t length = 1 + (size_t)input_u8(in) + ((how & RUN_LONG) != 0 ? 1024 : 0);
    size_t wanted = 1 + input_below(in, PACKETS_MAX);
    size_t payload = length * wanted - input_u8(in) % length;
    size_t most = IP_TOTAL_MAX - 80;
    payload = payload < most ? payload : most;
    size_t header = headers_make(whole, how, flow, payload);
    for (size_t i = 0; i < payload; i += length) { /* one octet of each says which it is */
        whole[header + i] = (uint8_t)(1 + i / length);
    }
    struct ip_packet ip;
    struct cut_model model;
    if (ip_packet_parse(bytes_of(whole, header + payload), &ip) != STATUS_OK ||
        !cut_model_begin(&model, whole, &ip, length)) {
        finding("the fuzzer cannot make a packet");
    }
    for (size_t i = 0; i < cut_model_count(&model); i++, next_id++) {
        add(segment, cut_model_segment(&model, i, segment), i > 0 && (flow & FLOW_IP_OPTIONS) == 0);
    }
}

static void raw(struct input *in)
{
    add(in->left.length > 0 ? in->left.data : (const uint8_t *)"", in->left.length, false);
}

/* What can be read as TCP in IP gets right checksums. */
static void checksums_fix(struct one *one)
{
    struct ip_packet ip;
    struct cut_model model;
    if (ip_packet_parse(bytes_of(one->octets, one->length), &ip) == STATUS_OK &&
        cut_model_begin(&model, one->octets, &ip, 1)) {
        cut_model_checksums(&model, one->octets, ip.total_length);
    }
}

/* From one that is touched on the run may end, also before it. */
static void touched(size_t at)
{
    burst[at].goes_on = false;
    if (at + 1 < count) {
        burst[at + 1].goes_on = false;
    }
}

/* Which packet, whether checksums are to be right again, then which octet and what it becomes. */
static void change(struct input *in)
{
    size_t at = input_below(in, count);
    bool fix = (input_u8(in) & 1) != 0;
    while (count > 0 && in->left.length >= 2 && burst[at].length > 0) {
        size_t place = input_u8(in) % burst[at].length;
        burst[at].octets[place] ^= input_u8(in);
        touched(at);
    }
    if (fix && count > 0) {
        checksums_fix(&burst[at]);
    }
}

static void swap(struct input *in)
{
    size_t a = input_below(in, count), b = input_below(in, count);
    if (count > 0) {
        struct one one = burst[a];
        burst[a] = burst[b];
        burst[b] = one;
        touched(a);
        touched(b);
    }
}

static void repeat(struct input *in)
{
    size_t at = input_below(in, count);
    if (count > 0) {
        add(burst[at].octets, burst[at].length, false);
    }
}

/* The end of one is missing, or there is more than its header says. */
static void resize(struct input *in)
{
    size_t at = input_below(in, count), length = input_u8(in);
    if (count > 0) {
        uint8_t *octets = calloc(1, length + 1);
        memcpy(octets, burst[at].octets, length < burst[at].length ? length : burst[at].length);
        free(burst[at].octets);
        free(burst[at].before);
        burst[at].octets = octets;
        burst[at].length = length;
        burst[at].before = malloc(length + 1);
        touched(at);
    }
}

typedef void operation(struct input *in);
static operation *const operations[] = {run, change, raw, swap, repeat, resize};

#define OPERATIONS (sizeof operations / sizeof operations[0])

/* ---- what became of it ---- */

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* 0 and 0xffff are one number to whoever sums up (RFC 1624 3); a cut makes the first of them. */
static void zero_is_zero(uint8_t *checksum)
{
    if (get16(checksum) == 0xffff) {
        put16(checksum, 0);
    }
}

/* As it came, but for what nobody reads: an Identification that is the first's beside DF (RFC 6864
 * 4.1) has become one that counts. */
static void same_as_before(const struct cut_model *model, const struct one *one, size_t number,
                           const uint8_t *octets, size_t length)
{
    static uint8_t came[PACKET_MAX];
    if (length != one->length) {
        finding("cut again, a segment has another length");
    }
    memcpy(came, one->before, length);
    uint16_t first = get16(model->octets + 4);
    if (!model->v6 && (came[6] & 0x40) != 0 && get16(came + 4) == first) {
        put16(came + 4, (size_t)first + number);
        put16(came + 10, 0);
        put16(came + 10, (size_t)(0xffff - cut_model_sum(0, came, (size_t)(came[0] & 15) * 4)));
    }
    zero_is_zero(came + model->upper + 16);
    if (!model->v6) {
        zero_is_zero(came + 10);
    }
    if (memcmp(came, octets, length) != 0) {
        finding("cut again, a segment is another than came");
    }
}

/* What the kernel is told is what it needs: how to cut, and a checksum that is to be completed. */
static void told(const struct cut_model *model, const struct offload *offload, uint8_t *octets,
                 size_t length)
{
    uint8_t header[VNET_HEADER_LENGTH];
    struct virtio_net_hdr vnet;
    vnet_header_build(header, offload, octets[0] >> 4);
    memcpy(&vnet, header, sizeof vnet);
    if (vnet.flags != VIRTIO_NET_HDR_F_NEEDS_CSUM || vnet.gso_size != model->segment ||
        vnet.gso_type != (model->v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4) ||
        vnet.hdr_len != model->header_length || vnet.csum_start != model->upper ||
        vnet.csum_offset != 16) {
        finding("the kernel is told something else than what the packet is");
    }
    if (!model->v6 && cut_model_sum(0, octets, model->upper) != 0xffff) {
        finding("the checksum of a joined IPv4 header is wrong");
    }
    uint8_t *checksum = octets + model->upper + 16;
    uint16_t sum = cut_model_sum(0, octets + model->upper, length - model->upper);
    put16(checksum, (size_t)(0xffff - sum));
    if (cut_model_upper_sum(model, octets, length) != 0xffff) {
        finding("the checksum of a joined packet cannot be completed");
    }
}

static void check_joined(struct packet *const *packets, size_t at, size_t joined,
                         const struct offload *offload)
{
    static uint8_t whole[IP_TOTAL_MAX + 40], segment[PACKET_MAX];
    size_t length = 0;
    for (size_t i = 0; i < joined; i++) {
        size_t skipped = i == 0 ? 0 : offload->header_length;
        size_t piece = packets[i]->length - skipped;
        if (packets[i]->length <= skipped || piece > sizeof whole - length) {
            finding("a joined packet is too long, or one of it is empty");
        }
        memcpy(whole + length, packets[i]->buffer + packets[i]->offset + skipped, piece);
        length += piece;
    }
    struct ip_packet ip;
    struct cut_model model;
    if (ip_packet_parse(bytes_of(whole, length), &ip) != STATUS_OK || ip.total_length != length ||
        !cut_model_begin(&model, whole, &ip, offload->segment) || !model.tcp ||
        cut_model_count(&model) != joined) {
        finding("a joined packet cannot be cut into as many as it was");
    }
    told(&model, offload, whole, length);
    for (size_t i = 0; i < joined; i++) {
        size_t again = cut_model_segment(&model, i, segment);
        same_as_before(&model, &burst[at + i], i, segment, again);
    }
}

/* What has been collected leaves; returns how many it was. */
static size_t leave(struct coalescing *c, struct packet *packets, size_t at)
{
    struct offload offload;
    size_t joined = coalescing_finish(c, &offload);
    for (size_t i = 0; i < joined; i++) {
        if (c->packets[i] != &packets[at + i]) {
            finding("packets leave in another order than they came in");
        }
    }
    if (joined == 1 && (offload.segment != 0 || offload.checksum_needed ||
                        memcmp(burst[at].octets, burst[at].before, burst[at].length) != 0)) {
        finding("a packet that goes alone has changed");
    }
    if (joined > 1) {
        check_joined(c->packets, at, joined, &offload);
    }
    return joined;
}

/* One that goes on where nothing was touched has to join, while there is room. */
static void check_goes_on(const struct coalescing *c, size_t from, size_t at)
{
    bool untouched = true;
    for (size_t i = from + 1; i <= at; i++) {
        untouched = untouched && burst[i].goes_on;
    }
    if (untouched && c->count < COALESCED_MAX && c->length + burst[at].length <= IP_TOTAL_MAX) {
        finding("a segment that goes on where the others end does not join them");
    }
}

static void burst_play(void)
{
    static struct packet packets[PACKETS_MAX];
    static struct coalescing c;
    size_t gone = 0;
    c.count = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(burst[i].before, burst[i].octets, burst[i].length);
        packets[i] = (struct packet){
            .buffer = burst[i].octets, .capacity = burst[i].length, .length = burst[i].length};
    }
    for (size_t i = 0; i < count; i++) {
        if (!coalescing_add(&c, &packets[i])) {
            check_goes_on(&c, gone, i);
            gone += leave(&c, packets, gone);
            if (!coalescing_add(&c, &packets[i])) {
                finding("the first one is not taken");
            }
        }
    }
    if (gone + leave(&c, packets, gone) != count) {
        finding("packets are lost, or were made up");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    uint8_t number;
    struct input arguments;
    count = 0;
    (void)input_u8(&in); /* as of every script: the world, of which there is one */
    for (unsigned i = 0; i < 40 && input_record(&in, &number, &arguments); i++) {
        operations[number % OPERATIONS](&arguments);
    }
    burst_play();
    for (size_t i = 0; i < count; i++) {
        free(burst[i].octets);
        free(burst[i].before);
    }
    return 0;
}
