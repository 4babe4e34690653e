/* The outbound corridor, RFC 4301 5.1: an inner packet finds its policy and its SA and leaves as
 * ESP; or waits, or is answered, or dropped. Never in the clear unless its policy says BYPASS. */
#include <assert.h>
#include <string.h>

#include "esp/ecn.h"
#include "esp/esp_packet.h"
#include "esp/esp_plane_state.h"
#include "esp/path_mtu.h"
#include "esp/transport.h"

/* No SA yet: keep the packet and have one set up, RFC 4301 4.4.1. */
static enum packet_verdict packet_hold(struct esp_plane *plane, struct spd_entry *entry,
                                       const struct packet_key *key, const struct packet *packet)
{
    struct held_packet *held =
        hold_push(&entry->held, entry->policy.held_max, key, packet_bytes(packet));
    if (held == NULL) {
        return PACKET_DROP_NO_SA;
    }
    if (!entry->acquiring) {
        plane_acquire(plane, entry, held);
    }
    return PACKET_HELD;
}

static enum packet_verdict path_mtu_report(struct esp_plane *plane, const struct esp_pair *pair,
                                           const struct ip_packet *ip, struct packet *packet,
                                           uint64_t now_ns)
{
    if (!icmp_error_is_due(packet_octets(packet), ip) || !icmp_limit_take(&plane->icmp, now_ns)) {
        return PACKET_DROP_TOO_BIG;
    }
    if (!icmp_too_big_build(packet, ip, path_mtu_reported(pair, ip))) {
        return PACKET_DROP_INTERNAL;
    }
    return PACKET_REPLY;
}

/* Of a packet that fits the path; what has to be fragmented may not say otherwise. */
static bool outer_dont_fragment(const struct esp_pair *pair, const struct ip_packet *ip)
{
    if (pair->transport_mode || pair->df == DF_COPY) {
        return ip->dont_fragment;
    }
    return pair->df == DF_SET;
}

/* What the outer header is to say, RFC 4301 5.1.2. In transport mode it is the packet's own. */
static void outer_header_choose(const struct esp_pair *pair, const struct ip_packet *ip, bool fits,
                                struct packet *packet)
{
    uint8_t keep = pair->transport_mode
                       ? 0xff
                       : (uint8_t)((pair->copy_dscp ? DSCP_MASK : 0) | (pair->ecn ? ECN_MASK : 0));
    packet->path = pair->path;
    packet->udp_encapsulation = pair->udp_encapsulation;
    packet->tos = ip->tos & keep;
    packet->dont_fragment = fits && outer_dont_fragment(pair, ip);
    packet->user = pair->user;
}

static enum packet_verdict payload_make(const struct esp_pair *pair, const struct ip_packet *ip,
                                        struct packet *packet, uint8_t *next_header)
{
    if (pair->transport_mode) {
        return transport_strip(packet, ip, next_header) ? PACKET_FORWARD : PACKET_DROP_MALFORMED;
    }
    *next_header = ip->version == 4 ? IP_PROTOCOL_IPV4 : IP_PROTOCOL_IPV6;
    return PACKET_FORWARD;
}

/* From here on the pair is known; held packets join. */
static enum packet_verdict seal_on(struct esp_plane *plane, struct esp_pair *pair,
                                   const struct ip_packet *ip, struct packet *packet,
                                   uint64_t now_ns)
{
    enum path_mtu_choice choice = path_mtu_choose(pair, ip);
    if (choice == PATH_MTU_REPORT) {
        return path_mtu_report(plane, pair, ip, packet, now_ns);
    }
    if (!esp_pair_may_seal(pair, ip->total_length)) {
        plane_pair_spent(plane, pair);
        return PACKET_DROP_EXPIRED;
    }
    uint8_t next_header;
    enum packet_verdict verdict = payload_make(pair, ip, packet, &next_header);
    if (verdict != PACKET_FORWARD) {
        return verdict;
    }
    plane_pair_use(plane, pair, now_ns);
    verdict = esp_seal(pair, plane->random, packet, next_header);
    if (verdict != PACKET_FORWARD) {
        return verdict;
    }
    outer_header_choose(pair, ip, choice == PATH_MTU_FITS, packet);
    pair->usage.packets_out++;
    pair->usage.octets_out += ip->total_length;
    pair->usage.last_out_ns = now_ns;
    plane_pair_check_soft(plane, pair);
    return PACKET_FORWARD;
}

/* An ICMP error that no policy is for goes by the SA of the packets that would answer what it
 * quotes; none is made for its sake (RFC 4301 6.2). */
