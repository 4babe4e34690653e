/* The Unix stream socket clients speak to, docs/CONTROL.md: lines in, lines out, and nobody who is
 * slow keeps the daemon waiting. */
#ifndef IKEREF_HOST_CONTROL_SOCKET_H
#define IKEREF_HOST_CONTROL_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#include "host/event_loop.h"
#include "host/host_config.h"

#define CONTROL_LINE_MAX 65536
#define CONTROL_CLIENTS_MAX 32
#define CONTROL_QUEUE_MAX (1 << 20) /* octets not yet taken by a client; beyond, it is closed */

/* A client, even when it has gone in the meantime. */
struct control_client_ref {
    unsigned index, generation;
};

struct control_socket;

/* `line` has no end-of-line and lives as long as the call; NULL: it was longer than
 * CONTROL_LINE_MAX. */
typedef void control_line_handler(void *context, struct control_client_ref client, const char *line,
                                  size_t length);

/* Mode 0600, and only root and who started us are heard; a stale socket is replaced, one of a
 * living daemon is a problem. NULL with a problem.
 */
struct control_socket *control_socket_open(const char *path, struct event_loop *loop,
                                           control_line_handler *handler, void *context,
                                           struct problem *problem);

/* Before this process becomes another user: the directory, when we have made it or nothing else is
 * in it, is that user's, so that the socket can go at the end. The socket itself stays who started
 * us's. */
void control_socket_hand_over(struct control_socket *control, uid_t user, gid_t group);

/* Tries to hand over what is queued, closes all clients, removes the socket. NULL is fine. */
void control_socket_close(struct control_socket *control);

/* Queues one line for a client; a client that has gone is ignored. */
void control_socket_answer(struct control_socket *control, struct control_client_ref client,
                           const char *line);
void control_socket_subscribe(struct control_socket *control, struct control_client_ref client);
bool control_socket_has_subscribers(const struct control_socket *control);

/* Queues one line for every subscriber. */
void control_socket_publish(struct control_socket *control, const char *line);

/* Somebody answers at this path; *stale: there is a socket that nobody answers at. */
bool control_socket_alive(const char *path, bool *stale);

#endif
