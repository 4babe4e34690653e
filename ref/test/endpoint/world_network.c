/* The world's network: delay, loss, copies, NATs, and the rule that a message once sent is never
 * sent with other octets. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "test/endpoint/world.h"
#include "test/endpoint/world_internal.h"
#include "wire/ike_header.h"

/* ---- a message is always the same octets, RFC 7296 2.1 ---- */

struct world_seal {
    uint64_t spi_i, spi_r;
    uint32_t message_id;
    uint32_t
        fragment; /* its number, and of how many: another cut is another set (RFC 7383 2.5.2) */
    uint8_t flags;
    uint64_t hash;
};

static uint64_t hash_of(const uint8_t *octets, size_t length)
{
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ octets[i]) * 1099511628211ULL;
    }
    return hash;
}

static uint32_t fragment_of(const struct ike_header *header, struct bytes octets)
{
    uint32_t numbers = 0;
    struct bytes skipped;
    if (header->next_payload == PAYLOAD_SKF) {
        bool there = bytes_take(&octets, IKE_HEADER_LENGTH + 4, &skipped) &&
                     bytes_take_u32(&octets, &numbers);
        assert(there);
        (void)there;
    }
    return numbers;
}

static void check_seal(struct world *world, unsigned side, const struct datagram *d)
{
    struct ike_header header;
    if (ike_header_parse(d->octets, &header) != STATUS_OK) {
        world_fail(world, side, "sent a datagram with a bad header");
    }
    if (header.exchange_type == IKE_SA_INIT ||
        (header.next_payload != PAYLOAD_SK && header.next_payload != PAYLOAD_SKF)) {
        return;
    }
    uint32_t fragment = fragment_of(&header, d->octets);
    uint64_t hash = hash_of(d->octets.data, d->octets.length);
    for (size_t i = world->seal_count; i-- > 0;) {
        const struct world_seal *s = &world->seals[i];
        if (s->spi_i == header.spi_i && s->spi_r == header.spi_r &&
            s->message_id == header.message_id && s->fragment == fragment &&
            s->flags == header.flags) {
            if (s->hash != hash) {
                world_fail(world, side, "sent a message again with other octets");
            }
            return;
        }
    }
    if (world->seal_count == world->seal_capacity) {
        world->seal_capacity = world->seal_capacity * 2 + 64;
        world->seals = realloc(world->seals, world->seal_capacity * sizeof *world->seals);
    }
    world->seals[world->seal_count++] = (struct world_seal){
        header.spi_i, header.spi_r, header.message_id, fragment, header.flags, hash};
}

/* ---- NATs ---- */

struct world_nat *world_nat_add(struct world *world, const char *inside, const char *outside)
{
    struct world_nat *nat = &world->nats[world->nat_count++];
    *nat = (struct world_nat){.on = true,
                              .inside = world_address(inside),
                              .outside = world_address(outside),
                              .next_port = 20000};
    return nat;
}

void world_nat_rebind(struct world_nat *nat)
{
    nat->count = 0;
    nat->next_port = (uint16_t)(nat->next_port + 1000);
}

static struct world_mapping *find_mapping(struct world_nat *nat,
                                          const struct transport_address *inside)
{
    for (size_t k = 0; k < nat->count && k < WORLD_MAPPINGS; k++) {
        if (transport_address_equal(&nat->mappings[k].inside, inside)) {
            return &nat->mappings[k];
        }
    }
    return NULL;
}

static void translate_source(struct world *world, struct transport_address *source)
{
    for (size_t i = 0; i < world->nat_count; i++) {
        struct world_nat *nat = &world->nats[i];
        if (!nat->on || !address_equal(&nat->inside, &source->ip)) {
            continue;
        }
        struct world_mapping *mapping = find_mapping(nat, source);
        if (mapping == NULL) {
            mapping = &nat->mappings[nat->count++ % WORLD_MAPPINGS];
            mapping->inside = *source;
            mapping->outside = (struct transport_address){nat->outside, nat->next_port++};
        }
        *source = mapping->outside;
        return;
    }
}

bool world_paths_meet(struct world *world, const struct path *a, const struct path *b)
{
    struct transport_address from_a = a->local;
    struct transport_address from_b = b->local;
    translate_source(world, &from_a);
    translate_source(world, &from_b);
    return transport_address_equal(&from_a, &b->remote) &&
           transport_address_equal(&from_b, &a->remote);
}

/* False when a NAT owns the address and has no mapping, or hides it. */
static bool translate_destination(struct world *world, struct transport_address *destination)
{
    for (size_t i = 0; i < world->nat_count; i++) {
        struct world_nat *nat = &world->nats[i];
        if (!nat->on) {
            continue;
        }
        if (address_equal(&nat->inside, &destination->ip)) {
            return false; /* a private address is nobody's, seen from outside */
        }
        if (address_equal(&nat->outside, &destination->ip)) {
            for (size_t k = 0; k < nat->count && k < WORLD_MAPPINGS; k++) {
                if (nat->mappings[k].outside.port == destination->port) {
                    *destination = nat->mappings[k].inside;
                    return true;
                }
            }
            return false;
        }
    }
    return true;
}

