/* One line of the control socket, of any octets: understood, or answered with what is wrong. */

#include <string.h>

#include "fuzz/input.h"
#include "host/control_json.h"
#include "host/control_request.h"

#include <stdlib.h>

static struct peer_config peers[2];

static const struct endpoint_config *config(void)
{
    static struct endpoint_config endpoint;
    if (endpoint.peers == NULL) {
        endpoint_config_defaults(&endpoint);
        for (size_t i = 0; i < 2; i++) {
            peer_config_defaults(&peers[i]);
            strcpy(peers[i].name, i == 0 ? "gw" : "roadwarrior");
            peers[i].child_count = 1;
            child_config_defaults(&peers[i].children[0]);
            strcpy(peers[i].children[0].name, "net");
        }
        endpoint.peers = peers;
        endpoint.peer_count = 2;
    }
    return &endpoint;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control_request request;
    struct command command;
    char error[CONTROL_ERROR_MAX] = "";
    bool good = control_request_parse((const char *)data, size, config(), &request, error);
    if (!good && (error[0] == '\0' || memchr(error, '\0', sizeof error) == NULL)) {
        finding("a line is refused without a word");
    }
    if (memchr(request.id, '\0', sizeof request.id) == NULL) {
        finding("an id without an end");
    }
    json_t *answer = control_json_answer(request.id, good ? NULL : "bad-request", error);
    char *line = answer != NULL ? control_json_line(answer) : NULL;
    free(line);
    if (!good) {
        return 0;
    }
    if ((request.peer_index != UINT16_MAX && request.peer_index >= config()->peer_count) ||
        (request.child_index != UINT16_MAX && request.child_index >= 1)) {
        finding("a request for a peer or child that is not configured");
    }
    if (request.verb != CONTROL_STATUS && request.verb != CONTROL_SUBSCRIBE) {
        control_request_command(&request, &command);
    }
    return 0;
}