static struct esp_pair *error_pair(const struct esp_plane *plane, const struct packet *packet,
                                   const struct ip_packet *ip)
{
    struct packet_key key;
    if (!icmp_error_return_key(packet_octets(packet), ip, &key)) {
        return NULL;
    }
    bool expired;
    struct spd_entry *entry = spd_match(&plane->spd, &key);
    struct esp_pair *pair = entry == NULL || entry->policy.action != POLICY_PROTECT
                                ? NULL
                                : spd_entry_pair(entry, &key, &expired);
    bool of_a_router = !address_equal(&ip->key.source, &key.source);
    return pair != NULL && pair->transport_mode && of_a_router ? NULL : pair;
}

static enum packet_verdict seal_one(struct esp_plane *plane, struct packet *packet, uint64_t now_ns)
{
    struct ip_packet ip;
    if (ip_packet_parse(packet_bytes(packet), &ip) != STATUS_OK) {
        return PACKET_DROP_MALFORMED;
    }
    struct spd_entry *entry = spd_match(&plane->spd, &ip.key);
    if (entry == NULL) {
        struct esp_pair *pair = error_pair(plane, packet, &ip);
        packet->length = ip.total_length;
        return pair == NULL ? PACKET_DROP_NO_POLICY : seal_on(plane, pair, &ip, packet, now_ns);
    }
    if (entry->policy.action == POLICY_DISCARD) {
        return PACKET_DROP_NO_POLICY;
    }
    if (entry->policy.action == POLICY_BYPASS) {
        return PACKET_BYPASS;
    }
    packet->length = ip.total_length;
    bool expired;
    struct esp_pair *pair = spd_entry_pair(entry, &ip.key, &expired);
    if (pair == NULL) {
        return expired ? PACKET_DROP_EXPIRED : packet_hold(plane, entry, &ip.key, packet);
    }
    return seal_on(plane, pair, &ip, packet, now_ns);
}

void esp_plane_seal(struct esp_plane *plane, struct packet *packets, size_t count, uint64_t now_ns)
{
    for (size_t i = 0; i < count; i++) {
        assert(packet_sound(&packets[i]));
        packets[i].user = 0;
        packets[i].verdict = seal_one(plane, &packets[i], now_ns);
        plane->counters.sealed[packets[i].verdict]++;
    }
}

/* ---- held packets ---- */

static enum packet_verdict held_seal(struct esp_plane *plane, struct esp_pair *pair,
                                     const struct held_packet *held, struct packet *packet,
                                     uint64_t now_ns)
{
    packet->offset = ESP_HEADROOM;
    packet->length = held->length;
    packet->user = 0;
    if (!packet_sound(packet)) {
        packet->length = 0;
        packet->offset = 0;
        return PACKET_DROP_INTERNAL;
    }
    memcpy(packet_octets(packet), held->octets, held->length);
    struct ip_packet ip;
    if (ip_packet_parse(packet_bytes(packet), &ip) != STATUS_OK) {
        return PACKET_DROP_INTERNAL; /* it was parsed before it was held */
    }
    return seal_on(plane, pair, &ip, packet, now_ns);
}

/* The SA that came does not carry this packet. It gets one of its own asked for, once: a peer that
 * narrows it away every time must not keep us asking (RFC 7296 2.9). True: it was given up. */
static bool held_uncovered(struct esp_plane *plane, struct spd_entry *entry,
                           struct held_packet *held)
{
    if (entry->acquiring) {
        return false;
    }
    if (held->asked && entry->newest != NULL) {
        plane->counters.sealed[PACKET_DROP_SELECTORS]++;
        return true;
    }
    plane_acquire(plane, entry, held);
    return false;
}

static size_t entry_release(struct esp_plane *plane, struct spd_entry *entry,
                            struct packet *packets, size_t max, uint64_t now_ns)
{
    size_t count = 0;
    struct held_packet **link = &entry->held.first;
    while (*link != NULL && count < max) {
        struct held_packet *held = *link;
        bool expired;
        struct esp_pair *pair = spd_entry_pair(entry, &held->key, &expired);
        if (pair != NULL) {
            struct packet *packet = &packets[count++];
            packet->verdict = held_seal(plane, pair, held, packet, now_ns);
            plane->counters.sealed[packet->verdict]++;
            hold_drop(&entry->held, link);
        } else if (!expired && held_uncovered(plane, entry, held)) {
            hold_drop(&entry->held, link);
        } else {
            link = &held->next;
        }
    }
    return count;
}

size_t esp_plane_release(struct esp_plane *plane, struct packet *packets, size_t max,
                         uint64_t now_ns)
{
    size_t count = 0;
    for (struct spd_entry *entry = plane->spd.first; entry != NULL; entry = entry->next) {
        count += entry_release(plane, entry, packets + count, max - count, now_ns);
    }
    return count;
}
