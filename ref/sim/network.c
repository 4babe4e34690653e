/* What becomes of a datagram between two hosts. */

#include "sim/network.h"

#include <stdlib.h>
#include <string.h>

#define REORDER_NS (300 * SIM_MS)
#define UDP_LENGTH 8
#define IPV6_MTU_MIN 1280 /* RFC 8200 5 */

void network_empty(struct sim *sim)
{
    struct network *network = &sim->network;
    while (network->first != NULL) {
        struct wire_packet *next = network->first->next;
        free(network->first);
        network->first = next;
    }
}

void network_reset(struct sim *sim)
{
    struct network *network = &sim->network;
    network_empty(sim);
    memset(network, 0, offsetof(struct network, nats));
    network->digest = 0;
    network->dice = dice_of(sim->script->seed, 1);
    network->delay_ns = sim_setting(sim, SET_DELAY_MS) * SIM_MS;
}

void network_calm(struct sim *sim)
{
    struct network *network = &sim->network;
    network->loss = network->corrupt = network->burst = 0;
    if (sim_setting(sim, SET_PLAN) != PLAN_CALM) { /* there they never explain a loss */
        network->jitter_ns = 0;
        network->reorder = network->duplicate = 0;
    }
    network->partition_ns = 0;
    network->mtu = 0;
    memset(network->deaf_ns, 0, sizeof network->deaf_ns);
}

/* ---- out ---- */

static void digest(struct sim *sim, const struct host *host, const struct outgoing *outgoing)
{
    uint64_t mark = mark_of(outgoing->octets);
    const struct path *path = &outgoing->path;
    mark = mark_join(mark, mark_of(address_bytes(&path->local.ip)));
    mark = mark_join(mark, mark_of(address_bytes(&path->remote.ip)));
    mark = mark_join(mark, (uint64_t)path->local.port << 16 | path->remote.port);
    mark = mark_join(mark, sim->now_ns);
    sim->network.digest = mark_join(sim->network.digest, mark_join(mark, host->index));
}

static bool has_address(const struct host *host, const struct address *ip)
{
    for (size_t i = 0; i < host->addresses.count; i++) {
        if (address_equal(&host->addresses.items[i], ip)) {
            return true;
        }
    }
    return false;
}

static void translate_out(struct sim *sim, struct transport_address *source,
                          const struct transport_address *destination)
{
    struct network *network = &sim->network;
    for (size_t i = network->nat_count; i-- > 0;) { /* the inner one first */
        if (nat_hides(&network->nats[i], &source->ip)) {
            nat_out(&network->nats[i], source, destination, sim->now_ns);
        }
    }
}

static bool translate_in(struct sim *sim, const struct transport_address *source,
                         struct transport_address *destination)
{
    struct network *network = &sim->network;
    for (size_t i = 0; i < network->nat_count; i++) {
        if (nat_hides(&network->nats[i], &destination->ip)) {
            return false; /* seen from outside a private address is nobody's */
        }
    }
    for (size_t i = 0; i < network->nat_count; i++) {
        struct nat *nat = &network->nats[i];
        if (address_equal(&nat->outside, &destination->ip) &&
            !nat_in(nat, source, destination, sim->now_ns)) {
            return false;
        }
    }
    return true;
}

static void insert(struct network *network, struct wire_packet *packet)
{
    struct wire_packet **link = &network->first;
    while (*link != NULL &&
           ((*link)->at_ns < packet->at_ns ||
            ((*link)->at_ns == packet->at_ns && (*link)->number < packet->number))) {
        link = &(*link)->next;
    }
    packet->next = *link;
    *link = packet;
}

static bool is_lost(struct sim *sim)
{
    struct network *network = &sim->network;
    if (network->burst > 0) {
        network->burst--;
        return true;
    }
    return dice_percent(&network->dice, network->loss) || sim->now_ns < network->partition_ns;
}

static uint64_t arrival(struct network *network, uint64_t now_ns)
{
    uint64_t at_ns = now_ns + network->delay_ns;
    if (network->jitter_ns > 0) {
        at_ns += dice_roll(&network->dice) % network->jitter_ns;
    }
    if (dice_percent(&network->dice, network->reorder)) {
        at_ns += dice_roll(&network->dice) % REORDER_NS;
    }
    return at_ns;
}

