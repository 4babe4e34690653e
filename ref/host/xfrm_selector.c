/* Ranges of addresses become prefixes, ranges of ports become masked ports: both are the fewest
 * blocks of a power of two that make up the range. */
#include "host/xfrm_selector.h"

#include <arpa/inet.h>
#include <string.h>

#include "host/prefix.h"
#include "host/socket_address.h"
#include "host/xfrm_address.h"

#define PORT_BLOCKS_MAX 30 /* of the worst range: 2 * 15 */
#define PROTOCOL_ICMP 1
#define PROTOCOL_ICMPV6 58

struct port_block {
    uint16_t port, mask;
};

/* At most PORT_BLOCKS_MAX; "any port" is one of mask 0. */
static size_t port_blocks_of(uint32_t start, uint32_t end, struct port_block *out)
{
    size_t count = 0;
    while (start <= end) {
        uint32_t size = 1;
        while (start % (size * 2) == 0 && start + size * 2 - 1 <= end) {
            size *= 2;
        }
        out[count++] = (struct port_block){(uint16_t)start, (uint16_t) ~(size - 1)};
        start += size;
    }
    return count;
}

static bool is_icmp(uint8_t protocol)
{
    return protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6;
}

/* XFRM keeps an ICMP type where the source port is and its code where the destination port is. Our
 * one number has the type above the code; a range within one type, or of whole types, can be said.
 */
static bool icmp_ports_fill(const struct traffic_selector *s, struct xfrm_selector *out)
{
    uint8_t type = (uint8_t)(s->port_start >> 8);
    if (s->port_start == 0 && s->port_end == UINT16_MAX) {
        return true;
    }
    if (s->port_end >> 8 != type) {
        return false;
    }
    out->sport = htons(type);
    out->sport_mask = UINT16_MAX;
    if ((s->port_start & 0xff) == (s->port_end & 0xff)) {
        out->dport = htons(s->port_start & 0xff);
        out->dport_mask = UINT16_MAX;
        return true;
    }
    return (s->port_start & 0xff) == 0 && (s->port_end & 0xff) == 0xff;
}

static bool is_opaque(const struct traffic_selector *s)
{
    return s->port_start > s->port_end;
}

static bool append(struct xfrm_selector_list *list, const struct xfrm_selector *selector)
{
    if (list->count == XFRM_SELECTORS_MAX) {
        return false;
    }
    list->items[list->count++] = *selector;
    return true;
}

static bool ports_append(const struct xfrm_selector *addresses,
                         const struct traffic_selector *local,
                         const struct traffic_selector *remote, struct xfrm_selector_list *out)
{
    struct xfrm_selector one = *addresses;
    if (is_icmp(one.proto)) {
        /* Both ends are given the same type and code. */
        const struct traffic_selector *narrow =
            local->port_start == 0 && local->port_end == UINT16_MAX ? remote : local;
        return icmp_ports_fill(narrow, &one) && append(out, &one);
    }
    struct port_block sources[PORT_BLOCKS_MAX], destinations[PORT_BLOCKS_MAX];
    size_t source_count = port_blocks_of(local->port_start, local->port_end, sources);
    size_t destination_count = port_blocks_of(remote->port_start, remote->port_end, destinations);
    for (size_t i = 0; i < source_count; i++) {
        for (size_t j = 0; j < destination_count; j++) {
            one.sport = htons(sources[i].port);
            one.sport_mask = htons(sources[i].mask);
            one.dport = htons(destinations[j].port);
            one.dport_mask = htons(destinations[j].mask);
            if (!append(out, &one)) {
                return false;
            }
        }
    }
    return true;
}

static bool pair_append(const struct traffic_selector *local, const struct traffic_selector *remote,
                        struct xfrm_selector_list *out)
{
    if (local->start.family != remote->start.family ||
        (local->protocol != 0 && remote->protocol != 0 && local->protocol != remote->protocol)) {
        return true; /* no packet is in both */
    }
    if (is_opaque(local) || is_opaque(remote)) {
        return false;
    }
    static struct prefix sources[PREFIXES_PER_RANGE_MAX], destinations[PREFIXES_PER_RANGE_MAX];
    size_t source_count = prefixes_of_range(&local->start, &local->end, sources);
    size_t destination_count = prefixes_of_range(&remote->start, &remote->end, destinations);
    for (size_t i = 0; i < source_count; i++) {
        for (size_t j = 0; j < destination_count; j++) {
            struct xfrm_selector addresses = {
                .saddr = xfrm_address_from(&sources[i].address),
                .daddr = xfrm_address_from(&destinations[j].address),
                .prefixlen_s = sources[i].length,
                .prefixlen_d = destinations[j].length,
                .family = (uint16_t)socket_family(local->start.family),
                .proto = local->protocol != 0 ? local->protocol : remote->protocol,
            };
            if (!ports_append(&addresses, local, remote, out)) {
                return false;
            }
        }
    }
    return true;
}

bool xfrm_selectors_of(const struct selector_list *local, const struct selector_list *remote,
                       struct xfrm_selector_list *out)
{
    out->count = 0;
    for (size_t i = 0; i < local->count; i++) {
        for (size_t j = 0; j < remote->count; j++) {
            if (!pair_append(&local->items[i], &remote->items[j], out)) {
                return false;
            }
        }
    }
    return true;
}

struct xfrm_selector xfrm_selector_reversed(const struct xfrm_selector *selector)
{
    struct xfrm_selector out = *selector;
    out.saddr = selector->daddr;
    out.daddr = selector->saddr;
    out.prefixlen_s = selector->prefixlen_d;
    out.prefixlen_d = selector->prefixlen_s;
    if (!is_icmp(selector->proto)) {
        out.sport = selector->dport;
        out.sport_mask = selector->dport_mask;
        out.dport = selector->sport;
        out.dport_mask = selector->sport_mask;
    }
    return out;
}

bool xfrm_selector_equal(const struct xfrm_selector *a, const struct xfrm_selector *b)
{
    return memcmp(&a->saddr, &b->saddr, sizeof(a->saddr)) == 0 &&
           memcmp(&a->daddr, &b->daddr, sizeof(a->daddr)) == 0 &&
           a->prefixlen_s == b->prefixlen_s && a->prefixlen_d == b->prefixlen_d &&
           a->sport == b->sport && a->sport_mask == b->sport_mask && a->dport == b->dport &&
           a->dport_mask == b->dport_mask && a->family == b->family && a->proto == b->proto;
}

struct packet_key xfrm_selector_key(const struct xfrm_selector *selector)
{
    struct packet_key key = {
        .source = xfrm_address_read(&selector->saddr, selector->family),
        .destination = xfrm_address_read(&selector->daddr, selector->family),
        .protocol = selector->proto,
        .has_ports = selector->sport_mask != 0 || selector->dport_mask != 0,
        .source_port = ntohs(selector->sport),
        .destination_port = ntohs(selector->dport),
    };
    if (is_icmp(key.protocol)) {
        key.source_port = (uint16_t)(key.source_port << 8 | (key.destination_port & 0xff));
        key.destination_port = key.source_port;
    }
    return key;
}
