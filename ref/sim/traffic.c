/* IPv4 and UDP around a mark, the flow, a number and filler. */

#include "sim/traffic.h"

#include <string.h>

#include "base/writer.h"
#include "sim/host.h"

#define IPV4_LENGTH 20
#define UDP_LENGTH 8
#define HEADERS_LENGTH (IPV4_LENGTH + UDP_LENGTH)
#define PAYLOAD_MIN (TRAFFIC_MARK_LENGTH + 1 + 8)
#define LARGE 1300

static uint64_t interval_ns(struct sim *sim)
{
    uint64_t ns = sim_setting(sim, SET_TRAFFIC_MS) * SIM_MS;
    return ns / 2 + dice_roll(&sim->traffic_dice) % (ns + 1);
}

void traffic_start(struct sim *sim)
{
    sim->traffic_dice = dice_of(sim->script->seed, 2);
    for (size_t i = 0; i < sim->flow_count; i++) {
        sim->flows[i].next_ns =
            sim_setting(sim, SET_TRAFFIC_MS) > 0 ? sim->now_ns + interval_ns(sim) : UINT64_MAX;
    }
}

void traffic_stop(struct sim *sim)
{
    for (size_t i = 0; i < sim->flow_count; i++) {
        sim->flows[i].next_ns = UINT64_MAX;
    }
}

uint64_t traffic_next_ns(const struct sim *sim)
{
    uint64_t next_ns = UINT64_MAX;
    for (size_t i = 0; i < sim->flow_count; i++) {
        next_ns = sim->flows[i].next_ns < next_ns ? sim->flows[i].next_ns : next_ns;
    }
    return next_ns;
}

static void address_put(struct writer *w, unsigned host, unsigned child)
{
    writer_u8(w, 10);
    writer_u8(w, (uint8_t)(1 + host));
    writer_u8(w, (uint8_t)child);
    writer_u8(w, 9);
}

static void packet_build(struct sim *sim, const struct flow *flow, uint64_t number, size_t length,
                         struct writer *w)
{
    bool dont_fragment = dice_below(&sim->traffic_dice, 2) != 0;
    writer_u16(w, 0x4500);
    writer_u16(w, (uint16_t)length);
    writer_u16(w, (uint16_t)number);
    writer_u16(w, dont_fragment ? 0x4000 : 0);
    writer_u8(w, 64);
    writer_u8(w, 17);
    writer_u16(w, 0);
    address_put(w, flow->from, flow->child_index);
    address_put(w, flow->to, flow->child_index);
    writer_u16(w, 7000);
    writer_u16(w, 7000);
    writer_u16(w, (uint16_t)(length - IPV4_LENGTH));
    writer_u16(w, 0);
    writer_put(w, bytes_of(TRAFFIC_MARK, TRAFFIC_MARK_LENGTH));
    writer_u8(w, (uint8_t)(flow - sim->flows));
    writer_u64(w, number);
    while (w->length < length) {
        writer_u8(w, (uint8_t)(number + w->length));
    }
    uint32_t sum = 0; /* RFC 791 3.1 */
    for (size_t i = 0; i < IPV4_LENGTH; i += 2) {
        sum += (uint32_t)w->data[i] << 8 | w->data[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    w->data[10] = (uint8_t)(sum >> 8);
    w->data[11] = (uint8_t)sum;
}

static void flow_send(struct sim *sim, struct flow *flow)
{
    uint8_t octets[SIM_PACKET_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    struct host *host = &sim->hosts[flow->from];
    uint64_t number = ++sim->inner_number;
    bool large = dice_below(&sim->traffic_dice, 16) == 0;
    size_t length =
        HEADERS_LENGTH + PAYLOAD_MIN + dice_below(&sim->traffic_dice, large ? LARGE : 64);
    if (!host->on) {
        return;
    }
    packet_build(sim, flow, number, length, &w);
    (void)ledger_note(&sim->checks.inner, number, traffic_content(writer_bytes(&w)), NULL);
    if (host_send_inner(sim, host, writer_bytes(&w))) {
        flow->sent++;
        sim->counts.inner_sent++;
    }
}

void traffic_send(struct sim *sim)
{
    for (size_t i = 0; i < sim->flow_count; i++) {
        if (sim->flows[i].next_ns <= sim->now_ns) {
            sim->flows[i].next_ns = sim->now_ns + interval_ns(sim);
            flow_send(sim, &sim->flows[i]);
        }
    }
}

void traffic_mark(struct sim *sim)
{
    for (size_t i = 0; i < sim->flow_count; i++) {
        sim->flows[i].first_number = sim->inner_number + 1;
        sim->flows[i].sent = sim->flows[i].delivered = 0;
    }
}

const struct flow *traffic_stuck(const struct sim *sim)
{
    for (size_t i = 0; i < sim->flow_count; i++) {
        if (sim->flows[i].newest < sim->flows[i].first_number &&
            sim->flows[i].next_ns != UINT64_MAX) {
            return &sim->flows[i];
        }
    }
    return NULL;
}

uint64_t traffic_missing(const struct sim *sim)
{
    uint64_t missing = 0;
    for (size_t i = 0; i < sim->flow_count; i++) {
        missing += sim->flows[i].sent - sim->flows[i].delivered;
    }
    return missing;
}

/* ---- what came out ---- */

bool traffic_number(struct bytes packet, uint64_t *number)
{
    struct bytes mark;
    uint8_t flow;
    if (packet.length < HEADERS_LENGTH) {
        return false;
    }
    packet = bytes_of(packet.data + HEADERS_LENGTH, packet.length - HEADERS_LENGTH);
    return bytes_take(&packet, TRAFFIC_MARK_LENGTH, &mark) &&
           memcmp(mark.data, TRAFFIC_MARK, TRAFFIC_MARK_LENGTH) == 0 &&
           bytes_take_u8(&packet, &flow) && bytes_take_u64(&packet, number);
}

/* From the source address on: the header before it may be touched on the way. */
uint64_t traffic_content(struct bytes packet)
{
    return mark_of(bytes_of(packet.data + 12, packet.length - 12));
}

void traffic_delivered(struct sim *sim, const struct host *host, struct bytes packet,
                       uint64_t number)
{
    uint8_t index = packet.data[HEADERS_LENGTH + TRAFFIC_MARK_LENGTH];
    struct flow *flow = &sim->flows[index < sim->flow_count ? index : 0];
    if (flow->to != host->index) {
        sim_violation(sim, host, "inner packet %u reached the wrong host", (unsigned)number);
    }
    sim->counts.inner_delivered++;
    flow->newest = number > flow->newest ? number : flow->newest;
    flow->delivered += number >= flow->first_number;
}