static void launch(struct sim *sim, const struct outgoing *outgoing)
{
    struct network *network = &sim->network;
    size_t length = outgoing->octets.length;
    struct wire_packet *packet = malloc(sizeof *packet + length);
    if (packet == NULL) {
        abort();
    }
    *packet = (struct wire_packet){.number = ++network->count,
                                   .source = outgoing->path.local,
                                   .destination = outgoing->path.remote,
                                   .protocol_50 = outgoing->protocol_50,
                                   .length = length,
                                   .at_ns = arrival(network, sim->now_ns)};
    memcpy(packet->octets, outgoing->octets.data, length);
    if (dice_percent(&network->dice, network->corrupt) && length > 0) {
        for (uint32_t i = 1 + dice_below(&network->dice, 3); i > 0; i--) {
            uint32_t at = dice_below(&network->dice, (uint32_t)length);
            packet->octets[at] ^= (uint8_t)(1 << dice_below(&network->dice, 8));
        }
    }
    if (outgoing->protocol_50) { /* no ports: a NAT cannot tell whose it is */
        for (size_t i = 0; i < network->nat_count; i++) {
            if (nat_hides(&network->nats[i], &packet->source.ip)) {
                free(packet);
                return;
            }
        }
    } else {
        translate_out(sim, &packet->source, &outgoing->path.remote);
    }
    insert(network, packet);
}

uint32_t network_mtu(const struct sim *sim, const struct address *remote)
{
    uint32_t mtu = sim->network.mtu != 0 ? sim->network.mtu : UINT32_MAX;
    return remote->family == ADDRESS_V6 && mtu < IPV6_MTU_MIN ? IPV6_MTU_MIN : mtu;
}

static size_t packet_length(const struct outgoing *outgoing)
{
    size_t header = outgoing->path.remote.ip.family == ADDRESS_V6 ? 40 : 20;
    return header + UDP_LENGTH + outgoing->octets.length;
}

bool network_send(struct sim *sim, const struct host *host, const struct outgoing *outgoing)
{
    struct network *network = &sim->network;
    sim->counts.datagrams++;
    digest(sim, host, outgoing);
    bool too_big = network_mtu(sim, &outgoing->path.remote.ip) < packet_length(outgoing);
    if (too_big && outgoing->dont_fragment) {
        return false;
    }
    if (!has_address(host, &outgoing->path.local.ip)) {
        return true; /* the system refuses a source that is not there */
    }
    if (is_lost(sim)) {
        sim->counts.lost++;
        return true;
    }
    launch(sim, outgoing);
    if (dice_percent(&network->dice, network->duplicate)) {
        launch(sim, outgoing);
    }
    return true;
}

/* ---- in ---- */

uint64_t network_next_ns(const struct sim *sim)
{
    return sim->network.first != NULL ? sim->network.first->at_ns : UINT64_MAX;
}

static struct host *receiver(struct sim *sim, const struct wire_packet *packet, struct path *path)
{
    *path = (struct path){.local = packet->destination, .remote = packet->source};
    if (!packet->protocol_50 && !translate_in(sim, &packet->source, &path->local)) {
        return NULL;
    }
    for (unsigned i = 0; i < sim->host_count; i++) {
        struct host *host = &sim->hosts[i];
        bool port = packet->protocol_50 || path->local.port == host->config.ike_port ||
                    path->local.port == host->config.natt_port;
        if (host->on && port && has_address(host, &path->local.ip)) {
            return sim->now_ns < sim->network.deaf_ns[i] ? NULL : host;
        }
    }
    return NULL;
}

struct wire_packet *network_take(struct sim *sim, struct host **to, struct path *path)
{
    struct wire_packet *packet = sim->network.first;
    sim->network.first = packet->next;
    *to = sim->now_ns < sim->network.partition_ns ? NULL : receiver(sim, packet, path);
    return packet;
}

bool network_paths_meet(struct sim *sim, const struct path *a, const struct path *b)
{
    struct transport_address from_a = a->local;
    struct transport_address from_b = b->local;
    struct nat before[SIM_NATS]; /* looking leaves no mapping behind */
    memcpy(before, sim->network.nats, sizeof before);
    translate_out(sim, &from_a, &a->remote);
    translate_out(sim, &from_b, &b->remote);
    memcpy(sim->network.nats, before, sizeof before);
    return transport_address_equal(&from_a, &b->remote) &&
           transport_address_equal(&from_b, &a->remote);
}
