/* Events of the core become SAs and policies; what the kernel tells becomes events. */
#include "host/data_plane_xfrm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "esp/udp_encap.h"
#include "host/log.h"
#include "host/xfrm_encap.h"
#include "host/xfrm_events.h"
#include "host/xfrm_hold.h"
#include "host/xfrm_pair.h"
#include "host/xfrm_problem.h"
#include "host/xfrm_routes.h"
#include "host/xfrm_standing.h"
#include "host/xfrm_tag.h"
#include "host/xfrm_waits.h"

#define EVENTS_MAX 256      /* what does not fit is told again, by the next packet */
#define LOOK_NS 20000000ULL /* traffic is looked at no more often */
#define NS_PER_S 1000000000ULL

struct data_plane {
    const struct host_config *config;
    struct xfrm_events kernel;
    struct xfrm_policy_table policies;
    struct xfrm_waits waits;
    struct xfrm_hold hold;
    struct xfrm_pair *pairs; /* newest first */
    uint64_t pairs_made;
    struct xfrm_pair *look; /* next to look at for COMMAND_TRAFFIC */
    uint64_t looked_ns;
    struct data_plane_event events[EVENTS_MAX];
    size_t event_first, event_count;
    uint64_t deadline_ns; /* of lingering pairs */
    bool changed;         /* the kernel holds something of ours */
    bool inherited;       /* an earlier instance had left some */
};

/* ---- pairs ---- */

static struct xfrm_pair *pair_find(const struct data_plane *plane, uint32_t spi_in)
{
    for (struct xfrm_pair *pair = plane->pairs; pair != NULL; pair = pair->next) {
        if (pair->spi_in == spi_in) {
            return pair;
        }
    }
    return NULL;
}

static bool sa_is(const struct xfrm_sa_id *a, const struct xfrm_sa_id *b)
{
    return a->spi == b->spi && address_equal(&a->destination, &b->destination);
}

static struct xfrm_pair *pair_of_sa(const struct data_plane *plane, const struct xfrm_sa_id *id,
                                    bool *inbound)
{
    for (struct xfrm_pair *pair = plane->pairs; pair != NULL; pair = pair->next) {
        struct xfrm_sa_id in = xfrm_pair_inbound(pair), out = xfrm_pair_outbound(pair);
        *inbound = sa_is(&in, id);
        if (*inbound || sa_is(&out, id)) {
            return pair;
        }
    }
    return NULL;
}

static void pair_drop(struct data_plane *plane, struct xfrm_pair *gone)
{
    struct xfrm_pair **link = &plane->pairs;
    while (*link != gone) {
        link = &(*link)->next;
    }
    *link = gone->next;
    if (plane->look == gone) {
        plane->look = gone->next;
    }
    xfrm_pair_destroy(gone, &plane->policies);
}

static void pair_send(struct data_plane *plane, struct xfrm_pair *pair)
{
    int error = xfrm_pair_send(pair, &plane->policies);
    struct problem problem = {0};
    if (error != 0) {
        xfrm_problem_set(&problem, "the kernel refuses the policy of an SA", error, NULL);
        log_warning("%s", problem.text);
    }
}

/* ---- events for the core ---- */

static void event_push(struct data_plane *plane, const struct data_plane_event *event)
{
    if (plane->event_count < EVENTS_MAX) {
        plane->events[(plane->event_first + plane->event_count++) % EVENTS_MAX] = *event;
    }
}

static bool plane_next_event(struct data_plane *plane, struct data_plane_event *out)
{
    if (plane->event_count == 0) {
        return false;
    }
    *out = plane->events[plane->event_first];
    plane->event_first = (plane->event_first + 1) % EVENTS_MAX;
    plane->event_count--;
    return true;
}

static bool child_covers(const struct data_plane *plane, uint16_t peer, uint16_t child,
                         const struct packet_key *key)
{
    for (struct xfrm_pair *pair = plane->pairs; pair != NULL; pair = pair->next) {
        if (pair->peer_index == peer && pair->child_index == child && pair->sending &&
            xfrm_pair_covers(pair, key)) {
            return true;
        }
    }
    return false;
}

