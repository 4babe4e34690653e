/* The inbound corridor, RFC 4301 5.2: what came in on UDP 4500 or protocol 50 finds its SA, proves
 * authentic, and leaves as an inner packet of the traffic that was negotiated. Cheap checks first.
 */
#include <assert.h>

#include "esp/ecn.h"
#include "esp/esp_packet.h"
#include "esp/esp_plane_state.h"
#include "esp/icmp.h"
#include "esp/transport.h"
#include "esp/udp_encap.h"

/* Takes UDP encapsulation off; PACKET_FORWARD when ESP is left. */
static enum packet_verdict udp_encap_open(struct packet *packet)
{
    switch (udp_encap_classify(packet_bytes(packet))) {
    case UDP_ENCAP_ESP:
        return PACKET_FORWARD;
    case UDP_ENCAP_IKE:
        packet_strip(packet, NON_ESP_MARKER_LENGTH);
        return PACKET_IKE;
    case UDP_ENCAP_KEEPALIVE:
        return PACKET_KEEPALIVE;
    default:
        return PACKET_DROP_MALFORMED;
    }
}

/* The reserved SPIs (RFC 4303 2.1) are never installed, so they are not found either. */
static struct esp_pair *pair_find(const struct esp_plane *plane, uint32_t spi, uint64_t now_ns)
{
    struct esp_pair *pair = sad_find(&plane->sad, spi);
    return pair == NULL || (pair->lingering && pair->due_ns <= now_ns) ? NULL : pair;
}

/* Everything an authentic packet changes, whatever it carries. */
static enum packet_verdict pair_take_note(struct esp_plane *plane, struct esp_pair *pair,
                                          struct packet *packet, bool highest, uint64_t now_ns)
{
    packet->user = pair->user;
    if (plane_pair_is_at(pair, packet)) {
        pair->usage.last_in_ns = now_ns; /* of what comes another way no path is known to work */
    }
    pair->standby = false; /* the peer uses the new SA, so may we: RFC 7296 2.8 */
    plane_pair_check_moved(plane, pair, packet, highest);
    if (!esp_pair_may_open(pair, packet->length)) {
        plane_pair_spent(plane, pair);
        return PACKET_DROP_EXPIRED;
    }
    pair->usage.packets_in++;
    return PACKET_FORWARD;
}

/* Tunnel mode: the payload is a packet of the version Next Header says; TFC padding goes. */
static bool tunnel_mode_restore(struct packet *packet, uint8_t next_header, struct ip_packet *ip)
{
    uint8_t version = next_header == IP_PROTOCOL_IPV4 ? 4 : next_header == IP_PROTOCOL_IPV6 ? 6 : 0;
    if (version == 0 || ip_packet_parse(packet_bytes(packet), ip) != STATUS_OK ||
        ip->version != version) {
        return false;
    }
    packet->length = ip->total_length;
    return true;
}

static bool transport_mode_restore(const struct esp_pair *pair, struct packet *packet,
                                   uint8_t next_header, struct ip_packet *ip)
{
    const struct path *path = packet->path.remote.ip.family != ADDRESS_NONE &&
                                      packet->path.local.ip.family == packet->path.remote.ip.family
                                  ? &packet->path
                                  : &pair->path;
    if (!transport_restore(packet, path, next_header) ||
        ip_packet_parse(packet_bytes(packet), ip) != STATUS_OK || ip->fragment) {
        return false;
    }
    if (packet->udp_encapsulation || pair->udp_encapsulation) { /* a NAT may stand between */
        transport_fix_checksum(packet_octets(packet), ip);
    }
    return true;
}

/* RFC 6040 4.2. In transport mode both are the same header, and figure 4 changes nothing. */
static bool congestion_pass_on(const struct esp_pair *pair, const struct packet *packet,
                               const struct ip_packet *ip)
{
    uint8_t field;
    if (!pair->ecn) {
        return true;
    }
    if (!ecn_decapsulate(ip->tos, packet->tos, &field)) {
        return false;
    }
    if (field != (ip->tos & ECN_MASK)) {
        ip_packet_set_tos(packet_octets(packet), (uint8_t)((ip->tos & DSCP_MASK) | field));
    }
    return true;
}

