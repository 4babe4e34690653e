/* Two hosts that are each other's peer, at wish a third; who protects what, with what, how long. */

#include "sim/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/certificates.h"
#include "sim/stand_in.h"

static const char *const names[SIM_HOSTS] = {"a.example", "b.example", "c.example"};
static const char *const homes[SIM_HOSTS] = {"192.0.2.1", "203.0.113.2", "192.0.2.3"};
static const char *const places[PLACES] = {"192.0.2.1", "192.0.2.11", "10.99.0.5", "10.98.0.5"};
static const char *const homes_v6[SIM_HOSTS] = {"2001:db8:1::1", "2001:db8:2::2", "2001:db8:1::3"};
#define AWAY_V6 "2001:db8:1::11" /* the places behind a NAT have IPv4 alone */

#define NAT_OUTSIDE "198.51.100.7"
#define NAT_MIDDLE "10.99.0.9" /* the second NAT's outside lies behind the first */
#define PEER_NAT_INSIDE "10.97.0.2"
#define SECOND_ADDRESS "203.0.113.12"

/* IKE, ESP; a key exchange is added to each. */
#define SUITES 4
static const char *const suites[SUITES][2] = {
    {"aes128gcm16-prfsha256", "aes128gcm16"},
    {"aes256-sha256-prfsha256", "aes256-sha256"},
    {"chacha20poly1305-prfsha512", "chacha20poly1305"},
    {"aes256gcm16-prfsha384", "aes256gcm16"},
};

static struct address address_of(const char *text)
{
    struct address address;
    bool good = address_parse(text, &address);
    assert(good);
    (void)good;
    return address;
}

struct address config_place(const struct sim *sim, enum place place)
{
    if (sim_setting(sim, SET_IPV6) && place == PLACE_HOME) {
        return address_of(homes_v6[0]);
    }
    if (sim_setting(sim, SET_IPV6) && place == PLACE_AWAY) {
        return address_of(AWAY_V6);
    }
    return address_of(places[place]);
}

struct address config_home(const struct sim *sim, unsigned host, uint8_t family)
{
    return address_of(sim_setting(sim, SET_IPV6) && family == ADDRESS_V6 ? homes_v6[host]
                                                                         : homes[host]);
}

struct address config_second_address(void)
{
    return address_of(SECOND_ADDRESS);
}

/* ---- proposals ---- */

static void add_transform(struct proposal *p, uint16_t id)
{
    p->transforms[p->count++] = (struct transform){.type = TRANSFORM_KE, .id = id};
}

static struct proposal *propose(struct proposal_list *list, uint8_t protocol, const char *words)
{
    const char *error = NULL;
    struct proposal *added = &list->items[list->count++];
    bool good = proposal_parse_text(words, protocol, added, &error);
    assert(good);
    (void)good;
    return added;
}

/* Where messages are cut into fragments they are to be long: all suites, the run's own first. */
static unsigned suite_count(const struct sim *sim)
{
    return sim_setting(sim, SET_FRAGMENT) != 0 ? SUITES : 1;
}

static unsigned suite_at(const struct sim *sim, unsigned index)
{
    return (sim_setting(sim, SET_SUITE) + index) % SUITES;
}

/* The groups of one host, best first. */
static void groups_of(const struct sim *sim, const struct host *host, uint16_t groups[2])
{
    bool real = sim_setting(sim, SET_REAL_KE) != 0;
    bool other_first = host->index == 0 && sim_setting(sim, SET_WRONG_GUESS) != 0;
    uint16_t pair[2] = {real ? KE_CURVE25519 : STAND_IN_A, real ? KE_ECP_256 : STAND_IN_B};
    groups[0] = pair[other_first];
    groups[1] = pair[!other_first];
}

static void propose_ike(const struct sim *sim, const struct host *host, struct proposal_list *list)
{
    char words[128];
    uint16_t groups[2];
    bool only_second = host->index != 0 && sim_setting(sim, SET_WRONG_GUESS) != 0;
    groups_of(sim, host, groups);
    list->count = 0;
    for (unsigned i = 0; i < suite_count(sim); i++) {
        /* the parser wants a key exchange; it gives way to ours */
        snprintf(words, sizeof words, "%s-x25519", suites[suite_at(sim, i)][0]);
        struct proposal *added = propose(list, PROTOCOL_IKE, words);
        added->count--;
        add_transform(added, groups[0]);
        if (!only_second) {
            add_transform(added, groups[1]);
        }
    }
}

static void propose_esp(const struct sim *sim, const struct host *host, struct proposal_list *list)
{
    char words[128];
    uint16_t groups[2];
    groups_of(sim, host, groups);
    list->count = 0;
    for (unsigned i = 0; i < suite_count(sim); i++) {
        snprintf(words, sizeof words, "%s-%s", suites[suite_at(sim, i)][1],
                 sim_setting(sim, SET_ESN) ? "esn" : "noesn");
        struct proposal *added = propose(list, PROTOCOL_ESP, words);
        if (sim_setting(sim, SET_PFS)) {
            add_transform(added, groups[0]);
            add_transform(added, groups[1]);
        }
    }
}

