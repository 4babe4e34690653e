/* The corridor of the host: what is opened in which order, and what happens in a turn of the loop.
 */
#include "host/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "host/confinement.h"
#include "host/control_json.h"
#include "host/daemon_state.h"
#include "host/data_plane_tun.h"
#include "host/data_plane_xfrm.h"
#include "host/initiation.h"
#include "host/log.h"
#include "host/policy_routes.h"

#define BURSTS_PER_TURN 4
#define SETTLE_NS 20000000ULL /* after the last of a burst of changes to addresses and routes */
#define STOP_TIME_NS 2000000000ULL /* peers that do not answer a Delete by then are left alone */

/* ---- datagrams in ---- */

static void ike_receive(struct daemon *daemon, const struct packet *packet, bool encapsulated,
                        uint64_t now_ns)
{
    struct datagram datagram = {
        .path = packet->path,
        .encapsulated = encapsulated,
        .octets = bytes_of(packet->buffer + packet->offset, packet->length),
    };
    /* each time, since somebody may have set the clock meanwhile */
    endpoint_set_utc(daemon->endpoint, clock_utc_ns(), now_ns);
    enum status status = endpoint_receive(daemon->endpoint, &datagram, now_ns);
    (void)status; /* counted by the core; what is to be said is in its queue */
}

static bool is_ike(const struct packet *packet, bool natt)
{
    return !natt || packet->verdict == PACKET_IKE;
}

static bool has_ike(const struct burst *burst, size_t count, bool natt)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        found = is_ike(&burst->packets[i], natt);
    }
    return found;
}

/* Each datagram is handled to its end before the next. */
static void burst_handle(struct daemon *daemon, struct burst *burst, size_t count, bool natt,
                         uint64_t now_ns)
{
    if (natt) {
        for (size_t i = 0; i < count; i++) {
            burst->packets[i].udp_encapsulation = true; /* the port says so, RFC 3948 2 */
        }
        daemon->operations->receive(daemon->plane, burst->packets, count, now_ns);
    }
    if (has_ike(burst, count, natt)) {
        daemon->operations->catch_up(daemon->plane);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_ike(&burst->packets[i], natt)) {
            ike_receive(daemon, &burst->packets[i], natt, now_ns);
            daemon_drain(daemon, now_ns);
        }
    }
}

static void socket_ready(struct daemon *daemon, enum ike_socket which)
{
    struct datagram_socket *sock = &daemon->sockets.sockets[which];
    bool natt = which == NATT_V4 || which == NATT_V6;
    sock->more = true;
    for (int i = 0; sock->more; i++) {
        burst_reset(&daemon->received);
        struct packet *packets = daemon->received.packets;
        size_t count = i < BURSTS_PER_TURN ? datagram_socket_receive(sock, packets, BURST_MAX)
                                           : datagram_socket_receive_rest(sock, packets, BURST_MAX);
        burst_handle(daemon, &daemon->received, count, natt, clock_now_ns());
    }
}

static void ike_v4_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    socket_ready(context, IKE_V4);
}

static void ike_v6_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    socket_ready(context, IKE_V6);
}

static void natt_v4_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    socket_ready(context, NATT_V4);
}

static void natt_v6_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    socket_ready(context, NATT_V6);
}

/* ---- signals and the end ---- */

void daemon_stop(struct daemon *daemon, uint64_t now_ns)
{
    if (daemon->stopping) {
        return;
    }
    daemon->stopping = true;
    daemon->stop_by_ns = now_ns + STOP_TIME_NS;
    struct command command = {.type = COMMAND_SHUTDOWN};
    enum status status = daemon_command(daemon, &command, now_ns);
    (void)status; /* whatever comes of it, we end */
}

static void signals_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    struct daemon *daemon = context;
    struct signalfd_siginfo info;
    while (read(daemon->signals.fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            log_line("SIGHUP is ignored; to read a changed configuration, restart the daemon");
        } else if (daemon->stopping) {
            daemon->stop_by_ns = 0; /* asked twice: at once */
        } else {
            log_line("ending: telling the peers");
            daemon_stop(daemon, clock_now_ns());
        }
    }
}

