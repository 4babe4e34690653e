/* Requests of control clients, docs/CONTROL.md. */
#include "host/daemon_state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/control_json.h"
#include "host/initiation.h"
#include "host/version.h"

static void line_answer(struct daemon *daemon, struct control_client_ref client, json_t *object)
{
    char *line = control_json_line(object);
    control_socket_answer(daemon->control, client, line);
    free(line);
}

static void error_answer(struct daemon *daemon, struct control_client_ref client, const char *id,
                         const char *error, const char *message)
{
    line_answer(daemon, client, control_json_answer(id, error, message));
}

static void ok_answer(struct daemon *daemon, struct control_client_ref client, const char *id)
{
    line_answer(daemon, client, control_json_answer(id, NULL, NULL));
}

void daemon_control_done(struct daemon *daemon, uint64_t command, enum status status,
                         enum refusal refusal)
{
    struct pending_request request;
    if (!pending_requests_take(&daemon->pending, command, &request)) {
        return;
    }
    if (status == STATUS_OK) {
        ok_answer(daemon, request.client, request.id);
    } else {
        error_answer(daemon, request.client, request.id, control_error_name(status),
                     control_error_sentence(status, refusal));
    }
}

/* ---- status ---- */

static json_t *ike_sas_json(const struct daemon *daemon)
{
    json_t *array = json_array();
    struct ike_sa_status sa;
    for (uint32_t id = 0; endpoint_ike_sa_after(daemon->endpoint, id, &sa); id = sa.id) {
        json_array_append_new(array, control_json_ike_sa(&sa, &daemon->config->endpoint));
    }
    return array;
}

static json_t *child_sas_json(const struct daemon *daemon)
{
    json_t *array = json_array();
    struct child_sa_status sa;
    for (uint32_t id = 0; endpoint_child_sa_after(daemon->endpoint, id, &sa); id = sa.id) {
        struct esp_usage usage = {0};
        daemon->operations->usage(daemon->plane, sa.info.spi_in, &usage);
        json_array_append_new(array, control_json_child_sa(&sa, &usage, &daemon->config->endpoint));
    }
    return array;
}

static json_t *policies_json(const struct daemon *daemon)
{
    json_t *array = json_array();
    for (size_t i = 0; i < daemon->config->endpoint.peer_count; i++) {
        const struct peer_config *peer = &daemon->config->endpoint.peers[i];
        for (size_t j = 0; j < peer->child_count; j++) {
            json_t *object = json_object();
            json_object_set_new(object, "peer", json_string(peer->name));
            json_object_set_new(object, "child", json_string(peer->children[j].name));
            json_array_append_new(array, object);
        }
    }
    return array;
}

static void status_answer(struct daemon *daemon, struct control_client_ref client, const char *id)
{
    json_t *object = control_json_answer(id, NULL, NULL);
    json_object_set_new(object, "version", json_string(IKEREF_VERSION));
    json_object_set_new(object, "pid", json_integer(getpid()));
    json_object_set_new(object, "now_ns", json_integer((json_int_t)clock_now_ns()));
    json_object_set_new(object, "data_plane", json_string(daemon->operations->name));
    json_object_set_new(object, "ike_sas", ike_sas_json(daemon));
    json_object_set_new(object, "child_sas", child_sas_json(daemon));
    json_object_set_new(object, "policies", policies_json(daemon));
    struct endpoint_counters ike;
    struct esp_counters esp;
    endpoint_counters(daemon->endpoint, &ike);
    daemon->operations->counters(daemon->plane, &esp);
    json_object_set_new(object, "counters", control_json_counters(&ike, &esp));
    line_answer(daemon, client, object);
}

/* ---- commands ---- */

/* The newest established IKE SA with the peer: what a roam without a number means. */
static bool ike_sa_newest(const struct daemon *daemon, uint16_t peer, struct ike_sa_status *out)
{
    struct ike_sa_status sa;
    bool found = false;
    for (uint32_t id = 0; endpoint_ike_sa_after(daemon->endpoint, id, &sa); id = sa.id) {
        if (sa.peer_index == peer && sa.established_ns != 0) {
            *out = sa;
            found = true;
        }
    }
    return found;
}