/* ---- on its way ---- */

static bool has_address(const struct world_side *side, const struct address *ip)
{
    for (size_t i = 0; i < side->addresses.count; i++) {
        if (address_equal(&side->addresses.items[i], ip)) {
            return true;
        }
    }
    return false;
}

static void insert(struct world *world, struct world_packet *packet)
{
    struct world_packet **link = &world->packets;
    while (*link != NULL &&
           ((*link)->at_ns < packet->at_ns ||
            ((*link)->at_ns == packet->at_ns && (*link)->number < packet->number))) {
        link = &(*link)->next;
    }
    packet->next = *link;
    *link = packet;
}

static struct world_packet *copy_of(const struct world_packet *packet)
{
    struct world_packet *copy = malloc(sizeof *copy + packet->length);
    memcpy(copy, packet, sizeof *copy + packet->length);
    return copy;
}

static enum world_fate fate_of(struct world *world, struct world_packet *packet)
{
    if (world->hook != NULL) {
        enum world_fate fate = world->hook(world, packet, world->hook_context);
        if (fate != WORLD_PASS) {
            return fate;
        }
    }
    if (world->loss_percent > 0 && world_random(world) % 100 < world->loss_percent) {
        return WORLD_DROP;
    }
    if (world->copy_percent > 0 && world_random(world) % 100 < world->copy_percent) {
        return WORLD_COPY;
    }
    return WORLD_PASS;
}

void world_network_send(struct world *world, unsigned s, const struct datagram *d)
{
    struct world_side *side = &world->sides[s];
    side->sent++;
    side->keepalives += d->keepalive;
    if (!d->keepalive && !world->quiet_checks) {
        check_seal(world, s, d);
    }
    if (d->encapsulated != (d->path.local.port == side->config.natt_port)) {
        world_fail(world, s, "encapsulation and port do not go together");
    }
    world_trace_datagram(world, s, "->", d->octets);
    struct world_packet *packet = malloc(sizeof *packet + d->octets.length);
    *packet = (struct world_packet){.number = ++world->packet_count,
                                    .from = s,
                                    .from_number = side->sent,
                                    .path = d->path,
                                    .encapsulated = d->encapsulated,
                                    .keepalive = d->keepalive,
                                    .length = d->octets.length};
    memcpy(packet->octets, d->octets.data, d->octets.length);
    packet->at_ns = world->now_ns + world->delay_ns +
                    (world->jitter_ns > 0 ? world_random(world) % world->jitter_ns : 0);
    switch (fate_of(world, packet)) {
    case WORLD_DROP:
        free(packet);
        return;
    case WORLD_TAKE:
        return;
    case WORLD_COPY:
        insert(world, copy_of(packet));
        packet->at_ns += world->jitter_ns > 0 ? world_random(world) % world->jitter_ns : 1;
        break;
    case WORLD_PASS:
        break;
    }
    insert(world, packet);
}

static bool is_dead(const struct world *world, const struct path *path)
{
    const struct address *l = &path->local.ip;
    const struct address *r = &path->remote.ip;
    return world->path_is_dead &&
           ((address_equal(l, &world->dead_path[0]) && address_equal(r, &world->dead_path[1])) ||
            (address_equal(l, &world->dead_path[1]) && address_equal(r, &world->dead_path[0])));
}

static void arrive(struct world *world, const struct world_packet *packet)
{
    struct transport_address source = packet->path.local;
    struct transport_address destination = packet->path.remote;
    if (!has_address(&world->sides[packet->from], &source.ip) || is_dead(world, &packet->path)) {
        return;
    }
    translate_source(world, &source);
    if (!translate_destination(world, &destination)) {
        return;
    }
    for (unsigned i = 0; i < world->side_count; i++) {
        struct world_side *side = &world->sides[i];
        bool natt = destination.port == side->config.natt_port;
        if (side->endpoint == NULL || !has_address(side, &destination.ip) ||
            (!natt && destination.port != side->config.ike_port) || natt != packet->encapsulated) {
            continue;
        }
        struct datagram d = {.path = {.local = destination, .remote = source},
                             .encapsulated = packet->encapsulated,
                             .keepalive = packet->keepalive,
                             .octets = bytes_of(packet->octets, packet->length)};
        side->received++;
        world_trace_datagram(world, i, "<-", d.octets);
        enum status status = endpoint_receive(side->endpoint, &d, world->now_ns);
        if (status != STATUS_OK) {
            world_trace(world, i, "   status %x", (unsigned)status);
        }
        world_drain(world, i);
        return;
    }
}

void world_network_deliver(struct world *world)
{
    struct world_packet *packet = world->packets;
    world->packets = packet->next;
    arrive(world, packet);
    free(packet);
}