static bool signals_open(struct daemon *daemon, struct problem *problem)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    daemon->signals = (struct event_source){.ready = signals_ready, .context = daemon};
    daemon->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (daemon->signals.fd < 0 || !event_loop_add(&daemon->loop, &daemon->signals, EPOLLIN)) {
        return problem_set(problem, EXIT_ENVIRONMENT,
                           "cannot receive signals (%s); raise ulimit -n", strerror(errno));
    }
    return true;
}

static bool daemon_finished(const struct daemon *daemon, uint64_t now_ns)
{
    struct ike_sa_status sa;
    return daemon->stopping &&
           (now_ns >= daemon->stop_by_ns || !endpoint_ike_sa_after(daemon->endpoint, 0, &sa));
}

/* ---- one turn ---- */

/* What an IKE SA to come has to tell its peer. */
static void addresses_tell(struct daemon *daemon, uint64_t now_ns)
{
    struct command command = {.type = COMMAND_ADDRESSES,
                              .addresses = *own_addresses_list(&daemon->own_addresses)};
    enum status status = daemon_command(daemon, &command, now_ns);
    (void)status; /* always taken */
}

/* One change of network is many messages: routes go, an address comes, then another. In between a
 * path of another family may seem to be all that is left, so only a new source on the way in use is
 * taken at once. */
static void addresses_look(struct daemon *daemon, uint64_t now_ns)
{
    if (address_monitor_take(&daemon->monitor)) {
        daemon->operations->addresses_changed(daemon->plane);
        start_queue_hurry(&daemon->starts, now_ns);
        daemon->settled_ns = now_ns + SETTLE_NS;
    } else if (now_ns < daemon->settled_ns) {
        return;
    }
    addresses_tell(daemon, now_ns);
    bool settled = now_ns >= daemon->settled_ns;
    if (settled) {
        daemon->settled_ns = UINT64_MAX;
    }
    struct ike_sa_status sa;
    struct command command;
    for (uint32_t id = 0; endpoint_ike_sa_after(daemon->endpoint, id, &sa); id = sa.id) {
        if (sa.established_ns != 0 &&
            roam_watch_look(&daemon->roams, daemon->config, &daemon->own_addresses, &sa, settled,
                            &command)) {
            enum status status = daemon_command(daemon, &command, now_ns);
            (void)status; /* an SA that is ending has nothing to move */
        }
    }
}

static void starts_look(struct daemon *daemon, uint64_t now_ns)
{
    uint16_t peer, child;
    while (!daemon->stopping && start_queue_take(&daemon->starts, now_ns, &peer, &child)) {
        struct command command = {.type = COMMAND_INITIATE,
                                  .id = COMMAND_BY_START | (uint64_t)peer << 16 | child,
                                  .peer_index = peer,
                                  .child_index = child};
        if (initiation_path(daemon->config, &daemon->config->endpoint.peers[peer],
                            &daemon->own_addresses, NULL, &command)) {
            enum status status = daemon_command(daemon, &command, now_ns);
            (void)status; /* a failure has been noted as the command's end */
        } else {
            start_queue_done(&daemon->starts, peer, false, now_ns);
        }
    }
}

static void acquires_look(struct daemon *daemon, uint64_t now_ns)
{
    uint16_t peer, child;
    while (acquire_list_take(&daemon->acquires, now_ns, &peer, &child)) {
        daemon->operations->acquire_failed(daemon->plane, peer, child);
    }
}