/* ---- peers and children ---- */

static void selector_set(struct selector_list *list, unsigned host, unsigned child)
{
    struct traffic_selector *s = &list->items[0];
    memset(list, 0, sizeof *list);
    list->count = 1;
    s->start.family = s->end.family = ADDRESS_V4;
    s->port_end = 65535;
    s->start.octets[0] = s->end.octets[0] = 10;
    s->start.octets[1] = s->end.octets[1] = (uint8_t)(1 + host);
    s->start.octets[2] = s->end.octets[2] = (uint8_t)child;
    s->end.octets[3] = 255;
}

static void lifetime_set(const struct sim *sim, struct lifetime_config *lifetime, enum setting soft,
                         enum setting hard)
{
    *lifetime = (struct lifetime_config){.soft_ns = sim_setting(sim, soft) * SIM_MS,
                                         .hard_ns = sim_setting(sim, hard) * SIM_MS,
                                         .jitter_ns = sim_setting(sim, SET_JITTER_MS) * SIM_MS};
}

static void child_set(const struct sim *sim, const struct host *host, unsigned peer,
                      unsigned number, struct child_config *child)
{
    memset(child, 0, sizeof *child);
    snprintf(child->name, sizeof child->name, "net%u", number);
    propose_esp(sim, host, &child->proposals);
    selector_set(&child->local, host->index, number);
    selector_set(&child->remote, peer, number);
    lifetime_set(sim, &child->lifetime, SET_CHILD_SOFT_MS, SET_CHILD_HARD_MS);
    child->lifetime.soft_packets = sim_setting(sim, SET_CHILD_PACKETS);
    child->start = START_ON_TRAFFIC;
    child->replay_window = sim_setting(sim, SET_WINDOW);
    child->copy_dscp = child->ecn = true;
}

static void proof_set(const struct sim *sim, const struct host *host, struct peer_config *peer)
{
    static const char psk[] = "a key that both of them know";
    memcpy(peer->psk, psk, sizeof psk - 1);
    peer->psk_length = sizeof psk - 1;
    if (sim_setting(sim, SET_CERTIFICATES)) {
        peer->local_authentication = peer->remote_authentication = AUTHENTICATION_SIGNATURE;
        peer->credential = certificates_credential(host->index);
        peer->authorities = certificates_authorities();
        peer->signature_hashes = HASH_BIT(HASH_IDENTITY) | HASH_BIT(HASH_SHA2_256);
    }
}

static void peer_set(const struct sim *sim, const struct host *host, unsigned peer_host,
                     size_t children, struct peer_config *peer)
{
    /* not the whole of it: it has room for many children, and a campaign has many runs */
    memset(peer, 0, offsetof(struct peer_config, children));
    snprintf(peer->name, sizeof peer->name, "%s", names[peer_host]);
    bool good = identity_parse(names[host->index], &peer->local_id) &&
                identity_parse(names[peer_host], &peer->remote_id);
    assert(good);
    (void)good;
    proof_set(sim, host, peer);
    peer->remote_port = IKE_PORT;
    peer->remote_natt_port = IKE_NATT_PORT;
    propose_ike(sim, host, &peer->proposals);
    lifetime_set(sim, &peer->lifetime, SET_IKE_SOFT_MS, SET_IKE_HARD_MS);
    peer->liveness_ns = sim_setting(sim, SET_LIVENESS_MS) * SIM_MS;
    peer->keepalive_ns = sim_setting(sim, SET_KEEPALIVE_MS) * SIM_MS;
    peer->retransmission =
        (struct retransmission_config){.timeout_ns = sim_setting(sim, SET_TIMEOUT_MS) * SIM_MS,
                                       .timeout_max_ns = 2 * SIM_S,
                                       .backoff_percent = 180,
                                       .tries = sim_setting(sim, SET_TRIES)};
    peer->mobike = sim_setting(sim, SET_MOBIKE) != 0;
    peer->nat_traversal = true;
    peer->fragment_size = sim_setting(sim, SET_FRAGMENT);
    peer->fragmentation = peer->fragment_size != 0;
    peer->initial_contact = true;
    peer->child_count = children;
    for (unsigned i = 0; i < children; i++) {
        child_set(sim, host, peer_host, i, &peer->children[i]);
    }
}

/* ---- hosts ---- */

/* With IPv6 b has both families, so that who is behind a NAT finds it, too. */
static void addresses_set(const struct sim *sim, struct host *host)
{
    struct address_list *list = &host->addresses;
    list->count = 1;
    list->items[0] = host->index == 0 ? config_place(sim, (enum place)sim_setting(sim, SET_PLACE))
                                      : config_home(sim, host->index, ADDRESS_V6);
    if (host->index == 1 && sim_setting(sim, SET_PEER_NAT)) {
        list->items[0] = address_of(PEER_NAT_INSIDE);
    } else if (host->index == 1 && sim_setting(sim, SET_IPV6)) {
        list->items[list->count++] = config_home(sim, 1, ADDRESS_V4);
    }
}