#define FRAGMENT_MIN 16 /* ports, sequence numbers and flags of TCP: RFC 1858 3.2, RFC 3128 */

/* On an SA for what has no ports to be seen nothing tells whose fragments these are: none may lie
 * over the part of TCP's header that filters look at (RFC 4301 7.2). */
static bool fragment_is_too_early(const struct esp_pair *pair, const struct ip_packet *ip)
{
    return pair->opaque_ports && ip->version == 4 && ip->later_fragment &&
           ip->key.protocol == IP_PROTOCOL_TCP && ip->fragment_at < FRAGMENT_MIN;
}

/* The packet itself, or what an ICMP error quotes (RFC 4301 6.2). */
static bool selectors_allow(const struct esp_pair *pair, const struct packet *packet,
                            const struct ip_packet *ip)
{
    struct packet_key key;
    return esp_pair_matches_inbound(pair, &ip->key) ||
           (icmp_error_return_key(packet_octets(packet), ip, &key) &&
            esp_pair_matches_inbound(pair, &key));
}

static enum packet_verdict inner_restore(struct esp_pair *pair, struct packet *packet,
                                         uint8_t next_header)
{
    struct ip_packet ip;
    if (!(pair->transport_mode ? transport_mode_restore(pair, packet, next_header, &ip)
                               : tunnel_mode_restore(packet, next_header, &ip))) {
        pair->usage.malformed++;
        return PACKET_DROP_MALFORMED;
    }
    if (!selectors_allow(pair, packet, &ip) || fragment_is_too_early(pair, &ip)) {
        pair->usage.outside_selectors++;
        return PACKET_DROP_SELECTORS;
    }
    return congestion_pass_on(pair, packet, &ip) ? PACKET_FORWARD : PACKET_DROP_CONGESTION;
}

static enum packet_verdict open_on(struct esp_plane *plane, struct esp_pair *pair,
                                   const struct esp_header *header, struct packet *packet,
                                   uint64_t now_ns)
{
    struct esp_opened opened;
    plane_pair_use(plane, pair, now_ns);
    enum packet_verdict verdict = esp_open(pair, header, packet, &opened);
    if (verdict != PACKET_FORWARD) {
        return verdict;
    }
    verdict = pair_take_note(plane, pair, packet, opened.highest, now_ns);
    if (verdict != PACKET_FORWARD) {
        return verdict;
    }
    if (opened.next_header == IP_PROTOCOL_NO_NEXT_HEADER) {
        verdict = PACKET_DUMMY;
    } else {
        verdict = inner_restore(pair, packet, opened.next_header);
    }
    if (verdict == PACKET_FORWARD) {
        pair->usage.octets_in += packet->length;
    }
    plane_pair_check_soft(plane, pair);
    return verdict;
}

static enum packet_verdict open_one(struct esp_plane *plane, struct packet *packet, uint64_t now_ns)
{
    if (packet->udp_encapsulation) {
        enum packet_verdict verdict = udp_encap_open(packet);
        if (verdict != PACKET_FORWARD) {
            return verdict;
        }
    }
    struct esp_header header;
    if (esp_header_parse(packet_bytes(packet), &header) != STATUS_OK) {
        return PACKET_DROP_MALFORMED;
    }
    struct esp_pair *pair = pair_find(plane, header.spi, now_ns);
    if (pair == NULL) {
        return PACKET_DROP_NO_SA;
    }
    if (pair->expired) {
        return PACKET_DROP_EXPIRED;
    }
    return open_on(plane, pair, &header, packet, now_ns);
}

void esp_plane_open(struct esp_plane *plane, struct packet *packets, size_t count, uint64_t now_ns)
{
    for (size_t i = 0; i < count; i++) {
        assert(packet_sound(&packets[i]));
        packets[i].user = 0;
        packets[i].verdict = open_one(plane, &packets[i], now_ns);
        plane->counters.opened[packets[i].verdict]++;
    }
}
