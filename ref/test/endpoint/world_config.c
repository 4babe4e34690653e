/* The world's configuration: two hosts that are each other's peer, with a key exchange that
 * costs nothing, so that a hundred thousand lives fit into a test. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/stand_in.h"
#include "test/endpoint/world.h"
#include "test/endpoint/world_internal.h"

/* ---- proposals ---- */

void world_propose(struct proposal_list *list, uint8_t protocol, const char *words)
{
    const char *error = NULL;
    bool good = proposal_parse_text(words, protocol, &list->items[0], &error);
    assert(good);
    (void)good;
    list->count = 1;
}

static void add_transform(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
    p->transforms[p->count++] = (struct transform){.type = type, .id = id, .key_bits = key_bits};
}

void world_stand_in_ike(struct proposal_list *list, uint16_t group)
{
    world_propose(list, PROTOCOL_IKE, "aes128gcm16-prfsha256-x25519");
    list->items[0].count--;
    add_transform(&list->items[0], TRANSFORM_KE, group, 0);
}

void world_stand_in_esp(struct proposal_list *list, uint16_t group)
{
    world_propose(list, PROTOCOL_ESP, "aes128gcm16-noesn");
    if (group != KE_NONE) {
        add_transform(&list->items[0], TRANSFORM_KE, group, 0);
    }
}

/* ---- hosts ---- */

struct address world_address(const char *text)
{
    struct address address;
    bool good = address_parse(text, &address);
    assert(good);
    (void)good;
    return address;
}

static void set_selector(struct selector_list *list, unsigned net)
{
    struct traffic_selector *s = &list->items[0];
    memset(list, 0, sizeof *list);
    list->count = 1;
    s->start.family = s->end.family = ADDRESS_V4;
    s->port_end = 65535;
    s->start.octets[0] = s->end.octets[0] = 10;
    s->start.octets[1] = s->end.octets[1] = (uint8_t)net;
    s->end.octets[3] = 255;
}

static void child_set(struct child_config *child, unsigned net_local, unsigned net_remote)
{
    child_config_defaults(child);
    strcpy(child->name, "net");
    world_stand_in_esp(&child->proposals, WORLD_KE_A);
    set_selector(&child->local, net_local);
    set_selector(&child->remote, net_remote);
    child->lifetime = (struct lifetime_config){0};
}

static void peer_set(struct peer_config *peer, const char *local, const char *remote)
{
    static const char psk[] = "a key both sides know";
    bool good;
    peer_config_defaults(peer);
    strcpy(peer->name, remote);
    good = identity_parse(local, &peer->local_id);
    good = good && identity_parse(remote, &peer->remote_id);
    assert(good);
    (void)good;
    memcpy(peer->psk, psk, sizeof psk - 1);
    peer->psk_length = sizeof psk - 1;
    world_stand_in_ike(&peer->proposals, WORLD_KE_A);
    peer->lifetime = (struct lifetime_config){0};
    peer->liveness_ns = 0;
    peer->keepalive_ns = 0;
    peer->retransmission = (struct retransmission_config){.timeout_ns = 200 * WORLD_MS,
                                                          .timeout_max_ns = 2 * WORLD_S,
                                                          .backoff_percent = 180,
                                                          .tries = 7};
    peer->child_count = 1;
}

static const char *const names[WORLD_SIDES] = {"a.example", "b.example", "c.example"};
static const char *const addresses[WORLD_SIDES] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};

static void side_init(struct world *world, unsigned index, unsigned peer_count)
{
    struct world_side *side = &world->sides[index];
    side->name = names[index];
    side->addresses.count = 1;
    side->addresses.items[0] = world_address(addresses[index]);
    endpoint_config_defaults(&side->config);
    side->config.half_open_timeout_ns = 5 * WORLD_S;
    side->peers = calloc(WORLD_SIDES, sizeof *side->peers);
    assert(side->peers != NULL);
    side->config.peers = side->peers;
    side->config.peer_count = peer_count;
    world_side_random(world, index);
}

void world_init(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    stand_in_register();
    world->seed = seed;
    world->now_ns = WORLD_S;
    world->delay_ns = 5 * WORLD_MS;
    world->side_count = 2;
    side_init(world, 0, 1);
    side_init(world, 1, 1);
    for (unsigned i = 0; i < 2; i++) {
        peer_set(&world->sides[i].peers[0], names[i], names[1 - i]);
        child_set(&world->sides[i].peers[0].children[0], 1 + i, 2 - i);
    }
}

unsigned world_add_side(struct world *world)
{
    world->side_count = 3;
    side_init(world, 2, 1);
    peer_set(&world->sides[2].peers[0], names[2], names[1]);
    child_set(&world->sides[2].peers[0].children[0], 3, 2);
    peer_set(&world->sides[1].peers[1], names[1], names[2]);
    child_set(&world->sides[1].peers[1].children[0], 2, 3);
    world->sides[1].config.peer_count = 2;
    return 2;
}

uint16_t world_add_child(struct world *world, unsigned a, unsigned b)
{
    struct peer_config *peers[2] = {&world->sides[a].peers[0], &world->sides[b].peers[0]};
    uint16_t index = (uint16_t)peers[0]->child_count;
    for (unsigned i = 0; i < 2; i++) {
        child_set(&peers[i]->children[index], 1 + i + 10 * index, 2 - i + 10 * index);
        peers[i]->child_count++;
    }
    return index;
}
