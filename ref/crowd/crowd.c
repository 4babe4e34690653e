/* A gateway and its clients, in one process and in memory. */

#include "crowd/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/endpoint_store.h"
#include "exchange/ike_sa_init.h"
#include "sim/stand_in.h"

#define LETTER_NS CROWD_NS_MS /* on its way */
#define PACKET_LENGTH 84      /* an echo request with 56 octets */

struct letter {
    struct letter *next;
    struct path path;
    bool to_gateway, encapsulated;
    size_t length;
    uint8_t octets[];
};

void crowd_insist(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "ikecrowd: %s\n", what);
        exit(1);
    }
}

/* ---- configuration ---- */

static struct address address_v4(uint8_t first, size_t n)
{
    uint8_t octets[4] = {first, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    return address_from(bytes_of(octets, sizeof octets));
}

static struct address inner_address(size_t n)
{
    return address_v4(10, n);
}

static const struct address *server_address(void)
{
    static struct address server;
    server = address_v4(172, 1);
    return &server;
}

static void propose(struct proposal_list *list, uint8_t protocol, const char *words)
{
    char text[PROPOSAL_TEXT_MAX];
    const char *error = NULL;
    snprintf(text, sizeof text, "%s%s", words, protocol == PROTOCOL_IKE ? "-x25519" : "");
    crowd_insist(proposal_parse_text(text, protocol, &list->items[0], &error), error);
    list->count = 1;
    if (protocol == PROTOCOL_IKE) { /* the parser wants a key exchange; it gives way to ours */
        struct proposal *p = &list->items[0];
        p->transforms[p->count - 1] = (struct transform){.type = TRANSFORM_KE, .id = STAND_IN_A};
    }
}

static void peer_init(struct peer_config *peer, const char *ike, const char *esp, uint32_t window)
{
    static const char psk[] = "a key that all of them know";
    peer_config_defaults(peer);
    memcpy(peer->psk, psk, sizeof psk - 1);
    peer->psk_length = sizeof psk - 1;
    peer->lifetime = (struct lifetime_config){0};
    peer->liveness_ns = peer->keepalive_ns = 0;
    propose(&peer->proposals, PROTOCOL_IKE, ike);
    peer->child_count = 1;
    struct child_config *child = &peer->children[0];
    child_config_defaults(child);
    strcpy(child->name, "net");
    child->lifetime = (struct lifetime_config){0};
    child->replay_window = window;
    child->local.count = child->remote.count = 1;
    propose(&child->proposals, PROTOCOL_ESP, esp);
}

static void config_init(struct endpoint_config *config, struct peer_config *peer)
{
    endpoint_config_defaults(config);
    config->peers = peer;
    config->peer_count = 1;
}

void crowd_init(struct crowd *crowd, const char *ike, const char *esp, uint32_t replay_window)
{
    memset(crowd, 0, sizeof *crowd);
    stand_in_register();
    crowd->now_ns = CROWD_NS_S;
    crowd->dice = dice_of(1, 0);
    crowd->random = dice_source(&crowd->dice);
    crowd->end = &crowd->first;
    config_init(&crowd->gateway_config, &crowd->gateway_peer);
    config_init(&crowd->clients_config, &crowd->clients_peer);
    peer_init(&crowd->gateway_peer, ike, esp, replay_window);
    peer_init(&crowd->clients_peer, ike, esp, replay_window);
    struct child_config *child = &crowd->gateway_peer.children[0];
    child->local.items[0] = crowd->clients_peer.children[0].remote.items[0] =
        selector_any(ADDRESS_V4);
    crowd_insist(identity_parse("gateway.example", &crowd->gateway_peer.local_id) &&
                     identity_parse("gateway.example", &crowd->clients_peer.remote_id) &&
                     identity_parse("any", &crowd->gateway_peer.remote_id) &&
                     selector_parse("10.0.0.0/8", &child->remote.items[0]),
                 "an identity or a net is none");
}

/* The clients have one configuration, which becomes the n-th one's before it does anything. */
static void clients_become(struct crowd *crowd, size_t n)
{
    char name[32];
    struct address inner = inner_address(n);
    snprintf(name, sizeof name, "c%zu.example", n);
    crowd_insist(identity_parse(name, &crowd->clients_peer.local_id), "a name is none");
    crowd->clients_peer.children[0].local.items[0] = selector_host(&inner);
}

/* ---- the data plane ---- */

static uint32_t plane_start(struct crowd *crowd, struct esp_plane **plane,
                            const struct child_config *child)
{
    uint32_t id = 0;
    struct esp_policy policy = {
        .action = POLICY_PROTECT, .local = child->local, .remote = child->remote};
    *plane = esp_plane_create(&crowd->random);
    crowd_insist(*plane != NULL && esp_plane_policy_add(*plane, &policy, &id) == STATUS_OK,
                 "no memory");
    return id;
}

static void pair_install(struct crowd *crowd, bool at_gateway, const struct event *event)
{
    const struct peer_config *peer = at_gateway ? &crowd->gateway_peer : &crowd->clients_peer;
    struct esp_pair_config config;
    child_sa_to_esp_pair(event, &peer->children[0],
                         at_gateway ? crowd->policy : crowd->clients_policy, &config);
    crowd_insist(esp_plane_pair_install(at_gateway ? crowd->plane : crowd->clients_plane, &config,
                                        crowd->now_ns) == STATUS_OK,
                 "a pair was not installed");
    octets_wipe(&config, sizeof config);
}

/* From one address to the other, as the first plane seals and the second opens. */
static void packet_pass(struct crowd *crowd, struct esp_plane *from, struct esp_plane *to,
                        const struct address *source, const struct address *destination)
{
    static uint8_t buffer[ESP_HEADROOM + PACKET_LENGTH + ESP_TAILROOM];
    struct packet packet = {.buffer = buffer,
                            .capacity = sizeof buffer,
                            .offset = ESP_HEADROOM,
                            .length = PACKET_LENGTH};
    uint8_t *ip = buffer + ESP_HEADROOM;
    memset(ip, 0, PACKET_LENGTH);
    ip[0] = 0x45;
    ip[3] = PACKET_LENGTH;
    ip[8] = 64;
    ip[9] = 1;
    memcpy(ip + 12, source->octets, 4);
    memcpy(ip + 16, destination->octets, 4);
    esp_plane_seal(from, &packet, 1, crowd->now_ns);
    crowd_insist(packet.verdict == PACKET_FORWARD, "a packet was not sealed");
    struct path path = {.local = packet.path.remote, .remote = packet.path.local};
    packet.path = path;
    esp_plane_open(to, &packet, 1, crowd->now_ns);
    crowd_insist(packet.verdict == PACKET_FORWARD, "a packet was not opened");
}

/* The client's end of it is up, which comes last. */
static void packets_pass(struct crowd *crowd, const struct event *event)
{
    const struct address client = event->child.local.items[0].start;
    pair_install(crowd, false, event);
    packet_pass(crowd, crowd->clients_plane, crowd->plane, &client, server_address());
    packet_pass(crowd, crowd->plane, crowd->clients_plane, server_address(), &client);
    esp_plane_pair_remove(crowd->clients_plane, event->child.spi_in, crowd->now_ns, 0);
    crowd->packets++;
}

/* ---- events and datagrams ---- */

static void note(struct crowd *crowd, bool at_gateway, const struct event *event)
{
    if (event->type == EVENT_CHILD_SA_UP) {
        if (at_gateway) {
            pair_install(crowd, true, event);
            crowd->up++;
        } else {
            packets_pass(crowd, event);
        }
    } else if (event->type == EVENT_CHILD_SA_DOWN && at_gateway) {
        esp_plane_pair_remove(crowd->plane, event->child.spi_in, crowd->now_ns, event->linger_ns);
    }
}

static void post(struct crowd *crowd, bool from_gateway, const struct datagram *datagram)
{
    struct letter *letter = malloc(sizeof *letter + datagram->octets.length);
    crowd_insist(letter != NULL, "no memory");
    letter->next = NULL;
    letter->to_gateway = !from_gateway;
    letter->path = (struct path){.local = datagram->path.remote, .remote = datagram->path.local};
    letter->encapsulated = datagram->encapsulated;
    letter->length = datagram->octets.length;
    memcpy(letter->octets, datagram->octets.data, datagram->octets.length);
    *crowd->end = letter;
    crowd->end = &letter->next;
}

/* As a host does it: first what has happened, then what is to be sent. */
static void drain(struct crowd *crowd, bool at_gateway)
{
    struct endpoint *endpoint = at_gateway ? crowd->gateway : crowd->clients;
    struct event event;
    struct datagram datagram;
    while (endpoint_next_event(endpoint, &event)) {
        note(crowd, at_gateway, &event);
        event_wipe(&event);
    }
    while (endpoint_next_datagram(endpoint, &datagram)) {
        post(crowd, at_gateway, &datagram);
    }
}

static void deliver(struct crowd *crowd)
{
    struct letter *letter = crowd->first;
    struct datagram datagram = {.path = letter->path,
                                .encapsulated = letter->encapsulated,
                                .octets = bytes_of(letter->octets, letter->length)};
    crowd->now_ns += LETTER_NS;
    (void)endpoint_receive(letter->to_gateway ? crowd->gateway : crowd->clients, &datagram,
                           crowd->now_ns);
    drain(crowd, letter->to_gateway);
    crowd->first = letter->next;
    if (crowd->first == NULL) {
        crowd->end = &crowd->first;
    }
    free(letter);
}

/* ---- life ---- */

void crowd_start(struct crowd *crowd)
{
    crowd->gateway = endpoint_create(&crowd->gateway_config, &crowd->random, crowd->now_ns);
    crowd->clients = endpoint_create(&crowd->clients_config, &crowd->random, crowd->now_ns);
    crowd_insist(crowd->gateway != NULL && crowd->clients != NULL, "no memory");
    struct child_config clients = crowd->clients_peer.children[0];
    clients.local = crowd->gateway_peer.children[0].remote;
    crowd->policy = plane_start(crowd, &crowd->plane, &crowd->gateway_peer.children[0]);
    crowd->clients_policy = plane_start(crowd, &crowd->clients_plane, &clients);
}

void crowd_stop(struct crowd *crowd)
{
    endpoint_destroy(crowd->gateway);
    endpoint_destroy(crowd->clients);
    esp_plane_destroy(crowd->plane);
    esp_plane_destroy(crowd->clients_plane);
}

void crowd_connect(struct crowd *crowd, size_t n)
{
    struct path path = {.local = {.ip = address_v4(100, n), .port = IKE_PORT},
                        .remote = {.ip = address_v4(192, 1), .port = IKE_PORT}};
    struct task task = {.type = TASK_CHILD_CREATE};
    size_t up = crowd->up;
    clients_become(crowd, n);
    crowd_insist(ike_sa_init_start((struct sa_store *)endpoint_store(crowd->clients), 0, &path,
                                   false, &task) != NULL,
                 "a client could not begin");
    drain(crowd, false);
    while (crowd->first != NULL) {
        deliver(crowd);
    }
    crowd_insist(crowd->up == up + 1 && crowd->packets == crowd->up, "a client is not connected");
}
