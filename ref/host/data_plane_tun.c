/* Bursts in, verdicts, bursts out. */
#include "host/data_plane_tun.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "esp/coalescing.h"
#include "host/burst.h"
#include "host/esp_socket.h"
#include "host/firewall.h"
#include "host/local_address.h"
#include "host/log.h"
#include "host/pair_list.h"
#include "host/path_mtu_probe.h"
#include "host/policy_routes.h"
#include "host/tun.h"
#include "host/tun_mtu.h"

#define BURSTS_PER_TURN 4 /* then others have their turn */
#define DYNAMIC_POLICIES_MAX 256
#define PATH_MTU_AGES_NS UINT64_C(60000000000) /* RFC 1191 6.3: looked at once a minute */

/* Transport mode with a peer whose address was not known before. */
struct dynamic_policy {
    uint32_t id;
    uint16_t peer_index, child_index;
    struct address remote;
};

struct data_plane {
    const struct host_config *config;
    struct event_loop *loop;
    struct ike_sockets *sockets;
    struct esp_plane *esp;
    struct tun tun;
    struct event_source tun_source, esp_sources[2];
    struct datagram_socket esp_sockets[2]; /* IPv4, IPv6 */
    struct burst burst;
    uint32_t policies[PEERS_MAX][CHILDREN_MAX]; /* 0: none yet */
    struct dynamic_policy dynamic[DYNAMIC_POLICIES_MAX];
    size_t dynamic_count;
    struct pair_list pairs;
    struct path_mtu_probe path_mtus;
    uint64_t path_mtu_due_ns; /* when the paths' MTUs are asked for again */
    size_t traffic_at;        /* next pair to look at for COMMAND_TRAFFIC */
    bool routed;              /* there may be routes and rules of ours */
    bool inherited;           /* an earlier instance had left some */
    bool broken;              /* somebody has removed the TUN */
};

static uint64_t policy_user(size_t peer, size_t child)
{
    return (uint64_t)peer << 16 | child;
}

/* What arrives on them comes by plane_receive; ESP in trains, where the kernel can. */
static bool plane_sockets_opened(struct data_plane *plane, struct ike_sockets *sockets,
                                 struct problem *problem)
{
    (void)problem;
    for (enum ike_socket i = NATT_V4; i <= NATT_V6 && !plane->config->offload_off; i++) {
        datagram_socket_offload(&sockets->sockets[i]);
    }
    return true;
}

/* ---- packets ---- */

static struct datagram_socket *socket_for(struct data_plane *plane, const struct packet *packet)
{
    uint8_t family = packet->path.remote.ip.family;
    return packet->udp_encapsulation ? ike_sockets_pick(plane->sockets, family, true)
                                     : &plane->esp_sockets[family == ADDRESS_V6];
}

/* The path to that peer takes less than we thought: what it takes is the kernel's to know (RFC
 * 4301 8.2). */
static void path_mtu_learn(struct data_plane *plane, const struct address *remote)
{
    uint16_t mtu = path_mtu_probe_ask(&plane->path_mtus, remote);
    for (size_t i = 0; mtu != 0 && i < plane->pairs.count; i++) {
        if (address_equal(&plane->pairs.items[i]->path.remote.ip, remote)) {
            esp_plane_pair_set_path_mtu(plane->esp, plane->pairs.items[i]->spi_in, mtu);
        }
    }
}

static void pair_mtu_ask(struct data_plane *plane, const struct address *remote, uint32_t spi_in)
{
    uint16_t mtu = path_mtu_probe_ask(&plane->path_mtus, remote);
    if (mtu != 0) {
        esp_plane_pair_set_path_mtu(plane->esp, spi_in, mtu);
    }
}

static void path_mtus_ask(struct data_plane *plane)
{
    for (size_t i = 0; i < plane->pairs.count; i++) {
        const struct pair_entry *pair = plane->pairs.items[i];
        pair_mtu_ask(plane, &pair->path.remote.ip, pair->spi_in);
    }
}

/* The kernel forgets after ten minutes that a path takes less, so that a larger MTU is found again;
 * with it so do we (RFC 4301 8.2.2). */
static void path_mtus_age(struct data_plane *plane, uint64_t now_ns)
{
    if (now_ns >= plane->path_mtu_due_ns) {
        plane->path_mtu_due_ns = now_ns + PATH_MTU_AGES_NS;
        path_mtus_ask(plane);
    }
}

