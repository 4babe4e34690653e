/* Between the core and everything else: its events and datagrams out, the data plane's events in.
 */
#include "host/daemon_state.h"

#include <inttypes.h>
#include <stdlib.h>

#include "host/control_json.h"
#include "host/initiation.h"
#include "host/log.h"

unsigned daemon_tun(const struct daemon *daemon)
{
    return daemon->operations->interface(daemon->plane);
}

/* ---- datagrams ---- */

/* What the path takes is the kernel's to know: ICMP has told it (RFC 7383 2.5.2). */
static void path_mtu_tell(struct daemon *daemon, const struct path *path, uint64_t now_ns)
{
    struct command command = {.type = COMMAND_PATH_MTU, .path = *path};
    command.mtu = path_mtu_probe_ask(&daemon->path_mtus, &path->remote.ip);
    if (command.mtu != 0) {
        enum status status = daemon_command(daemon, &command, now_ns);
        (void)status; /* always taken */
    }
}

/* ---- events of the core ---- */

static const char *peer_name(const struct daemon *daemon, uint16_t index)
{
    return index < daemon->config->endpoint.peer_count ? daemon->config->endpoint.peers[index].name
                                                       : "?";
}

static const char *child_name(const struct daemon *daemon, const struct event *event)
{
    if (event->peer_index >= daemon->config->endpoint.peer_count) {
        return "?";
    }
    const struct peer_config *peer = &daemon->config->endpoint.peers[event->peer_index];
    return event->child_index < CHILDREN_MAX && event->child_index < peer->child_count
               ? peer->children[event->child_index].name
               : "?";
}

static const char *error_comma(const struct event *event)
{
    return control_event_failed(event) ? ", " : "";
}

static const char *error_words(const struct event *event)
{
    return control_event_failed(event) ? control_error_name(event->status) : "";
}

/* Who the peer said it was, and what was wrong with that: for the person here, not for the peer. */
static void refusal_log(const char *peer, const struct event *event)
{
    char id[IDENTITY_TEXT_MAX];
    bool shown = event->ike.remote_subject[0] != '\0';
    if (event->refusal != REFUSAL_NONE) {
        log_line("%s: refused \"%s\"%s%s: %s", peer, identity_format(&event->ike.remote_id, id),
                 shown ? " with certificate " : "", event->ike.remote_subject,
                 refusal_sentence(event->refusal));
    }
}

static void event_log(const struct daemon *daemon, const struct event *event)
{
    const char *peer = peer_name(daemon, event->peer_index);
    char local[ADDRESS_TEXT_MAX], remote[ADDRESS_TEXT_MAX];
    transport_address_format(&event->ike.path.local, local);
    transport_address_format(&event->ike.path.remote, remote);
    switch (event->type) {
    case EVENT_IKE_SA_UP:
        log_line("%s: IKE SA %u up, %s to %s", peer, event->ike_sa, local, remote);
        break;
    case EVENT_IKE_SA_REKEYED:
        log_line("%s: IKE SA %u replaces %u", peer, event->ike_sa, event->replaces);
        break;
    case EVENT_IKE_SA_DOWN:
        log_line("%s: IKE SA %u down, %s%s%s", peer, event->ike_sa, down_reason_name(event->reason),
                 error_comma(event), error_words(event));
        refusal_log(peer, event);
        break;
    case EVENT_IKE_SA_MOVED:
        log_line("%s: IKE SA %u moved, %s to %s", peer, event->ike_sa, local, remote);
        break;
    case EVENT_CHILD_SA_UP:
        log_line("%s: Child SA %u (%s) up, SPI in %08x out %08x", peer, event->child_sa,
                 child_name(daemon, event), event->child.spi_in, event->child.spi_out);
        break;
    case EVENT_CHILD_SA_DOWN:
        log_line("%s: Child SA %u (%s) down, SPI in %08x, %s", peer, event->child_sa,
                 child_name(daemon, event), event->child.spi_in, down_reason_name(event->reason));
        break;
    case EVENT_CHILD_SA_FAILED:
        log_line("%s: no Child SA for %s: %s", peer, child_name(daemon, event),
                 control_error_sentence(event->status, event->refusal));
        break;
    case EVENT_NOTIFIED:
        log_line("%s: the peer sent %s", peer, error_words(event));
        break;
    default:
        break;
    }
}

static void event_publish(struct daemon *daemon, const struct event *event)
{
    if (!control_socket_has_subscribers(daemon->control)) {
        return;
    }
    json_t *object = control_json_event(event, &daemon->config->endpoint);
    if (object != NULL) {
        char *line = control_json_line(object);
        control_socket_publish(daemon->control, line);
        free(line);
    }
}