static void host_set(struct sim *sim, unsigned index)
{
    struct host *host = &sim->hosts[index];
    struct peer_config *peers = host->peers;
    if (peers == NULL && (peers = calloc(2, sizeof *peers)) == NULL) {
        abort();
    }
    memset(host, 0, sizeof *host);
    host->peers = peers;
    host->index = index;
    host->name = who_name((enum who)index);
    host->back_ns = host->plugged_ns = UINT64_MAX;
    addresses_set(sim, host);
    endpoint_config_defaults(&host->config);
    host->config.half_open_timeout_ns = 5 * SIM_S;
    host->config.delete_linger_ns = 2 * SIM_S;
    if (index == 1 && sim_setting(sim, SET_COOKIES)) {
        host->config.cookie_threshold = 0;
    }
    if (index == 1 && sim_setting(sim, SET_PUZZLES)) { /* before IKE_AUTH too after a failure */
        host->config.cookie_threshold = host->config.puzzle_threshold = 0;
        host->config.puzzle_difficulty = sim_setting(sim, SET_PUZZLES);
        host->config.prefix_failures = 1;
    }
    host->config.peers = peers;
    host->config.peer_count = index == 1 && sim->host_count == 3 ? 2 : 1;
    host->dice = dice_of(sim->script->seed, 100 + index);
    host->random = dice_source(&host->dice);
    host->work_dice = dice_of(sim->script->seed, 200 + index);
    unsigned children = sim_setting(sim, SET_CHILDREN);
    peer_set(sim, host, index == 1 ? 0 : 1, index == 2 ? 1 : children, &peers[0]);
    if (host->config.peer_count == 2) {
        peer_set(sim, host, 2, 1, &peers[1]);
    }
}

static void nat_add(struct sim *sim, const char *inside, const char *outside, bool forwards)
{
    struct network *network = &sim->network;
    struct nat *nat = &network->nats[network->nat_count++];
    memset(nat, 0, offsetof(struct nat, mappings));
    nat->inside = address_of(inside);
    nat->outside = address_of(outside);
    nat->forwards = forwards;
    nat->strict = sim_setting(sim, SET_NAT_STRICT) != 0;
    nat->expiry_ns = sim_setting(sim, SET_NAT_EXPIRY_MS) * SIM_MS;
    nat->next_port = 20000;
}

static void flows_add(struct sim *sim, unsigned client, unsigned children, uint16_t servers_peer)
{
    for (uint16_t i = 0; i < children; i++) {
        sim->flows[sim->flow_count++] =
            (struct flow){.from = client, .to = 1, .peer_index = 0, .child_index = i};
        sim->flows[sim->flow_count++] =
            (struct flow){.from = 1, .to = client, .peer_index = servers_peer, .child_index = i};
    }
}

void config_apply(struct sim *sim)
{
    sim->host_count = sim_setting(sim, SET_HOSTS) == 3 ? 3 : 2;
    for (unsigned i = 0; i < sim->host_count; i++) {
        host_set(sim, i);
    }
    nat_add(sim, places[PLACE_NAT], NAT_OUTSIDE, false);
    nat_add(sim, places[PLACE_DOUBLE_NAT], NAT_MIDDLE, false);
    if (sim_setting(sim, SET_PEER_NAT)) {
        nat_add(sim, PEER_NAT_INSIDE, homes[1], true);
    }
    sim->flow_count = 0;
    flows_add(sim, 0, sim_setting(sim, SET_CHILDREN), 0);
    if (sim->host_count == 3) {
        flows_add(sim, 2, 1, 1);
    }
}

bool config_path_to(const struct sim *sim, const struct host *host, uint16_t peer_index,
                    struct path *out)
{
    *out = (struct path){.local = {.port = IKE_PORT}, .remote = {.port = IKE_PORT}};
    if (host->addresses.count == 0) {
        return false;
    }
    out->local.ip = host->addresses.items[0];
    if (host->index != 1) {
        out->remote.ip = config_home(sim, 1, out->local.ip.family);
        return true;
    }
    const struct host *peer = &sim->hosts[peer_index == 0 ? 0 : 2];
    if (peer->addresses.count == 0 || sim_setting(sim, SET_CALLABLE) == 0) {
        return false;
    }
    out->remote.ip = peer->addresses.items[0];
    for (size_t i = 0; i < host->addresses.count; i++) { /* the first of its family */
        if (host->addresses.items[i].family == out->remote.ip.family) {
            out->local.ip = host->addresses.items[i];
            break;
        }
    }
    return out->remote.ip.octets[0] != 10; /* behind a NAT: nobody connects to it */
}