/* Packets for the same socket go in one call; there are at most four, mostly one. */
static void sealed_send(struct data_plane *plane, struct packet *packets, size_t count)
{
    struct packet *run[BURST_MAX];
    size_t at = 0;
    while (at < count) {
        if (packets[at].verdict == PACKET_REPLY) {
            tun_write(&plane->tun, &packets[at]);
        }
        if (packets[at].verdict != PACKET_FORWARD) {
            at++;
            continue;
        }
        struct datagram_socket *sock = socket_for(plane, &packets[at]);
        bool encapsulated = packets[at].udp_encapsulation;
        size_t length = 0;
        while (at < count && packets[at].verdict == PACKET_FORWARD &&
               socket_for(plane, &packets[at]) == sock) {
            run[length++] = &packets[at++];
        }
        const struct packet *too_big;
        datagram_socket_send(sock, run, length, encapsulated, &too_big);
        if (too_big != NULL) {
            path_mtu_learn(plane, &too_big->path.remote.ip);
        }
    }
}

static void tun_ready(void *context, uint32_t epoll_events)
{
    struct data_plane *plane = context;
    if ((epoll_events & EPOLLERR) != 0) {
        plane->broken = true;
        event_loop_remove(plane->loop, &plane->tun_source);
        return;
    }
    plane->tun.more = true;
    for (int i = 0; plane->tun.more; i++) {
        burst_reset(&plane->burst);
        struct packet *packets = plane->burst.packets;
        size_t count = i < BURSTS_PER_TURN ? tun_read(&plane->tun, packets, BURST_MAX)
                                           : tun_read_rest(&plane->tun, packets, BURST_MAX);
        esp_plane_seal(plane->esp, packets, count, clock_now_ns());
        sealed_send(plane, packets, count);
    }
}

static void joined_write(struct data_plane *plane, struct coalescing *joined)
{
    struct offload offload;
    size_t count = coalescing_finish(joined, &offload);
    if (count == 1) {
        tun_write(&plane->tun, joined->packets[0]);
    } else if (count > 1) {
        tun_write_joined(&plane->tun, joined->packets, count, &offload);
    }
}

/* In the order in which they came; none stays behind. */
static void opened_write(struct data_plane *plane, struct packet *packets, size_t count)
{
    struct coalescing joined = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        if (packets[i].verdict != PACKET_FORWARD && packets[i].verdict != PACKET_REPLY) {
            continue;
        }
        if (!plane->tun.joins || !coalescing_add(&joined, &packets[i])) {
            joined_write(plane, &joined);
            bool first = coalescing_add(&joined, &packets[i]);
            assert(first);
        }
    }
    joined_write(plane, &joined);
}

static void plane_receive(struct data_plane *plane, struct packet *packets, size_t count,
                          uint64_t now_ns)
{
    esp_plane_open(plane->esp, packets, count, now_ns);
    opened_write(plane, packets, count);
}

static void esp_receive(struct data_plane *plane, size_t family)
{
    struct datagram_socket *sock = &plane->esp_sockets[family];
    sock->more = true;
    for (int i = 0; sock->more && i < BURSTS_PER_TURN; i++) {
        burst_reset(&plane->burst);
        size_t count = datagram_socket_receive(sock, plane->burst.packets, BURST_MAX);
        plane_receive(plane, plane->burst.packets, count, clock_now_ns());
    }
}

static void esp_v4_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    esp_receive(context, 0);
}

static void esp_v6_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    esp_receive(context, 1);
}

static void plane_catch_up(struct data_plane *plane)
{
    esp_receive(plane, 0);
    esp_receive(plane, 1);
}

static void plane_release(struct data_plane *plane, uint64_t now_ns)
{
    size_t count;
    do {
        burst_reset(&plane->burst);
        count = esp_plane_release(plane->esp, plane->burst.packets, BURST_MAX, now_ns);
        sealed_send(plane, plane->burst.packets, count);
    } while (count == BURST_MAX);
}

/* ---- policies ---- */

/* This host, whatever its addresses will be: what an empty local selector stands for in transport
 * mode. */
static void local_selectors(const struct child_config *child, const struct selector_list *remote,
                            struct selector_list *out)
{
    *out = child->local;
    for (size_t i = 0; child->local.count == 0 && i < remote->count; i++) {
        struct traffic_selector any = selector_any(remote->items[i].start.family);
        bool known = false;
        for (size_t j = 0; j < out->count; j++) {
            known |= selector_equal(&out->items[j], &any);
        }
        if (!known) {
            out->items[out->count++] = any;
        }
    }
}