static void acquired(struct data_plane *plane, const struct xfrm_event *event)
{
    uint16_t peer, child;
    if (!xfrm_priority_child(plane->config->mark, event->priority, &peer, &child) ||
        peer >= plane->config->endpoint.peer_count ||
        child >= plane->config->endpoint.peers[peer].child_count) {
        return;
    }
    if (child_covers(plane, peer, child, &event->key)) {
        /* It came between two moments of a move, or before the SA did. */
        xfrm_state_forget_acquire(&event->acquiring);
        xfrm_standing_refresh(&plane->policies, peer, child);
    } else if (xfrm_waits_note(&plane->waits, peer, child, event)) {
        event_push(plane, &(struct data_plane_event){.type = ESP_EVENT_ACQUIRE,
                                                     .peer_index = peer,
                                                     .child_index = child,
                                                     .key = event->key});
    }
}

static void expired(struct data_plane *plane, const struct xfrm_event *event)
{
    bool inbound;
    struct xfrm_pair *pair = pair_of_sa(plane, &event->id, &inbound);
    if (pair == NULL || pair->lingering) {
        return;
    }
    if (pair->awaits_packet && inbound && !event->hard) {
        xfrm_pair_started_receiving(pair);
        if (pair->standby) {
            pair_send(plane,
                      pair); /* the peer sends on it, so it can receive on it, RFC 7296 2.8 */
        }
        return;
    }
    bool *reported = event->hard ? &pair->hard_reported : &pair->soft_reported;
    if (!*reported) {
        *reported = true;
        event_push(plane, &(struct data_plane_event){.type = event->hard ? ESP_EVENT_HARD_EXPIRED
                                                                         : ESP_EVENT_SOFT_EXPIRED,
                                                     .spi_in = pair->spi_in});
    }
}

static void mapped(struct data_plane *plane, const struct xfrm_event *event)
{
    bool inbound;
    struct xfrm_pair *pair = pair_of_sa(plane, &event->id, &inbound);
    if (pair == NULL || !inbound || pair->lingering ||
        transport_address_equal(&event->source, &pair->path.remote) ||
        (pair->moved_reported && transport_address_equal(&event->source, &pair->moved_to))) {
        return;
    }
    pair->moved_reported = true;
    pair->moved_to = event->source;
    struct data_plane_event moved = {
        .type = ESP_EVENT_PEER_MOVED, .spi_in = pair->spi_in, .path = pair->path};
    moved.path.remote = event->source;
    event_push(plane, &moved);
}

static void kernel_event(void *context, const struct xfrm_event *event)
{
    switch (event->type) {
    case XFRM_EVENT_ACQUIRE:
        acquired(context, event);
        break;
    case XFRM_EVENT_EXPIRE:
        expired(context, event);
        break;
    case XFRM_EVENT_MAPPING:
        mapped(context, event);
        break;
    }
}

/* ---- events of the core ---- */

static enum status child_up(struct data_plane *plane, const struct event *event, uint64_t now_ns)
{
    const struct host_config *config = plane->config;
    const struct peer_config *peer = &config->endpoint.peers[event->peer_index];
    struct problem problem = {0};
    struct xfrm_pair *pair = NULL;
    if (xfrm_standing_learn(config, event->peer_index, event->child_index, &event->child.remote,
                            &plane->policies, &problem)) {
        pair = xfrm_pair_create(event, &peer->children[event->child_index], config->mark,
                                ++plane->pairs_made, now_ns, &plane->policies, &problem);
    }
    if (pair == NULL) {
        log_warning("%s: %s", peer->name, problem.text);
        return STATUS_INTERNAL;
    }
    pair->next = plane->pairs;
    plane->pairs = pair;
    if (!pair->standby) {
        pair_send(plane, pair);
    }
    xfrm_routes_put(config, pair->peer_index, pair->child_index, &pair->path.local.ip);
    pair->fresh = true;
    return STATUS_OK;
}