static void command_done(struct daemon *daemon, uint64_t command, enum status status,
                         enum refusal refusal, uint64_t now_ns)
{
    uint16_t peer = (uint16_t)(command >> 16), child = (uint16_t)command;
    switch (command & COMMAND_BY_MASK) {
    case COMMAND_BY_CLIENT:
        daemon_control_done(daemon, command & ~COMMAND_BY_MASK, status, refusal);
        break;
    case COMMAND_BY_START:
        start_queue_done(&daemon->starts, peer, status == STATUS_OK, now_ns);
        break;
    case COMMAND_BY_ACQUIRE:
        if (status != STATUS_OK) {
            acquire_list_failed(&daemon->acquires, peer, child, now_ns);
        }
        break;
    default:
        break;
    }
}

static void roam_note(struct daemon *daemon, const struct event *event)
{
    if (event->type == EVENT_IKE_SA_DOWN) {
        roam_watch_remove(&daemon->roams, event->ike_sa);
    } else if (event->type == EVENT_IKE_SA_UP || event->type == EVENT_IKE_SA_REKEYED) {
        struct address_list addresses;
        const struct peer_config *peer = &daemon->config->endpoint.peers[event->peer_index];
        initiation_addresses(peer, &daemon->own_addresses, &event->ike.path.local.ip, &addresses);
        roam_watch_add(&daemon->roams, event->ike_sa, event->replaces, &event->ike.path.local.ip,
                       &addresses);
    }
}

static void event_handle(struct daemon *daemon, const struct event *event, uint64_t now_ns)
{
    key_log_event(&daemon->key_log, event);
    enum status status = daemon->operations->child_event(daemon->plane, event, now_ns);
    if (event->type == EVENT_CHILD_SA_UP && status != STATUS_OK) {
        log_warning("%s: Child SA %u cannot be installed", peer_name(daemon, event->peer_index),
                    event->child_sa);
    }
    roam_note(daemon, event);
    event_log(daemon, event);
    event_publish(daemon, event);
    if (event->type == EVENT_CHILD_SA_FAILED) {
        acquire_list_failed(&daemon->acquires, event->peer_index, event->child_index, now_ns);
    } else if (event->type == EVENT_COMMAND_DONE) {
        command_done(daemon, event->command, event->status, event->refusal, now_ns);
    }
}

void daemon_drain(struct daemon *daemon, uint64_t now_ns)
{
    struct event event;
    struct datagram datagram;
    struct path narrow = {0};
    bool child_up = false, fits = true;
    daemon_jobs_give(daemon);
    while (endpoint_next_event(daemon->endpoint, &event)) {
        event_handle(daemon, &event, now_ns);
        child_up |= event.type == EVENT_CHILD_SA_UP;
        event_wipe(&event);
    }
    while (endpoint_next_datagram(daemon->endpoint, &datagram)) {
        if (!fits && datagram.dont_fragment) {
            continue; /* the rest of a message that is going to be cut anew */
        }
        if (!ike_sockets_send(&daemon->sockets, &daemon->burst, &datagram)) {
            narrow = datagram.path;
            fits = false;
        }
    }
    if (!fits) {
        path_mtu_tell(daemon, &narrow, now_ns);
    }
    if (child_up) {
        /* After the datagrams, so that the peer can have the keys before the first packet under
         * them. */
        daemon->operations->release(daemon->plane, now_ns);
    }
}

enum status daemon_command(struct daemon *daemon, const struct command *command, uint64_t now_ns)
{
    enum status status = endpoint_command(daemon->endpoint, command, now_ns);
    if (status != STATUS_OK && command->id != 0) {
        command_done(daemon, command->id, status, REFUSAL_NONE, now_ns);
    }
    daemon_drain(daemon, now_ns);
    return status;
}

/* ---- events of the data plane ---- */

static void acquire(struct daemon *daemon, const struct data_plane_event *event, uint64_t now_ns)
{
    const struct peer_config *peer = &daemon->config->endpoint.peers[event->peer_index];
    const struct child_config *child = &peer->children[event->child_index];
    struct command command = {
        .type = COMMAND_ACQUIRE,
        .id = COMMAND_BY_ACQUIRE | (uint64_t)event->peer_index << 16 | event->child_index,
        .peer_index = event->peer_index,
        .child_index = event->child_index,
        .key = event->key,
    };
    /* A packet in transport mode goes to the peer itself, so it also tells the peer's address. */
    const struct address *remote = child->transport_mode ? &event->key.destination : NULL;
    if (daemon->stopping || child->start == START_NEVER ||
        !initiation_path(daemon->config, peer, &daemon->own_addresses, remote, &command)) {
        acquire_list_failed(&daemon->acquires, event->peer_index, event->child_index, now_ns);
        return;
    }
    enum status status = daemon_command(daemon, &command, now_ns);
    (void)status; /* a failure has been noted as the command's end */
}

void daemon_plane_events(struct daemon *daemon, uint64_t now_ns)
{
    struct data_plane_event event;
    while (daemon->operations->next_event(daemon->plane, &event)) {
        struct command command = {.spi_in = event.spi_in, .path = event.path};
        switch (event.type) {
        case ESP_EVENT_ACQUIRE:
            acquire(daemon, &event, now_ns);
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
        enum status status = daemon_command(daemon, &command, now_ns);
        (void)status; /* the SA may have gone in the same turn */
    }
}