static bool policy_install(struct data_plane *plane, size_t peer, size_t child,
                           const struct selector_list *remote, uint32_t *id)
{
    const struct child_config *config = &plane->config->endpoint.peers[peer].children[child];
    struct esp_policy policy = {
        .action = POLICY_PROTECT,
        .transport_mode = config->transport_mode,
        .remote = *remote,
        .user = policy_user(peer, child),
    };
    local_selectors(config, remote, &policy.local);
    return esp_plane_policy_add(plane->esp, &policy, id) == STATUS_OK;
}

static bool policies_install(struct data_plane *plane, struct problem *problem)
{
    for (size_t i = 0; i < plane->config->endpoint.peer_count; i++) {
        const struct peer_config *peer = &plane->config->endpoint.peers[i];
        for (size_t j = 0; j < peer->child_count; j++) {
            struct selector_list remote;
            child_remote_selectors(peer, &peer->children[j], &remote);
            if (remote.count != 0 &&
                !policy_install(plane, i, j, &remote, &plane->policies[i][j])) {
                return problem_set(
                    problem, EXIT_ENVIRONMENT,
                    "no room for the policy of child \"%s\"; configure fewer children",
                    peer->children[j].name);
            }
        }
    }
    return true;
}

/* The policy of a child, or the one made for this very peer; 0 when there is no room for one more.
 */
static uint32_t policy_find(struct data_plane *plane, const struct event *event)
{
    uint32_t id = plane->policies[event->peer_index][event->child_index];
    const struct address *remote = &event->child.path.remote.ip;
    for (size_t i = 0; id == 0 && i < plane->dynamic_count; i++) {
        struct dynamic_policy *known = &plane->dynamic[i];
        if (known->peer_index == event->peer_index && known->child_index == event->child_index &&
            address_equal(&known->remote, remote)) {
            id = known->id;
        }
    }
    if (id != 0 || plane->dynamic_count == DYNAMIC_POLICIES_MAX) {
        return id;
    }
    /* the whole host: its next Child SA may be for other traffic, or somebody's behind its NAT */
    const struct selector_list host = {.count = 1, .items = {selector_host(remote)}};
    if (policy_install(plane, event->peer_index, event->child_index, &host, &id)) {
        plane->dynamic[plane->dynamic_count++] =
            (struct dynamic_policy){.id = id,
                                    .peer_index = event->peer_index,
                                    .child_index = event->child_index,
                                    .remote = *remote};
        policy_routes_put_host(plane->config, plane->tun.index, remote,
                               &event->child.path.local.ip);
        firewall_peer_add(plane->config->interface, &event->child.path.local.ip, remote);
    }
    return id;
}

/* ---- events of the core ---- */

static enum status child_up(struct data_plane *plane, const struct event *event, uint64_t now_ns)
{
    uint32_t policy = policy_find(plane, event);
    if (policy == 0) {
        log_warning("no room for the policy of one more peer; its packets are not carried");
        return STATUS_INTERNAL;
    }
    const struct peer_config *peer = &plane->config->endpoint.peers[event->peer_index];
    struct esp_pair_config pair;
    child_sa_to_esp_pair(event, &peer->children[event->child_index], policy, &pair);
    pair.user = event->child_sa;
    pair.path_mtu = path_mtu_probe_ask(&plane->path_mtus, &event->child.path.remote.ip);
    enum status status = esp_plane_pair_install(plane->esp, &pair, now_ns);
    octets_wipe(&pair, sizeof(pair));
    if (status == STATUS_OK &&
        !pair_list_add(&plane->pairs, event->child.spi_in, &event->child.path)) {
        status = STATUS_INTERNAL;
    }
    return status;
}

static enum status child_moved(struct data_plane *plane, const struct event *event)
{
    const struct child_sa_info *child = &event->child;
    if (!esp_plane_pair_move(plane->esp, child->spi_in, &child->path, child->udp_encapsulation)) {
        return STATUS_DROP;
    }
    pair_list_move(&plane->pairs, child->spi_in, &child->path);
    pair_mtu_ask(plane, &child->path.remote.ip, child->spi_in);
    return STATUS_OK;
}