/* Traffic counts as a sign of life: the core must know of it before it looks at its clocks. */
static void core_expire(struct daemon *daemon, uint64_t now_ns)
{
    if (endpoint_deadline(daemon->endpoint) > now_ns) {
        return;
    }
    struct command command;
    while (daemon->operations->next_traffic(daemon->plane, &command)) {
        enum status status = daemon_command(daemon, &command, now_ns);
        (void)status; /* a pair that lingers has no Child SA any more */
    }
    endpoint_expire(daemon->endpoint, now_ns);
    daemon_drain(daemon, now_ns);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_deadline(const struct daemon *daemon)
{
    uint64_t deadline = endpoint_deadline(daemon->endpoint);
    deadline = earlier(deadline, daemon->operations->deadline(daemon->plane));
    deadline = earlier(deadline, acquire_list_deadline(&daemon->acquires));
    deadline = earlier(deadline, daemon->settled_ns);
    return earlier(deadline,
                   daemon->stopping ? daemon->stop_by_ns : start_queue_deadline(&daemon->starts));
}

/* An interface that carries protected packets is not made anew behind the back of who removed it.
 */
static void plane_look(struct daemon *daemon, struct problem *problem)
{
    if (daemon->operations->broken(daemon->plane)) {
        problem_set(problem, EXIT_RUNTIME,
                    "the interface %s has been removed; protected packets stay blocked until "
                    "ikeref is started again, or run with --cleanup",
                    daemon->config->interface);
        daemon_stop(daemon, clock_now_ns());
    }
}

static void daemon_turn(struct daemon *daemon)
{
    event_loop_turn(&daemon->loop, next_deadline(daemon));
    uint64_t now_ns = clock_now_ns();
    daemon_plane_events(daemon, now_ns);
    addresses_look(daemon, now_ns);
    starts_look(daemon, now_ns);
    acquires_look(daemon, now_ns);
    core_expire(daemon, now_ns);
    daemon->operations->expire(daemon->plane, now_ns);
    daemon_plane_events(daemon, now_ns);
}

/* ---- life ---- */

static bool sockets_watch(struct daemon *daemon, struct problem *problem)
{
    static void (*const ready[IKE_SOCKETS])(void *, uint32_t) = {
        [IKE_V4] = ike_v4_ready,
        [IKE_V6] = ike_v6_ready,
        [NATT_V4] = natt_v4_ready,
        [NATT_V6] = natt_v6_ready,
    };
    for (size_t i = 0; i < IKE_SOCKETS; i++) {
        daemon->sources[i] = (struct event_source){
            .fd = daemon->sockets.sockets[i].fd, .ready = ready[i], .context = daemon};
        if (daemon->sources[i].fd >= 0 &&
            !event_loop_add(&daemon->loop, &daemon->sources[i], EPOLLIN)) {
            return problem_set(problem, EXIT_ENVIRONMENT, "cannot watch the sockets (%s)",
                               strerror(errno));
        }
    }
    return true;
}

static bool plane_open(struct daemon *daemon, struct problem *problem)
{
    const struct host_config *config = daemon->config;
    if (config->data_plane == DATA_PLANE_XFRM) {
        daemon->operations = &data_plane_xfrm;
        daemon->plane = data_plane_xfrm_create(config, &daemon->loop, problem);
    } else {
        daemon->operations = &data_plane_tun;
        daemon->plane =
            data_plane_tun_create(config, &daemon->loop, &daemon->sockets, &random_system, problem);
    }
    return daemon->plane != NULL;
}

static bool core_open(struct daemon *daemon, struct problem *problem)
{
    daemon->endpoint = endpoint_create(&daemon->config->endpoint, &random_system, clock_now_ns());
    if (daemon->endpoint == NULL || !burst_create(&daemon->burst) ||
        !burst_create(&daemon->received) || roam_watch_init(&daemon->roams) != STATUS_OK) {
        return problem_set(problem, EXIT_ENVIRONMENT, "no memory for the endpoint");
    }
    return true;
}

/* From here on no file is opened, no program started and no user changed. */
static bool daemon_confine(struct daemon *daemon, struct problem *problem)
{
    const struct service_user *user = &daemon->config->user;
    /* What libraries read from files when they first need it is read now: jansson its seed, the C
     * library the time zone, which certificates' validity is computed through. */
    json_object_seed(0);
    tzset();
    control_socket_hand_over(daemon->control, user->user, user->group);
    if (!confinement_give_up(daemon->config, problem) || !daemon_workers_open(daemon, problem)) {
        return false;
    }
    confinement_enter(daemon->config);
    return true;
}

/* Policies before sockets: no packet of a policy may pass before the first SA could exist. */
static bool daemon_open(struct daemon *daemon, struct problem *problem)
{
    return event_loop_open(&daemon->loop, problem) && signals_open(daemon, problem) &&
           (daemon->control = control_socket_open(daemon->config->control_socket, &daemon->loop,
                                                  daemon_control_line, daemon, problem)) != NULL &&
           plane_open(daemon, problem) &&
           ike_sockets_open(&daemon->sockets, daemon->config, problem) &&
           daemon->operations->sockets_opened(daemon->plane, &daemon->sockets, problem) &&
           sockets_watch(daemon, problem) &&
           address_monitor_open(&daemon->monitor, &daemon->loop, daemon->config->route_table,
                                problem) &&
           key_log_open(&daemon->key_log, daemon->config->key_log, problem) &&
           core_open(daemon, problem) && daemon_confine(daemon, problem);
}

static void daemon_close(struct daemon *daemon, bool started)
{
    if (daemon->stop_asked) {
        char *line = control_json_line(control_json_answer(daemon->stop_id, NULL, NULL));
        control_socket_answer(daemon->control, daemon->stop_client, line);
        free(line);
    }
    address_monitor_close(&daemon->monitor, &daemon->loop);
    ike_sockets_close(&daemon->sockets);
    if (daemon->plane != NULL) {
        daemon->operations->destroy(daemon->plane, started);
    }
    endpoint_destroy(daemon->endpoint);
    workers_stop(daemon->workers);
    /* Last but the loop: who waits for the end of this socket finds everything else gone. */
    control_socket_close(daemon->control);
    key_log_close(&daemon->key_log);
    roam_watch_destroy(&daemon->roams);
    path_mtu_probe_close(&daemon->path_mtus);
    burst_destroy(&daemon->burst);
    burst_destroy(&daemon->received);
    if (daemon->signals.fd >= 0) {
        close(daemon->signals.fd);
    }
    event_loop_close(&daemon->loop);
    free(daemon);
}

/* Who has started us waits for this line: without it all of it was in vain. */
static bool ready_say(const struct daemon *daemon, struct problem *problem)
{
    json_t *object = json_pack("{s:s, s:I, s:i, s:s, s:s?, s:s}", "event", "ready", "time_ns",
                               (json_int_t)clock_now_ns(), "pid", (int)getpid(), "data_plane",
                               daemon->operations->name, "interface",
                               daemon_tun(daemon) != 0 ? daemon->config->interface : NULL,
                               "control_socket", daemon->config->control_socket);
    char *line = object != NULL ? control_json_line(object) : NULL;
    if (line == NULL) {
        return problem_set(problem, EXIT_ENVIRONMENT, "no memory to say that all is ready");
    }
    fputs(line, stdout);
    fflush(stdout);
    free(line);
    return true;
}

bool daemon_run(const struct host_config *config, struct problem *problem)
{
    struct daemon *daemon = calloc(1, sizeof(*daemon));
    if (daemon == NULL) {
        return problem_set(problem, EXIT_ENVIRONMENT, "no memory for the daemon");
    }
    daemon->config = config;
    daemon->settled_ns = UINT64_MAX;
    daemon->loop.epoll_fd = daemon->loop.timer_fd = daemon->signals.fd = -1;
    daemon->monitor.source.fd = daemon->key_log.ike_fd = daemon->key_log.esp_fd = -1;
    ike_sockets_init(&daemon->sockets);
    path_mtu_probe_init(&daemon->path_mtus, config->mark);
    bool opened = daemon_open(daemon, problem);
    if (opened) {
        own_addresses_init(&daemon->own_addresses, &daemon->monitor, daemon_tun(daemon));
        start_queue_init(&daemon->starts, &config->endpoint);
        addresses_tell(daemon, clock_now_ns());
        bool told = ready_say(daemon, problem);
        while (told && !daemon_finished(daemon, clock_now_ns())) {
            daemon_turn(daemon);
            plane_look(daemon, problem);
        }
    }
    daemon_close(daemon, opened);
    return opened && problem->code == EXIT_FINE;
}

bool daemon_cleanup(const struct host_config *config, size_t *count, struct problem *problem)
{
    bool stale;
    if (control_socket_alive(config->control_socket, &stale)) {
        return problem_set(problem, EXIT_ENVIRONMENT,
                           "ikeref is running and answers at %s; stop it first",
                           config->control_socket);
    }
    if (config->data_plane == DATA_PLANE_XFRM) {
        *count = data_plane_xfrm_cleanup(config) + stale;
    } else if (policy_routes_free(config, problem)) {
        *count = data_plane_tun_cleanup(config) + stale;
    } else {
        return false;
    }
    if (stale) {
        unlink(config->control_socket);
    }
    return true;
}