static enum status child_moved(struct data_plane *plane, const struct event *event)
{
    struct xfrm_pair *pair = pair_find(plane, event->child.spi_in);
    if (pair == NULL) {
        return STATUS_DROP;
    }
    xfrm_routes_put(plane->config, pair->peer_index, pair->child_index,
                    &event->child.path.local.ip);
    int error =
        xfrm_pair_move(pair, &event->child.path, event->child.udp_encapsulation, &plane->policies);
    if (error != 0) {
        struct problem problem = {0};
        xfrm_problem_set(&problem, "the kernel refuses to move an SA", error, NULL);
        log_warning("%s", problem.text);
        return STATUS_INTERNAL;
    }
    return STATUS_OK;
}

static void child_down(struct data_plane *plane, const struct event *event, uint64_t now_ns)
{
    struct xfrm_pair *pair = pair_find(plane, event->child.spi_in);
    if (pair == NULL) {
        return;
    }
    for (struct xfrm_pair *next = plane->pairs; next != NULL; next = next->next) {
        if (next->standby && next->replaces_spi_in == pair->spi_in) {
            pair_send(plane, next);
        }
    }
    xfrm_waits_forget(&plane->waits, pair->peer_index, pair->child_index);
    if (event->linger_ns == 0) {
        pair_drop(plane, pair);
        return;
    }
    xfrm_pair_stop_sending(pair, &plane->policies);
    pair->lingering = true;
    pair->linger_until_ns = now_ns + event->linger_ns;
    if (pair->linger_until_ns < plane->deadline_ns) {
        plane->deadline_ns = pair->linger_until_ns;
    }
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
        child_down(plane, event, now_ns);
        return STATUS_OK;
    default:
        return STATUS_DROP;
    }
}

/* The kernel has no ESP that waits. */
static void plane_catch_up(struct data_plane *plane)
{
    (void)plane;
}

static void plane_release(struct data_plane *plane, uint64_t now_ns)
{
    (void)now_ns;
    for (struct xfrm_pair *pair = plane->pairs; pair != NULL; pair = pair->next) {
        if (pair->fresh) {
            pair->fresh = false;
            xfrm_waits_answer(&plane->waits, pair->peer_index, pair->child_index);
            xfrm_standing_refresh(&plane->policies, pair->peer_index, pair->child_index);
        }
    }
}

static void plane_acquire_failed(struct data_plane *plane, uint16_t peer, uint16_t child)
{
    xfrm_waits_forget(&plane->waits, peer, child);
    xfrm_standing_refresh(&plane->policies, peer, child);
}

/* ---- datagrams ---- */

/* The kernel has taken ESP and keepalives already. */
static void plane_receive(struct data_plane *plane, struct packet *packets, size_t count,
                          uint64_t now_ns)
{
    (void)plane;
    (void)now_ns;
    for (size_t i = 0; i < count; i++) {
        struct packet *packet = &packets[i];
        struct bytes octets = bytes_of(packet->buffer + packet->offset, packet->length);
        packet->verdict = PACKET_DROP_NO_SA;
        if (udp_encap_classify(octets) == UDP_ENCAP_IKE) {
            packet->verdict = PACKET_IKE;
            packet->offset += NON_ESP_MARKER_LENGTH;
            packet->length -= NON_ESP_MARKER_LENGTH;
        }
    }
}

static bool plane_sockets_opened(struct data_plane *plane, struct ike_sockets *sockets,
                                 struct problem *problem)
{
    (void)plane;
    for (size_t i = 0; i < IKE_SOCKETS; i++) {
        const struct datagram_socket *one = &sockets->sockets[i];
        if (one->fd < 0) {
            continue;
        }
        int error = xfrm_bypass_inbound(one->fd, one->family);
        if (error == 0 && (i == NATT_V4 || i == NATT_V6)) {
            error = xfrm_encap_enable(one->fd);
        }
        if (error != 0) {
            return problem_set(problem, EXIT_ENVIRONMENT,
                               "the kernel does not take ESP from UDP port %u (%s); it needs "
                               "CONFIG_XFRM and we CAP_NET_ADMIN, or use data-plane = \"tun\"",
                               one->port, strerror(error));
        }
    }
    return true;
}