/* What only the host knows. NULL: all is well; else why it cannot be done. */
static const char *command_complete(struct daemon *daemon, const struct control_request *request,
                                    struct command *command)
{
    if (request->verb == CONTROL_INITIATE) {
        const struct peer_config *peer = &daemon->config->endpoint.peers[request->peer_index];
        struct ike_sa_status sa;
        bool known = ike_sa_newest(daemon, request->peer_index, &sa);
        if (peer->remote_addresses.count == 0 && !known) {
            return "the peer has no address in the configuration; it must initiate";
        }
        const struct address *last = known ? &sa.info.path.remote.ip : NULL;
        return initiation_path(daemon->config, peer, &daemon->own_addresses, last, command)
                   ? NULL
                   : "there is no route to any address of the peer, or no allowed local address";
    }
    if (request->verb == CONTROL_ROAM) {
        struct ike_sa_status sa;
        if (!ike_sa_newest(daemon, request->peer_index, &sa)) {
            return "there is no IKE SA with this peer; initiate first";
        }
        roam_watch_force(&daemon->roams, daemon->config, &daemon->own_addresses, &sa,
                         &request->local, command);
    }
    return NULL;
}

static void command_give(struct daemon *daemon, struct control_client_ref client,
                         const struct control_request *request, uint64_t now_ns)
{
    struct command command;
    control_request_command(request, &command);
    const char *obstacle = command_complete(daemon, request, &command);
    if (obstacle != NULL) {
        error_answer(daemon, client, request->id, "NOT_POSSIBLE", obstacle);
        return;
    }
    uint64_t number = 0;
    if (request->wait) {
        number = pending_requests_add(&daemon->pending, client, request->id);
        if (number == 0) {
            error_answer(daemon, client, request->id, "BUSY",
                         "too many requests wait for an answer");
            return;
        }
        command.id = COMMAND_BY_CLIENT | number;
    }
    enum status status = endpoint_command(daemon->endpoint, &command, now_ns);
    struct pending_request pending;
    if (status != STATUS_OK) {
        pending_requests_take(&daemon->pending, number, &pending);
        error_answer(daemon, client, request->id, status == STATUS_DROP ? "NOT_FOUND" : "INTERNAL",
                     status == STATUS_DROP ? "there is no such SA" : "a limit was reached");
    } else if (!request->wait) {
        ok_answer(daemon, client, request->id);
    }
    daemon_drain(daemon, now_ns);
}

void daemon_control_line(void *context, struct control_client_ref client, const char *line,
                         size_t length)
{
    struct daemon *daemon = context;
    struct control_request request;
    char error[CONTROL_ERROR_MAX];
    uint64_t now_ns = clock_now_ns();
    if (line == NULL) {
        error_answer(daemon, client, "null", "BAD_REQUEST", "a line is longer than 64 KiB");
    } else if (!control_request_parse(line, length, &daemon->config->endpoint, &request, error)) {
        error_answer(daemon, client, request.id, "BAD_REQUEST", error);
    } else if (request.verb == CONTROL_STATUS) {
        status_answer(daemon, client, request.id);
    } else if (request.verb == CONTROL_SUBSCRIBE) {
        ok_answer(daemon, client, request.id);
        control_socket_subscribe(daemon->control, client);
    } else if (daemon->stopping) {
        error_answer(daemon, client, request.id, "SHUTTING_DOWN", "the daemon is ending");
    } else if (request.verb == CONTROL_SHUTDOWN) {
        daemon->stop_asked = request.wait;
        daemon->stop_client = client;
        memcpy(daemon->stop_id, request.id, sizeof(daemon->stop_id));
        if (!request.wait) {
            ok_answer(daemon, client, request.id);
        }
        daemon_stop(daemon, now_ns);
    } else {
        command_give(daemon, client, &request, now_ns);
    }
}
