/* The same turns as the daemon's, without the system calls. */

#include "sim/host.h"

#include <inttypes.h>
#include <string.h>

#include "sim/certificates.h"
#include "sim/check.h"
#include "sim/config.h"
#include "sim/mirror.h"
#include "sim/network.h"
#include "sim/trace.h"

#define ACQUIRE_RETRY_NS SIM_S
#define RELEASE_BURST 8
#define DRAIN_TURNS_MAX 1000
#define BUFFER_LENGTH (ESP_HEADROOM + SIM_PACKET_MAX + ESP_TAILROOM)
#define NON_ESP_MARKER_LENGTH 4 /* RFC 3948 2.2 */

static void drain(struct sim *sim, struct host *host);

uint64_t host_now(const struct sim *sim, const struct host *host)
{
    return sim->now_ns + (uint64_t)host->clock_ns;
}

static uint64_t world_time(const struct host *host, uint64_t host_ns)
{
    return host_ns == UINT64_MAX ? UINT64_MAX : host_ns - (uint64_t)host->clock_ns;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void deadline_set(struct host *host)
{
    uint64_t at_ns = world_time(host, endpoint_deadline(host->endpoint));
    at_ns = earlier(at_ns, world_time(host, esp_plane_deadline(host->plane)));
    for (size_t p = 0; p < host->config.peer_count; p++) {
        for (size_t c = 0; c < host->peers[p].child_count; c++) {
            at_ns = earlier(at_ns, host->acquire_retry_ns[p][c]);
        }
    }
    for (size_t i = 0; i < host->job_count; i++) {
        at_ns = earlier(at_ns, host->jobs[i].back_ns);
    }
    host->deadline_ns = at_ns;
}

/* ---- life ---- */

static void policies_install(struct sim *sim, struct host *host)
{
    for (size_t p = 0; p < host->config.peer_count; p++) {
        for (size_t c = 0; c < host->peers[p].child_count; c++) {
            const struct child_config *child = &host->peers[p].children[c];
            struct esp_policy policy = {.action = POLICY_PROTECT,
                                        .local = child->local,
                                        .remote = child->remote,
                                        .user = (uint64_t)p << 16 | c};
            if (esp_plane_policy_add(host->plane, &policy, &host->policies[p][c]) != STATUS_OK) {
                sim_violation(sim, host, "a policy could not be installed");
            }
            host->acquire_retry_ns[p][c] = UINT64_MAX;
        }
    }
}

static void addresses_tell(struct sim *sim, struct host *host)
{
    struct command command = {.type = COMMAND_ADDRESSES, .addresses = host->addresses};
    (void)host_command(sim, host, command);
}

void host_start(struct sim *sim, struct host *host)
{
    host->endpoint = endpoint_create(&host->config, &host->random, host_now(sim, host));
    host->plane = esp_plane_create(&host->random);
    if (host->endpoint == NULL || host->plane == NULL) {
        sim_violation(sim, host, "could not start");
        return;
    }
    endpoint_set_utc(host->endpoint, CERTIFICATES_UTC_NS, host_now(sim, host));
    endpoint_set_jobs(host->endpoint, sim_setting(sim, SET_WORK_MS) > 0 ? SIM_JOBS / 2 : 0);
    host->on = true;
    host->back_ns = UINT64_MAX;
    policies_install(sim, host);
    addresses_tell(sim, host);
}

void host_stop(struct sim *sim, struct host *host)
{
    (void)sim;
    endpoint_destroy(host->endpoint);
    esp_plane_destroy(host->plane);
    host->endpoint = NULL;
    host->plane = NULL;
    while (host->job_count > 0) {
        job_destroy(host->jobs[--host->job_count].job);
    }
    host->on = false;
    host->deadline_ns = UINT64_MAX;
    host->ike_count = host->child_count = 0;
    for (size_t i = 0; i <= host->command_count; i++) {
        host->commands[i].answered = true; /* nobody is left to answer */
    }
}

/* ---- out ---- */

static void datagram_out(struct sim *sim, struct host *host, const struct datagram *datagram)
{
    uint8_t octets[SIM_PACKET_MAX + NON_ESP_MARKER_LENGTH] = {0};
    size_t marker = datagram->encapsulated && !datagram->keepalive ? NON_ESP_MARKER_LENGTH : 0;
    if (datagram->octets.length > SIM_PACKET_MAX) {
        sim_violation(sim, host, "sent an IKE message of %zu octets", datagram->octets.length);
        return;
    }
    if (datagram->encapsulated != (datagram->path.local.port == host->config.natt_port)) {
        sim_violation(sim, host, "encapsulation and port do not go together (RFC 3948 2.2)");
    }
    if (!datagram->keepalive) {
        trace_ike(sim, host, "-->", &datagram->path, datagram->octets);
        check_message_sent(sim, host, datagram->octets);
    }
    memcpy(octets + marker, datagram->octets.data, datagram->octets.length);
    struct outgoing outgoing = {.path = datagram->path,
                                .octets = bytes_of(octets, marker + datagram->octets.length)};
    (void)network_send(sim, host, &outgoing);
}

static void path_mtu_learn(struct sim *sim, struct host *host, const struct address *remote)
{
    for (size_t i = 0; i < host->child_count; i++) {
        if (address_equal(&host->child[i].path.remote.ip, remote)) {
            (void)esp_plane_pair_set_path_mtu(host->plane, host->child[i].spi_in,
                                              (uint16_t)network_mtu(sim, remote));
        }
    }
}

static bool esp_out(struct sim *sim, struct host *host, const struct packet *packet)
{
    struct outgoing outgoing = {.path = packet->path,
                                .protocol_50 = !packet->udp_encapsulation,
                                .dont_fragment = packet->dont_fragment,
                                .octets =
                                    bytes_of(packet->buffer + packet->offset, packet->length)};
    check_esp_sent(sim, host, outgoing.octets);
    trace_esp(sim, host, "==>", &packet->path, outgoing.octets);
    if (!network_send(sim, host, &outgoing)) {
        path_mtu_learn(sim, host, &packet->path.remote.ip);
        return false;
    }
    return true;
}

static void release(struct sim *sim, struct host *host)
{
    static uint8_t buffers[RELEASE_BURST][BUFFER_LENGTH];
    struct packet packets[RELEASE_BURST];
    size_t count;
    do {
        memset(packets, 0, sizeof packets);
        for (size_t i = 0; i < RELEASE_BURST; i++) {
            packets[i].buffer = buffers[i];
            packets[i].capacity = BUFFER_LENGTH;
        }
        count = esp_plane_release(host->plane, packets, RELEASE_BURST, host_now(sim, host));
        for (size_t i = 0; i < count; i++) {
            if (packets[i].verdict == PACKET_FORWARD) {
                (void)esp_out(sim, host, &packets[i]);
            }
        }
    } while (count == RELEASE_BURST);
}

/* ---- addresses ---- */

static bool has_address(const struct host *host, const struct address *ip)
{
    for (size_t i = 0; i < host->addresses.count; i++) {
        if (address_equal(&host->addresses.items[i], ip)) {
            return true;
        }
    }
    return false;
}

/* The route to that peer starts at our first address; b's stays where it is. */
static void roam_one(struct sim *sim, struct host *host, uint32_t ike_sa, const struct path *path)
{
    struct command command = {.type = COMMAND_ROAM, .ike_sa = ike_sa, .addresses = host->addresses};
    if (host->addresses.count > 0) {
        bool stays = has_address(host, &path->local.ip);
        command.path = *path;
        command.path.local.ip = stays ? path->local.ip : host->addresses.items[0];
        if (command.path.local.ip.family != path->remote.ip.family) {
            /* that way leads to the peer's other address */
            command.path.remote.ip = config_home(sim, 1, command.path.local.ip.family);
        }
    }
    (void)host_command(sim, host, command); /* one that is ending has nothing to move */
}

void host_roam(struct sim *sim, struct host *host)
{
    struct path path;
    uint32_t ids[SIM_IKE_SAS];
    size_t count = host->ike_count;
    addresses_tell(sim, host);
    for (size_t i = 0; i < count; i++) {
        ids[i] = host->ike[i].id;
    }
    for (size_t i = 0; i < count; i++) {
        const struct known_ike_sa *ike = mirror_ike_sa(host, ids[i]);
        if (ike != NULL) {
            path = ike->path;
            roam_one(sim, host, ids[i], &path);
        }
    }
    if (count == 0 && host->index != 1 && config_path_to(sim, host, 0, &path)) {
        roam_one(sim, host, 0, &path); /* one that is being set up */
    }
}

/* An IKE SA came up on an address that the host has lost meanwhile. */
static void roam_late(struct sim *sim, struct host *host)
{
    for (size_t i = 0; i < host->ike_count; i++) {
        struct path path = host->ike[i].path;
        if (host->ike[i].fresh) {
            host->ike[i].fresh = false;
            if (!has_address(host, &path.local.ip)) {
                roam_one(sim, host, host->ike[i].id, &path);
            }
        }
    }
}

/* ---- public-key work ---- */

static bool jobs_take(struct sim *sim, struct host *host)
{
    struct job *job;
    bool any = false;
    while ((job = endpoint_next_job(host->endpoint)) != NULL) {
        uint64_t takes_ms = dice_below(&host->work_dice, sim_setting(sim, SET_WORK_MS) + 1);
        if (host->job_count == SIM_JOBS) {
            sim_violation(sim, host, "more jobs than there are IKE SAs to wait for them");
            job_destroy(job);
            continue;
        }
        host->jobs[host->job_count++] =
            (struct handed_out){.job = job, .back_ns = sim->now_ns + takes_ms * SIM_MS};
        sim->worked_ns = later(sim->worked_ns, sim->now_ns + takes_ms * SIM_MS);
        trace_line(sim, host, "    work for IKE SA %u takes %" PRIu64 " ms", job->ike_sa, takes_ms);
        any = true;
    }
    return any;
}

static void jobs_bring_back(struct sim *sim, struct host *host)
{
    for (size_t i = 0; i < host->job_count;) {
        struct job *job = host->jobs[i].job;
        if (host->jobs[i].back_ns > sim->now_ns) {
            i++;
            continue;
        }
        host->jobs[i] = host->jobs[--host->job_count];
        trace_line(sim, host, "    work for IKE SA %u is done", job->ike_sa);
        job_do(job);
        endpoint_job_done(host->endpoint, job, host_now(sim, host));
        drain(sim, host);
        i = 0; /* there may be more, or others */
    }
}

/* ---- what the core says ---- */

static void child_install(struct sim *sim, struct host *host, const struct event *event)
{
    struct esp_pair_config pair;
    const struct peer_config *peer = &host->peers[event->peer_index];
    child_sa_to_esp_pair(event, &peer->children[event->child_index],
                         host->policies[event->peer_index][event->child_index], &pair);
    if (esp_plane_pair_install(host->plane, &pair, host_now(sim, host)) != STATUS_OK) {
        sim_violation(sim, host, "the data plane refuses Child SA %u", event->child_sa);
    }
    octets_wipe(&pair, sizeof pair);
}

static void acquire_failed(struct sim *sim, struct host *host, uint16_t peer, uint16_t child)
{
    if (peer < host->config.peer_count && child < host->peers[peer].child_count) {
        host->acquire_retry_ns[peer][child] = sim->now_ns + ACQUIRE_RETRY_NS;
    }
}

static void event_take(struct sim *sim, struct host *host, const struct event *event)
{
    trace_event(sim, host, event);
    check_event(sim, host, event);
    mirror_event(sim, host, event);
    switch (event->type) {
    case EVENT_CHILD_SA_UP:
        child_install(sim, host, event);
        break;
    case EVENT_CHILD_SA_MOVED:
        if (!esp_plane_pair_move(host->plane, event->child.spi_in, &event->child.path,
                                 event->child.udp_encapsulation)) {
            sim_violation(sim, host, "Child SA %u moved and is not installed", event->child_sa);
        }
        break;
    case EVENT_CHILD_SA_DOWN:
        esp_plane_pair_remove(host->plane, event->child.spi_in, host_now(sim, host),
                              event->linger_ns);
        break;
    case EVENT_CHILD_SA_FAILED:
        acquire_failed(sim, host, event->peer_index, event->child_index);
        break;
    default:
        break;
    }
}

static bool drain_core(struct sim *sim, struct host *host)
{
    struct event event;
    struct datagram datagram;
    bool any = false, up = false;
    host->drains++;
    while (endpoint_next_event(host->endpoint, &event)) {
        event_take(sim, host, &event);
        up |= event.type == EVENT_CHILD_SA_UP;
        event_wipe(&event);
        any = true;
    }
    while (endpoint_next_datagram(host->endpoint, &datagram)) {
        datagram_out(sim, host, &datagram);
        any = true;
    }
    if (up) {
        release(sim, host);
    }
    return any;
}

/* ---- what the data plane says ---- */

static void acquire(struct sim *sim, struct host *host, const struct esp_event *event)
{
    struct command command = {.type = COMMAND_ACQUIRE,
                              .peer_index = (uint16_t)(event->user >> 16),
                              .child_index = (uint16_t)event->user,
                              .key = event->key,
                              .addresses = host->addresses};
    if (sim->ending || !config_path_to(sim, host, command.peer_index, &command.path) ||
        !host_command(sim, host, command)) {
        acquire_failed(sim, host, command.peer_index, command.child_index);
    }
}

static bool drain_plane(struct sim *sim, struct host *host)
{
    struct esp_event event;
    bool any = false;
    while (esp_plane_next_event(host->plane, &event)) {
        struct command command = {.spi_in = event.spi_in, .path = event.path};
        any = true;
        switch (event.type) {
        case ESP_EVENT_ACQUIRE:
            acquire(sim, host, &event);
            continue;
        case ESP_EVENT_PEER_MOVED:
            command.type = COMMAND_PEER_MOVED;
            break;
        case ESP_EVENT_SOFT_EXPIRED:
        case ESP_EVENT_HARD_EXPIRED:
            command.type = COMMAND_EXPIRE;
            command.hard = event.type == ESP_EVENT_HARD_EXPIRED;
            break;
        }
        (void)host_command(sim, host, command); /* the SA may have gone in the same turn */
    }
    return any;
}

static void drain(struct sim *sim, struct host *host)
{
    bool again = true;
    for (unsigned turns = 0; again && !sim_broken(sim); turns++) {
        if (turns > DRAIN_TURNS_MAX) {
            sim_violation(sim, host, "the core and the data plane keep each other busy for ever");
        }
        again = drain_core(sim, host);
        again |= drain_plane(sim, host);
        again |= jobs_take(sim, host);
        roam_late(sim, host);
    }
    deadline_set(host);
}

/* ---- in ---- */

static void ike_in(struct sim *sim, struct host *host, const struct path *path, bool encapsulated,
                   struct bytes octets)
{
    struct datagram datagram = {.path = *path, .encapsulated = encapsulated, .octets = octets};
    trace_ike(sim, host, "<--", path, octets);
    check_message_received(sim, host, octets);
    enum status status = endpoint_receive(host->endpoint, &datagram, host_now(sim, host));
    trace_status(sim, host, status);
}

void host_receive(struct sim *sim, struct host *host, const struct wire_packet *wire,
                  const struct path *path)
{
    static uint8_t buffer[BUFFER_LENGTH];
    bool natt = !wire->protocol_50 && path->local.port == host->config.natt_port;
    struct packet packet = {.buffer = buffer,
                            .capacity = sizeof buffer,
                            .offset = ESP_HEADROOM,
                            .length = wire->length,
                            .path = *path,
                            .udp_encapsulation = natt};
    memcpy(buffer + packet.offset, wire->octets, wire->length);
    if (natt || wire->protocol_50) {
        trace_esp(sim, host, "<==", path, bytes_of(wire->octets, wire->length));
        esp_plane_open(host->plane, &packet, 1, host_now(sim, host));
        trace_verdict(sim, host, packet.verdict);
    }
    struct bytes octets = bytes_of(packet.buffer + packet.offset, packet.length);
    if ((natt && packet.verdict == PACKET_IKE) || (!natt && !wire->protocol_50)) {
        ike_in(sim, host, path, natt, octets);
    } else if (packet.verdict == PACKET_FORWARD) {
        uint32_t spi_in = 0;
        struct bytes esp = bytes_of(wire->octets, wire->length);
        (void)!bytes_take_u32(&esp, &spi_in);
        check_inner_arrived(sim, host, spi_in, octets);
    }
    drain(sim, host);
}

bool host_send_inner(struct sim *sim, struct host *host, struct bytes inner)
{
    static uint8_t buffer[BUFFER_LENGTH];
    struct packet packet = {.buffer = buffer,
                            .capacity = sizeof buffer,
                            .offset = ESP_HEADROOM,
                            .length = inner.length};
    memcpy(buffer + packet.offset, inner.data, inner.length);
    esp_plane_seal(host->plane, &packet, 1, host_now(sim, host));
    bool gone = packet.verdict == PACKET_HELD ||
                (packet.verdict == PACKET_FORWARD && esp_out(sim, host, &packet));
    if (packet.verdict == PACKET_BYPASS) {
        sim_violation(sim, host, "a packet of a policy passed in the clear");
    }
    drain(sim, host);
    return gone;
}

/* ---- time and commands ---- */

/* Traffic counts as a sign of life: the core must know of it before it looks at its clocks. */
static void traffic_tell(struct sim *sim, struct host *host)
{
    for (size_t i = 0; i < host->child_count; i++) {
        struct esp_usage usage;
        struct command command = {.type = COMMAND_TRAFFIC, .spi_in = host->child[i].spi_in};
        if (esp_plane_pair_usage(host->plane, command.spi_in, &usage)) {
            command.last_in_ns = usage.last_in_ns;
            command.last_out_ns = usage.last_out_ns;
            enum status status = endpoint_command(host->endpoint, &command, host_now(sim, host));
            (void)status; /* one that is about to go has no Child SA any more */
        }
    }
}

static void acquires_retry(struct sim *sim, struct host *host)
{
    for (size_t p = 0; p < host->config.peer_count; p++) {
        for (size_t c = 0; c < host->peers[p].child_count; c++) {
            if (sim->now_ns >= host->acquire_retry_ns[p][c]) {
                host->acquire_retry_ns[p][c] = UINT64_MAX;
                esp_plane_acquire_failed(host->plane, host->policies[p][c]);
            }
        }
    }
}

void host_expire(struct sim *sim, struct host *host)
{
    uint64_t now_ns = host_now(sim, host);
    if (endpoint_deadline(host->endpoint) <= now_ns) {
        traffic_tell(sim, host);
        endpoint_expire(host->endpoint, now_ns);
    }
    if (esp_plane_deadline(host->plane) <= now_ns) {
        esp_plane_expire(host->plane, now_ns);
    }
    acquires_retry(sim, host);
    drain(sim, host);
    jobs_bring_back(sim, host);
    deadline_set(host);
}

void host_clock_step(struct host *host, int64_t step_ns)
{
    host->clock_ns += step_ns;
    if (host->on) {
        deadline_set(host);
    }
}

bool host_command(struct sim *sim, struct host *host, struct command command)
{
    if (host->command_count + 1 >= SIM_COMMANDS) {
        host->command_count = 0; /* the oldest have long been answered: check_commands sees to it */
    }
    command.id = ++host->command_count;
    if (host->commands[command.id].given && !host->commands[command.id].answered) {
        sim_violation(sim, host, "a command was not answered for a thousand commands");
    }
    host->commands[command.id] = (struct given_command){.type = command.type, .given = true};
    trace_command(sim, host, &command);
    enum status status = endpoint_command(host->endpoint, &command, host_now(sim, host));
    if (status != STATUS_OK) {
        host->commands[command.id].answered = true;
        trace_status(sim, host, status);
    }
    drain(sim, host);
    return status == STATUS_OK;
}