/* ---- time ---- */

static uint64_t plane_deadline(const struct data_plane *plane)
{
    return plane->deadline_ns;
}

static void plane_expire(struct data_plane *plane, uint64_t now_ns)
{
    if (now_ns < plane->deadline_ns) {
        return;
    }
    plane->deadline_ns = UINT64_MAX;
    struct xfrm_pair *next = plane->pairs;
    while (next != NULL) {
        struct xfrm_pair *pair = next;
        next = pair->next;
        if (pair->lingering && pair->linger_until_ns <= now_ns) {
            pair_drop(plane, pair);
        } else if (pair->lingering && pair->linger_until_ns < plane->deadline_ns) {
            plane->deadline_ns = pair->linger_until_ns;
        }
    }
}

/* ---- usage ---- */

static bool pair_usage(const struct xfrm_pair *pair, struct xfrm_sa_usage *in,
                       struct xfrm_sa_usage *out)
{
    struct xfrm_sa_id inbound = xfrm_pair_inbound(pair), outbound = xfrm_pair_outbound(pair);
    return xfrm_state_usage(&inbound, in) == 0 &&
           (pair->lingering || xfrm_state_usage(&outbound, out) == 0);
}

/* The kernel says in which second the SA was used last. Of all moments this may have been the
 * earliest is taken: a keepalive that comes too early does no harm (RFC 3948 4). */
static uint64_t last_used_ns(const struct xfrm_pair *pair, uint64_t last_used_s, uint64_t now_ns)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t real_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
    uint64_t ago_ns = real_ns > last_used_s * NS_PER_S ? real_ns - last_used_s * NS_PER_S : 0;
    uint64_t used_ns = ago_ns < now_ns ? now_ns - ago_ns : 0;
    return used_ns > pair->looked_ns ? used_ns : pair->looked_ns;
}

/* Counters that have moved mean traffic since the last look; inbound it is taken to be of just now,
 * so that a peer is not asked too early whether it lives (RFC 7296 2.4). */
static bool pair_look(struct xfrm_pair *pair, uint64_t now_ns)
{
    struct xfrm_sa_usage in, out;
    if (!pair_usage(pair, &in, &out)) {
        return false;
    }
    bool received = in.packets != pair->packets_in, sent = out.packets != pair->packets_out;
    if (received) {
        pair->last_in_ns = now_ns;
    }
    if (sent) {
        pair->last_out_ns = last_used_ns(pair, out.last_used_s, now_ns);
    }
    pair->packets_in = in.packets;
    pair->packets_out = out.packets;
    pair->looked_ns = now_ns;
    return received || sent;
}

static bool plane_next_traffic(struct data_plane *plane, struct command *traffic)
{
    uint64_t now_ns = clock_now_ns();
    if (plane->look == NULL) {
        if (now_ns < plane->looked_ns + LOOK_NS) {
            return false;
        }
        plane->looked_ns = now_ns;
        plane->look = plane->pairs;
    }
    while (plane->look != NULL) {
        struct xfrm_pair *pair = plane->look;
        plane->look = pair->next;
        if (!pair->lingering && pair_look(pair, now_ns)) {
            *traffic = (struct command){.type = COMMAND_TRAFFIC,
                                        .spi_in = pair->spi_in,
                                        .last_in_ns = pair->last_in_ns,
                                        .last_out_ns = pair->last_out_ns};
            return true;
        }
    }
    return false;
}

