/* Requests of control clients that the core has taken and not yet ended. */
#ifndef IKEREF_HOST_PENDING_REQUESTS_H
#define IKEREF_HOST_PENDING_REQUESTS_H

#include "host/control_request.h"
#include "host/control_socket.h"

#define PENDING_MAX 1024

struct pending_request {
    uint64_t command; /* the id the core was given; 0: free */
    struct control_client_ref client;
    char id[CONTROL_ID_MAX];
};

struct pending_requests {
    uint64_t next; /* number of the next request */
    struct pending_request items[PENDING_MAX];
};

/* The number for the command, or 0 when too many wait. */
uint64_t pending_requests_add(struct pending_requests *pending, struct control_client_ref client,
                              const char *id);

/* False: nobody waits for it. */
bool pending_requests_take(struct pending_requests *pending, uint64_t command,
                           struct pending_request *out);

#endif