static enum status plane_child_event(struct data_plane *plane, const struct event *event,
                                     uint64_t now_ns)
{
    switch (event->type) {
    case EVENT_CHILD_SA_UP:
        return child_up(plane, event, now_ns);
    case EVENT_CHILD_SA_MOVED:
        return child_moved(plane, event);
    case EVENT_CHILD_SA_DOWN:
        pair_list_remove(&plane->pairs, event->child.spi_in);
        esp_plane_pair_remove(plane->esp, event->child.spi_in, now_ns, event->linger_ns);
        return STATUS_OK;
    default:
        return STATUS_DROP;
    }
}

static void plane_acquire_failed(struct data_plane *plane, uint16_t peer, uint16_t child)
{
    if (plane->policies[peer][child] != 0) {
        esp_plane_acquire_failed(plane->esp, plane->policies[peer][child]);
    }
    for (size_t i = 0; i < plane->dynamic_count; i++) {
        if (plane->dynamic[i].peer_index == peer && plane->dynamic[i].child_index == child) {
            esp_plane_acquire_failed(plane->esp, plane->dynamic[i].id);
        }
    }
}

static bool plane_next_event(struct data_plane *plane, struct data_plane_event *out)
{
    struct esp_event event;
    if (!esp_plane_next_event(plane->esp, &event)) {
        return false;
    }
    *out = (struct data_plane_event){
        .type = event.type, .spi_in = event.spi_in, .key = event.key, .path = event.path};
    if (event.type == ESP_EVENT_ACQUIRE) {
        out->peer_index = (uint16_t)(event.user >> 16);
        out->child_index = (uint16_t)event.user;
    }
    return true;
}

static uint64_t plane_deadline(const struct data_plane *plane)
{
    uint64_t ends = esp_plane_deadline(plane->esp);
    bool ages = plane->pairs.count > 0 && plane->path_mtu_due_ns < ends;
    return ages ? plane->path_mtu_due_ns : ends;
}

static void plane_expire(struct data_plane *plane, uint64_t now_ns)
{
    esp_plane_expire(plane->esp, now_ns);
    path_mtus_age(plane, now_ns);
}

static bool plane_next_traffic(struct data_plane *plane, struct command *traffic)
{
    while (plane->traffic_at < plane->pairs.count) {
        struct pair_entry *pair = plane->pairs.items[plane->traffic_at++];
        struct esp_usage usage;
        if (esp_plane_pair_usage(plane->esp, pair->spi_in, &usage) &&
            (usage.last_in_ns != pair->last_in_ns || usage.last_out_ns != pair->last_out_ns)) {
            pair->last_in_ns = usage.last_in_ns;
            pair->last_out_ns = usage.last_out_ns;
            *traffic = (struct command){.type = COMMAND_TRAFFIC,
                                        .spi_in = pair->spi_in,
                                        .last_in_ns = usage.last_in_ns,
                                        .last_out_ns = usage.last_out_ns};
            return true;
        }
    }
    plane->traffic_at = 0;
    return false;
}

static bool plane_usage(const struct data_plane *plane, uint32_t spi_in, struct esp_usage *out)
{
    return esp_plane_pair_usage(plane->esp, spi_in, out);
}

static void plane_counters(const struct data_plane *plane, struct esp_counters *out)
{
    esp_plane_counters(plane->esp, out);
}

static bool plane_broken(const struct data_plane *plane)
{
    return plane->broken;
}

static void plane_addresses_changed(struct data_plane *plane)
{
    if (plane->broken) {
        return;
    }
    /* The kernel drops a route together with the address that is its source; the unreachable one
     * beside it has none and stays. */
    struct problem problem = {0};
    if (!policy_routes_put(plane->config, plane->tun.index, &problem)) {
        log_warning("%s", problem.text);
    }
    for (size_t i = 0; i < plane->dynamic_count; i++) {
        struct address *remote = &plane->dynamic[i].remote;
        struct address local = local_address_towards(remote, plane->config->mark);
        policy_routes_put_host(plane->config, plane->tun.index, remote, &local);
    }
    path_mtus_ask(plane); /* they may be larger again */
}

static unsigned plane_interface(const struct data_plane *plane)
{
    return plane->tun.index;
}

/* ---- life ---- */

static bool watch(struct data_plane *plane, struct event_source *source, int fd,
                  void (*ready)(void *, uint32_t))
{
    *source = (struct event_source){.fd = fd, .ready = ready, .context = plane};
    return fd < 0 || event_loop_add(plane->loop, source, EPOLLIN);
}