static bool plane_usage(const struct data_plane *plane, uint32_t spi_in, struct esp_usage *usage)
{
    const struct xfrm_pair *pair = pair_find(plane, spi_in);
    struct xfrm_sa_usage in, out = {0};
    if (pair == NULL || !pair_usage(pair, &in, &out)) {
        return false;
    }
    *usage = (struct esp_usage){
        .packets_in = in.packets,
        .packets_out = out.packets,
        .octets_in = in.octets,
        .octets_out = out.octets,
        .last_in_ns = pair->last_in_ns,
        .last_out_ns = pair->last_out_ns,
        .replayed = in.replayed,
        .not_authentic = in.not_authentic,
        .sequence_out = out.sequence_out,
        .sequence_in = in.sequence_in,
    };
    return true;
}

/* The kernel counts for all its IPsec, not for ours: /proc/net/xfrm_stat. */
static void plane_counters(const struct data_plane *plane, struct esp_counters *out)
{
    (void)plane;
    *out = (struct esp_counters){0};
}

/* ---- the host ---- */

static bool plane_broken(const struct data_plane *plane)
{
    (void)plane;
    return false;
}

/* The kernel drops a route together with its interface's carrier. */
static void plane_addresses_changed(struct data_plane *plane)
{
    for (const struct xfrm_pair *pair = plane->pairs; pair != NULL; pair = pair->next) {
        if (!pair->lingering) {
            xfrm_routes_put(plane->config, pair->peer_index, pair->child_index,
                            &pair->path.local.ip);
        }
    }
}

static unsigned plane_interface(const struct data_plane *plane)
{
    (void)plane;
    return 0;
}

/* ---- life ---- */

static bool plane_install(struct data_plane *plane, struct event_loop *loop,
                          struct problem *problem)
{
    const struct host_config *config = plane->config;
    if (!xfrm_hold_begin(&plane->hold, config->mark, problem) ||
        !xfrm_events_open(&plane->kernel, loop, kernel_event, plane, problem) ||
        !xfrm_esp_works(xfrm_reqid_of_none(config->mark), problem)) {
        return false;
    }
    plane->inherited = xfrm_standing_count(config) > 0;
    plane->changed = true;
    if (!xfrm_standing_bypasses(config, &plane->policies, problem) ||
        !xfrm_standing_children(config, &plane->policies, problem)) {
        return false;
    }
    xfrm_routes_begin(config);
    size_t stale = xfrm_standing_clear(config, &plane->policies) +
                   xfrm_state_clear(xfrm_tag_first(config->mark), xfrm_tag_last(config->mark));
    if (stale > 0) {
        log_line("removed %zu SAs and policies that an earlier instance left", stale);
    }
    return true;
}

static void plane_destroy(struct data_plane *plane, bool started)
{
    bool stays_closed = !started && plane->inherited;
    xfrm_events_close(&plane->kernel);
    while (plane->pairs != NULL) {
        pair_drop(plane, plane->pairs);
    }
    if (plane->changed && !stays_closed) {
        data_plane_xfrm_cleanup(plane->config);
    }
    xfrm_hold_end(&plane->hold);
    xfrm_policy_table_destroy(&plane->policies);
    free(plane);
}

struct data_plane *data_plane_xfrm_create(const struct host_config *config, struct event_loop *loop,
                                          struct problem *problem)
{
    struct data_plane *plane = calloc(1, sizeof(*plane));
    if (plane == NULL) {
        problem_set(problem, EXIT_ENVIRONMENT, "no memory for the data plane");
        return NULL;
    }
    plane->config = config;
    plane->deadline_ns = UINT64_MAX;
    plane->kernel.source.fd = plane->hold.lock_fd = plane->hold.drop_fd = -1;
    if (!plane_install(plane, loop, problem)) {
        plane_destroy(plane, false);
        return NULL;
    }
    return plane;
}

size_t data_plane_xfrm_cleanup(const struct host_config *config)
{
    return xfrm_state_clear(xfrm_tag_first(config->mark), xfrm_tag_last(config->mark)) +
           xfrm_standing_clear(config, NULL) + xfrm_routes_end(config);
}

const struct data_plane_operations data_plane_xfrm = {
    .name = "xfrm",
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
