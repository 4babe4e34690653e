/* Wildcard sockets on ikeref's ports, or those of the configuration; a turn takes what has arrived,
 * then does what is due. */

#include "load/run.h"

#include "esp/udp_encap.h"
#include "host/burst.h"
#include "host/event_loop.h"
#include "host/ike_sockets.h"
#include "host/initiation.h"
#include "load/members.h"

struct run {
    struct crowd *crowd;
    struct ike_sockets sockets;
    struct event_source sources[IKE_SOCKETS];
    struct ready {
        struct run *run;
        enum ike_socket which;
    } ready[IKE_SOCKETS];
    struct event_loop loop;
    struct burst received, sent;
};

/* ---- out ---- */

static void send_all(struct run *run, struct client *client)
{
    struct datagram datagram;
    while (crowd_next_datagram(run->crowd, client, &datagram)) {
        ike_sockets_send(&run->sockets, &run->sent,
                         &datagram); /* too much is lost, as on any wire */
    }
}

/* ---- in ---- */

/* False: it is no IKE message. */
static bool marker_strip(struct packet *packet)
{
    struct bytes octets = bytes_of(packet->buffer + packet->offset, packet->length);
    if (udp_encap_classify(octets) != UDP_ENCAP_IKE) {
        return false;
    }
    packet->offset += NON_ESP_MARKER_LENGTH;
    packet->length -= NON_ESP_MARKER_LENGTH;
    return true;
}

static void take(struct run *run, struct packet *packet, bool natt)
{
    if (natt && !marker_strip(packet)) {
        return;
    }
    struct datagram datagram = {
        .path = packet->path,
        .encapsulated = natt,
        .octets = bytes_of(packet->buffer + packet->offset, packet->length),
    };
    struct client *client = crowd_receive(run->crowd, &datagram, clock_now_ns());
    if (client != NULL) {
        crowd_settle(run->crowd, client, clock_now_ns());
        send_all(run, client);
    }
}

static void socket_ready(void *context, uint32_t epoll_events)
{
    const struct ready *ready = context;
    struct run *run = ready->run;
    struct datagram_socket *sock = &run->sockets.sockets[ready->which];
    (void)epoll_events;
    burst_reset(&run->received);
    size_t count = datagram_socket_receive(sock, run->received.packets, BURST_MAX);
    for (size_t i = 0; i < count; i++) {
        take(run, &run->received.packets[i], ready->which >= NATT_V4);
    }
}

/* ---- beginning and end ---- */

static bool run_open(struct run *run, const struct host_config *config, struct problem *problem)
{
    ike_sockets_init(&run->sockets);
    if (!event_loop_open(&run->loop, problem) ||
        !ike_sockets_open(&run->sockets, config, problem)) {
        return false;
    }
    if (!burst_create(&run->received) || !burst_create(&run->sent)) {
        return problem_set(problem, EXIT_ENVIRONMENT, "no memory");
    }
    for (size_t i = 0; i < IKE_SOCKETS; i++) {
        run->ready[i] = (struct ready){.run = run, .which = (enum ike_socket)i};
        run->sources[i] = (struct event_source){
            .fd = run->sockets.sockets[i].fd, .ready = socket_ready, .context = &run->ready[i]};
        if (run->sources[i].fd >= 0 && !event_loop_add(&run->loop, &run->sources[i], EPOLLIN)) {
            return problem_set(problem, EXIT_ENVIRONMENT, "cannot wait for a socket");
        }
    }
    return true;
}

static void run_close(struct run *run)
{
    burst_destroy(&run->received);
    burst_destroy(&run->sent);
    ike_sockets_close(&run->sockets);
    event_loop_close(&run->loop);
}

#define STEPS_PER_TURN 64 /* then what has arrived comes first */

static void work(struct run *run, struct effort *spent)
{
    const struct effort before = effort_now();
    const uint64_t until_ns = run->crowd->begun_ns + run->crowd->plan.offer_ns;
    uint64_t now_ns = clock_now_ns();
    bool measured = false;
    while (!crowd_over(run->crowd, now_ns)) {
        struct client *client = NULL;
        for (int i = 0; i < STEPS_PER_TURN; i++) {
            client = crowd_work(run->crowd, clock_now_ns());
            if (client == NULL) {
                break;
            }
            send_all(run, client);
        }
        now_ns = clock_now_ns();
        if (!measured && now_ns >= until_ns) {
            *spent = effort_since(&before);
            measured = true;
        }
        event_loop_turn(&run->loop, client != NULL ? 0 : crowd_deadline(run->crowd, now_ns));
        now_ns = clock_now_ns();
    }
    if (!measured) {
        *spent = effort_since(&before);
    }
}

static bool route_find(const struct host_config *config, struct command *out,
                       struct problem *problem)
{
    struct own_addresses own;
    own_addresses_init(&own, NULL, 0);
    *out = (struct command){0};
    if (config->endpoint.peer_count > 0 &&
        initiation_path(config, &config->endpoint.peers[0], &own, NULL, out)) {
        return true;
    }
    return problem_set(problem, EXIT_ENVIRONMENT,
                       "there is no way to the peer: give its `address`, and see `ip route get`");
}

bool run_crowd(const struct options *options, const struct host_config *config, struct crowd *crowd,
               struct effort *spent, struct problem *problem)
{
    struct run run = {.crowd = crowd};
    struct members members = {0};
    struct command route;
    bool good = run_open(&run, config, problem) && route_find(config, &route, problem) &&
                members_open(&members, config, &route, options->plan.clients, options->sources,
                             options->inner_whole, problem);
    if (good && !crowd_open(crowd, &options->plan, &members.crowd, &random_system, clock_now_ns(),
                            clock_utc_ns())) {
        good = problem_set(problem, EXIT_ENVIRONMENT, "no memory for so many clients");
    }
    if (good) {
        work(&run, spent);
    }
    members_close(&members);
    run_close(&run);
    return good;
}