static bool esp_open(struct data_plane *plane, struct problem *problem)
{
    uint32_t mark = plane->config->mark;
    bool good = (esp_socket_open(&plane->esp_sockets[0], ADDRESS_V4, mark, problem) ||
                 problem->code == EXIT_FINE) &&
                (esp_socket_open(&plane->esp_sockets[1], ADDRESS_V6, mark, problem) ||
                 problem->code == EXIT_FINE);
    return good && watch(plane, &plane->tun_source, plane->tun.fd, tun_ready) &&
           watch(plane, &plane->esp_sources[0], plane->esp_sockets[0].fd, esp_v4_ready) &&
           watch(plane, &plane->esp_sources[1], plane->esp_sockets[1].fd, esp_v6_ready);
}

static bool plane_install(struct data_plane *plane, struct problem *problem)
{
    const struct host_config *config = plane->config;
    if (!policies_install(plane, problem)) {
        return false;
    }
    size_t stale = 0;
    if (!policy_routes_inherit(config, &stale, problem)) {
        return false;
    }
    if (stale > 0) {
        log_line("removed %zu routes and rules that an earlier instance left", stale);
    }
    plane->routed = true;
    plane->inherited = stale > 0;
    if (!policy_routes_block(config, problem) ||
        !tun_open(&plane->tun, config->interface, tun_mtu_interface(config), !config->offload_off,
                  problem) ||
        !policy_routes_put(config, plane->tun.index, problem) ||
        !policy_routes_rule(config, problem)) {
        return false;
    }
    policy_routes_settle(config);
    firewall_install(config);
    return esp_open(plane, problem);
}

static void plane_destroy(struct data_plane *plane, bool started)
{
    bool stays_closed = plane->broken || (!started && plane->inherited);
    for (size_t i = 0; i < 2; i++) {
        event_loop_remove(plane->loop, &plane->esp_sources[i]);
        datagram_socket_close(&plane->esp_sockets[i]);
    }
    event_loop_remove(plane->loop, &plane->tun_source);
    tun_close(&plane->tun);
    if (plane->routed && !stays_closed) {
        policy_routes_clear(plane->config);
        firewall_remove(plane->config->interface);
    }
    esp_plane_destroy(plane->esp);
    burst_destroy(&plane->burst);
    pair_list_destroy(&plane->pairs);
    path_mtu_probe_close(&plane->path_mtus);
    free(plane);
}

struct data_plane *data_plane_tun_create(const struct host_config *config, struct event_loop *loop,
                                         struct ike_sockets *sockets,
                                         const struct random_source *random,
                                         struct problem *problem)
{
    struct data_plane *plane = calloc(1, sizeof(*plane));
    if (plane == NULL) {
        problem_set(problem, EXIT_ENVIRONMENT, "no memory for the data plane");
        return NULL;
    }
    plane->config = config;
    plane->loop = loop;
    plane->sockets = sockets;
    path_mtu_probe_init(&plane->path_mtus, config->mark);
    plane->tun.fd = plane->tun_source.fd = -1;
    for (size_t i = 0; i < 2; i++) {
        plane->esp_sockets[i].fd = plane->esp_sources[i].fd = -1;
    }
    plane->esp = esp_plane_create(random);
    if (plane->esp == NULL || !burst_create(&plane->burst) ||
        pair_list_init(&plane->pairs) != STATUS_OK) {
        problem_set(problem, EXIT_ENVIRONMENT, "no memory for the data plane");
    } else if (plane_install(plane, problem)) {
        return plane;
    }
    problem_set(problem, EXIT_ENVIRONMENT, "the data plane cannot be watched; raise ulimit -n");
    plane_destroy(plane, false);
    return NULL;
}

size_t data_plane_tun_cleanup(const struct host_config *config)
{
    return policy_routes_clear(config) + firewall_remove(config->interface);
}

const struct data_plane_operations data_plane_tun = {
    .name = "tun",
    .destroy = plane_destroy,
    .sockets_opened = plane_sockets_opened,
    .child_event = plane_child_event,
    .release = plane_release,
    .acquire_failed = plane_acquire_failed,
    .receive = plane_receive,
    .catch_up = plane_catch_up,
    .next_event = plane_next_event,
    .deadline = plane_deadline,
    .expire = plane_expire,
    .next_traffic = plane_next_traffic,
    .usage = plane_usage,
    .counters = plane_counters,
    .broken = plane_broken,
    .addresses_changed = plane_addresses_changed,
    .interface = plane_interface,
};
