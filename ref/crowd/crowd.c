/* A gateway and its clients, in one process and in memory. */

#include "crowd/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "endpoint/endpoint_store.h"
#include "exchange/ike_sa_init.h"
#include "sim/stand_in.h"

#define PACKET_LENGTH 84 /* an echo request with 56 octets */

struct letter {
    struct letter *next;
    struct path path;
    bool encapsulated;
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

/* Each client has a server of its own: all clients are one endpoint here, which finds its Child SAs
 * by what is remote. */
static struct address server_address(size_t n)
{
    return address_v4(172, n);
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
    crowd->letter_ns = CROWD_NS_MS;
    crowd->dice = dice_of(1, 0);
    crowd->random = dice_source(&crowd->dice);
    config_init(&crowd->gateway_config, &crowd->gateway_peer);
    config_init(&crowd->clients_config, &crowd->clients_peer);
    peer_init(&crowd->gateway_peer, ike, esp, replay_window);
    peer_init(&crowd->clients_peer, ike, esp, replay_window);
    struct child_config *child = &crowd->gateway_peer.children[0];
    child->local.items[0] = selector_any(ADDRESS_V4);
    crowd_insist(identity_parse("any", &crowd->gateway_peer.remote_id) &&
                     selector_parse("10.0.0.0/8", &child->remote.items[0]),
                 "an identity or a net is none");
}

static struct address outer_address(size_t n)
{
    return address_v4(100, n);
}

static size_t client_of(const struct address *outer)
{
    const uint8_t *octets = outer->octets;
    return (size_t)octets[1] << 16 | (size_t)octets[2] << 8 | octets[3];
}

/* The clients have one configuration, which becomes the n-th one's before anything is done for it;
 * and a gateway of another name each, for the endpoint that they are would else have all its IKE
 * SAs with one and the same. */
static void become(struct crowd *crowd, size_t n)
{
    char name[32], gateway[32];
    struct address inner = inner_address(n), server = server_address(n);
    snprintf(name, sizeof name, "c%zu.example", n);
    snprintf(gateway, sizeof gateway, "g%zu.example", n);
    crowd_insist(identity_parse(name, &crowd->clients_peer.local_id) &&
                     identity_parse(gateway, &crowd->clients_peer.remote_id),
                 "a name is none");
    crowd->gateway_peer.local_id = crowd->clients_peer.remote_id;
    crowd->clients_peer.children[0].local.items[0] = selector_host(&inner);
    crowd->clients_peer.children[0].remote.items[0] = selector_host(&server);
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

/* From one address to the other; false: it was not sealed. */
static bool packet_seal(struct crowd *crowd, struct esp_plane *from, const struct address *source,
                        const struct address *destination, struct packet *out)
{
    static uint8_t buffer[ESP_HEADROOM + PACKET_LENGTH + ESP_TAILROOM];
    *out = (struct packet){.buffer = buffer,
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
    esp_plane_seal(from, out, 1, crowd->now_ns);
    return out->verdict == PACKET_FORWARD;
}

/* As the first plane seals and the second opens. */
static void packet_pass(struct crowd *crowd, struct esp_plane *from, struct esp_plane *to,
                        const struct address *source, const struct address *destination)
{
    struct packet packet;
    crowd_insist(packet_seal(crowd, from, source, destination, &packet), "a packet was not sealed");
    struct path path = {.local = packet.path.remote, .remote = packet.path.local};
    packet.path = path;
    esp_plane_open(to, &packet, 1, crowd->now_ns);
    crowd_insist(packet.verdict == PACKET_FORWARD, "a packet was not opened");
}

/* The client's end of it is up, which comes last. */
static void packets_pass(struct crowd *crowd, const struct event *event)
{
    const struct address client = event->child.local.items[0].start;
    const struct address server = event->child.remote.items[0].start;
    pair_install(crowd, false, event);
    packet_pass(crowd, crowd->clients_plane, crowd->plane, &client, &server);
    packet_pass(crowd, crowd->plane, crowd->clients_plane, &server, &client);
    esp_plane_pair_remove(crowd->clients_plane, event->child.spi_in, crowd->now_ns, 0);
    crowd->packets++;
}

/* ---- events and datagrams ---- */

static bool is_rekey(const struct event *event)
{
    return event->type == EVENT_IKE_SA_REKEYED ||
           (event->type == EVENT_CHILD_SA_UP && event->child.replaces_spi_in != 0);
}

static void note(struct crowd *crowd, bool at_gateway, const struct event *event)
{
    if (at_gateway && is_rekey(event)) {
        crowd->rekeyed++;
        if (crowd->on_rekey != NULL) {
            crowd->on_rekey(crowd->context);
        }
    }
    if (event->type == EVENT_COMMAND_DONE && event->status != STATUS_OK) {
        crowd->again++;
        crowd_begin(crowd, (size_t)event->command - 1);
    }
    if (event->type == EVENT_CHILD_SA_UP) {
        if (at_gateway) {
            pair_install(crowd, true, event);
            crowd->up++;
        } else if (!crowd->without_packets) {
            packets_pass(crowd, event);
        }
    } else if (event->type == EVENT_CHILD_SA_DOWN && at_gateway) {
        crowd->down += event->reason != DOWN_REPLACED;
        esp_plane_pair_remove(crowd->plane, event->child.spi_in, crowd->now_ns, event->linger_ns);
    }
}

static void post(struct crowd *crowd, bool from_gateway, const struct datagram *datagram)
{
    struct letters *letters = from_gateway ? &crowd->to_clients : &crowd->to_gateway;
    if (!from_gateway && crowd->waiting_max > 0 && letters->count >= crowd->waiting_max) {
        crowd->dropped++;
        return;
    }
    struct letter *letter = malloc(sizeof *letter + datagram->octets.length);
    crowd_insist(letter != NULL, "no memory");
    letter->next = NULL;
    letter->path = (struct path){.local = datagram->path.remote, .remote = datagram->path.local};
    letter->encapsulated = datagram->encapsulated;
    letter->length = datagram->octets.length;
    memcpy(letter->octets, datagram->octets.data, datagram->octets.length);
    *(letters->count > 0 ? letters->end : &letters->first) = letter;
    letters->end = &letter->next;
    letters->count++;
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

static struct letter *letter_take(struct letters *letters)
{
    struct letter *letter = letters->first;
    letters->first = letter->next;
    letters->count--;
    return letter;
}

static void deliver(struct crowd *crowd, bool to_gateway)
{
    struct letter *letter = letter_take(to_gateway ? &crowd->to_gateway : &crowd->to_clients);
    struct datagram datagram = {.path = letter->path,
                                .encapsulated = letter->encapsulated,
                                .octets = bytes_of(letter->octets, letter->length)};
    crowd->now_ns += crowd->letter_ns;
    const struct path *path = &letter->path;
    become(crowd, client_of(to_gateway ? &path->remote.ip : &path->local.ip));
    (void)endpoint_receive(to_gateway ? crowd->gateway : crowd->clients, &datagram, crowd->now_ns);
    drain(crowd, to_gateway);
    free(letter);
}

/* False: nothing is on its way. */
static bool deliver_one(struct crowd *crowd)
{
    bool to_gateway = crowd->to_clients.count == 0;
    if (to_gateway && crowd->to_gateway.count == 0) {
        return false;
    }
    deliver(crowd, to_gateway);
    return true;
}

void crowd_take_one(struct crowd *crowd)
{
    if (crowd->to_gateway.count > 0) {
        deliver(crowd, true);
    }
    while (crowd->to_clients.count > 0) {
        deliver(crowd, false);
    }
}

/* ---- life ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void crowd_expire(struct crowd *crowd)
{
    if (endpoint_deadline(crowd->gateway) <= crowd->now_ns) {
        endpoint_expire(crowd->gateway, crowd->now_ns);
        drain(crowd, true);
    }
    if (endpoint_deadline(crowd->clients) <= crowd->now_ns) {
        endpoint_expire(crowd->clients, crowd->now_ns);
        drain(crowd, false);
    }
    esp_plane_expire(crowd->plane, crowd->now_ns);
}

void crowd_run(struct crowd *crowd, uint64_t until_ns)
{
    for (;;) {
        while (deliver_one(crowd)) {
        }
        uint64_t next_ns =
            earlier(earlier(endpoint_deadline(crowd->gateway), endpoint_deadline(crowd->clients)),
                    esp_plane_deadline(crowd->plane));
        if (next_ns > until_ns) {
            break;
        }
        crowd->now_ns = next_ns > crowd->now_ns ? next_ns : crowd->now_ns;
        crowd_expire(crowd);
    }
    crowd->now_ns = until_ns > crowd->now_ns ? until_ns : crowd->now_ns;
}

bool crowd_reaches(struct crowd *crowd, size_t n)
{
    struct packet packet;
    struct address client = inner_address(n), server = server_address(n);
    return packet_seal(crowd, crowd->plane, &server, &client, &packet);
}

static void gateway_start(struct crowd *crowd)
{
    crowd->gateway = endpoint_create(&crowd->gateway_config, &crowd->random, crowd->now_ns);
    crowd_insist(crowd->gateway != NULL, "no memory");
    crowd->policy = plane_start(crowd, &crowd->plane, &crowd->gateway_peer.children[0]);
}

static void clients_start(struct crowd *crowd)
{
    crowd->clients = endpoint_create(&crowd->clients_config, &crowd->random, crowd->now_ns);
    crowd_insist(crowd->clients != NULL, "no memory");
    struct child_config clients = crowd->clients_peer.children[0];
    clients.local = crowd->gateway_peer.children[0].remote;
    clients.remote = crowd->gateway_peer.children[0].local;
    crowd->clients_policy = plane_start(crowd, &crowd->clients_plane, &clients);
}

static void gateway_stop(struct crowd *crowd)
{
    endpoint_destroy(crowd->gateway);
    esp_plane_destroy(crowd->plane);
}

static void clients_stop(struct crowd *crowd)
{
    endpoint_destroy(crowd->clients);
    esp_plane_destroy(crowd->clients_plane);
}

void crowd_start(struct crowd *crowd)
{
    gateway_start(crowd);
    clients_start(crowd);
}

void crowd_stop(struct crowd *crowd)
{
    gateway_stop(crowd);
    clients_stop(crowd);
}

void crowd_restart(struct crowd *crowd, bool gateway_too)
{
    while (crowd->to_gateway.count > 0) {
        free(letter_take(&crowd->to_gateway));
    }
    while (crowd->to_clients.count > 0) {
        free(letter_take(&crowd->to_clients));
    }
    clients_stop(crowd);
    clients_start(crowd);
    if (gateway_too) {
        gateway_stop(crowd);
        gateway_start(crowd);
    }
}

uint64_t crowd_cpu_ns(void)
{
    struct timespec spent;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return (uint64_t)spent.tv_sec * CROWD_NS_S + (uint64_t)spent.tv_nsec;
}

void crowd_begin(struct crowd *crowd, size_t n)
{
    struct path path = {.local = {.ip = outer_address(n), .port = IKE_PORT},
                        .remote = {.ip = address_v4(192, 1), .port = IKE_PORT}};
    struct task task = {.type = TASK_CHILD_CREATE, .command = n + 1};
    become(crowd, n);
    crowd_insist(ike_sa_init_start((struct sa_store *)endpoint_store(crowd->clients), 0, &path,
                                   false, &task) != NULL,
                 "a client could not begin");
    drain(crowd, false);
}

void crowd_connect(struct crowd *crowd, size_t n)
{
    size_t up = crowd->up;
    crowd_begin(crowd, n);
    while (deliver_one(crowd)) {
    }
    crowd_insist(crowd->up == up + 1 && (crowd->without_packets || crowd->packets == crowd->up),
                 "a client is not connected");
}
