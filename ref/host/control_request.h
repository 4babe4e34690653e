/* One line of JSON from a client of the control socket, docs/CONTROL.md. */
#ifndef IKEREF_HOST_CONTROL_REQUEST_H
#define IKEREF_HOST_CONTROL_REQUEST_H

#include "sa/command.h"

#define CONTROL_ID_MAX 64
#define CONTROL_ERROR_MAX 256

enum control_verb {
    CONTROL_INITIATE,
    CONTROL_REKEY,
    CONTROL_REAUTHENTICATE,
    CONTROL_DELETE,
    CONTROL_LIVENESS,
    CONTROL_ROAM,
    CONTROL_STATUS,
    CONTROL_SUBSCRIBE,
    CONTROL_SHUTDOWN,
};

struct control_request {
    char id[CONTROL_ID_MAX]; /* as JSON text: a number or a string; "null" when there was none */
    enum control_verb verb;
    uint16_t peer_index, child_index; /* UINT16_MAX: not given */
    bool what_ike;                    /* rekey, delete: the IKE SA, else a Child SA */
    uint32_t spi_in;                  /* 0: not given */
    struct address local;             /* roam: NONE when not given */
    bool wait;
};

/* False: `error` says what is wrong; out->id is filled when there was one, so that it can be
 * answered. */
bool control_request_parse(const char *line, size_t length, const struct endpoint_config *config,
                           struct control_request *out, char error[CONTROL_ERROR_MAX]);

/* The command for the core; paths and addresses are left to the caller. */
void control_request_command(const struct control_request *request, struct command *out);

#endif
