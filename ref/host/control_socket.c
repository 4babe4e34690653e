/* Clients have fixed places; a reference to one holds the generation of the place, so an answer
 * that comes late never reaches a stranger. */
#include "host/control_socket.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/log.h"

struct control_client {
    struct event_source source; /* fd -1: free */
    struct control_socket *control;
    unsigned generation;
    bool subscribed;
    bool skipping; /* the rest of a line that was too long */
    bool ended;    /* the client sends no more, but may still read */
    char *out;     /* octets not yet taken */
    size_t out_length, out_capacity;
    size_t in_length;
    char in[CONTROL_LINE_MAX + 1];
};

struct control_socket {
    struct event_source source;
    struct event_loop *loop;
    control_line_handler *handler;
    void *context;
    char path[HOST_PATH_MAX];
    struct control_client clients[CONTROL_CLIENTS_MAX];
};

static void client_close(struct control_client *client)
{
    int fd = client->source.fd;
    if (fd < 0) {
        return;
    }
    event_loop_remove(client->control->loop, &client->source);
    close(fd);
    free(client->out);
    client->out = NULL;
    client->out_length = client->out_capacity = client->in_length = 0;
    client->subscribed = client->skipping = client->ended = false;
    client->generation++;
}

static void client_flush(struct control_client *client)
{
    while (client->out_length > 0) {
        ssize_t n =
            send(client->source.fd, client->out, client->out_length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            client_close(client);
            return;
        }
        if (n <= 0) {
            break;
        }
        client->out_length -= (size_t)n;
        memmove(client->out, client->out + n, client->out_length);
    }
    uint32_t events = (client->ended ? 0u : (uint32_t)EPOLLIN) |
                      (client->out_length > 0 ? (uint32_t)EPOLLOUT : 0u);
    event_loop_change(client->control->loop, &client->source, events);
}

static void client_queue(struct control_client *client, const char *line)
{
    size_t length = strlen(line);
    if (client->out_length + length > client->out_capacity) {
        size_t capacity = (client->out_length + length) * 2;
        char *out = client->out_length + length <= CONTROL_QUEUE_MAX
                        ? realloc(client->out, capacity)
                        : NULL;
        if (out == NULL) {
            log_warning("a control client does not read its events; closed");
            client_close(client);
            return;
        }
        client->out = out;
        client->out_capacity = capacity;
    }
    memcpy(client->out + client->out_length, line, length);
    client->out_length += length;
    client_flush(client);
}

static struct control_client_ref client_ref(const struct control_client *client)
{
    return (struct control_client_ref){.index = (unsigned)(client - client->control->clients),
                                       .generation = client->generation};
}

static bool client_is(const struct control_client *client, struct control_client_ref ref)
{
    return client->source.fd >= 0 && client->generation == ref.generation;
}

/* Hands over every complete line; what is left moves to the front. */
static void client_lines(struct control_client *client)
{
    struct control_socket *control = client->control;
    struct control_client_ref ref = client_ref(client);
    size_t start = 0;
    for (;;) {
        char *end = memchr(client->in + start, '\n', client->in_length - start);
        if (end == NULL) {
            break;
        }
        size_t length = (size_t)(end - client->in) - start;
        if (!client->skipping && length > 0) {
            control->handler(control->context, ref, client->in + start, length);
        }
        if (!client_is(client, ref)) {
            return; /* closed while it was answered */
        }
        client->skipping = false;
        start += length + 1;
    }
    client->in_length -= start;
    memmove(client->in, client->in + start, client->in_length);
    if (client->in_length > CONTROL_LINE_MAX) {
        if (!client->skipping) {
            control->handler(control->context, ref, NULL, 0);
        }
        if (client_is(client, ref)) {
            client->skipping = true;
            client->in_length = 0;
        }
    }
}

static void client_ready(void *context, uint32_t epoll_events)
{
    struct control_client *client = context;
    bool gone = (epoll_events & (EPOLLHUP | EPOLLERR)) != 0;
    if (gone && ((epoll_events & EPOLLIN) == 0 || client->ended)) {
        client_close(client); /* else what it asked for before it went is still to be read */
        return;
    }
    if ((epoll_events & EPOLLOUT) != 0 && !gone) {
        client_flush(client);
    }
    if ((epoll_events & EPOLLIN) == 0 || client->source.fd < 0) {
        return;
    }
    ssize_t n = recv(client->source.fd, client->in + client->in_length,
                     sizeof(client->in) - client->in_length, MSG_DONTWAIT);
    if (n > 0) {
        client->in_length += (size_t)n;
        client_lines(client);
    } else if (n == 0) {
        client->ended = true;
        client_flush(client);
    } else if (errno != EAGAIN && errno != EINTR) {
        client_close(client);
    }
}

static void client_accept(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    struct control_socket *control = context;
    int fd = accept4(control->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    for (size_t i = 0; fd >= 0 && i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &control->clients[i];
        if (client->source.fd < 0) {
            client->source.fd = fd;
            if (event_loop_add(control->loop, &client->source, EPOLLIN)) {
                return;
            }
            client->source.fd = -1;
            break;
        }
    }
    if (fd >= 0) {
        log_warning("more than %d control clients at once; one was turned away",
                    CONTROL_CLIENTS_MAX);
        close(fd);
    }
}

bool control_socket_alive(const char *path, bool *stale)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
    struct stat info;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0;
    *stale = !alive && lstat(path, &info) == 0 && S_ISSOCK(info.st_mode);
    if (fd >= 0) {
        close(fd);
    }
    return alive;
}

static bool listen_at(const char *path, int *fd, struct problem *problem)
{
    bool stale;
    if (control_socket_alive(path, &stale)) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "another ikeref answers at %s; stop it, or set control-socket to another path", path);
    }
    if (stale) {
        unlink(path);
    }
    char directory[HOST_PATH_MAX];
    snprintf(directory, sizeof(directory), "%s", path);
    mkdir(dirname(directory), S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(S_IRWXG | S_IRWXO | S_IXUSR);
    bool bound = *fd >= 0 && bind(*fd, (struct sockaddr *)&name, sizeof(name)) == 0;
    int error = errno;
    umask(mask);
    if (!bound || listen(*fd, CONTROL_CLIENTS_MAX) != 0) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "cannot listen at %s (%s); set control-socket to a path that can be made", path,
            strerror(bound ? errno : error));
    }
    return true;
}

struct control_socket *control_socket_open(const char *path, struct event_loop *loop,
                                           control_line_handler *handler, void *context,
                                           struct problem *problem)
{
    struct control_socket *control = calloc(1, sizeof(*control));
    if (control == NULL) {
        problem_set(problem, EXIT_ENVIRONMENT, "no memory for the control socket");
        return NULL;
    }
    control->loop = loop;
    control->handler = handler;
    control->context = context;
    control->source = (struct event_source){.fd = -1, .ready = client_accept, .context = control};
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &control->clients[i];
        client->control = control;
        client->source = (struct event_source){.fd = -1, .ready = client_ready, .context = client};
    }
    int fd = -1;
    if (!listen_at(path, &fd, problem)) {
        if (fd >= 0) {
            close(fd);
        }
        free(control);
        return NULL;
    }
    control->source.fd = fd;
    snprintf(control->path, sizeof(control->path), "%s", path);
    event_loop_add(loop, &control->source, EPOLLIN);
    return control;
}

void control_socket_close(struct control_socket *control)
{
    if (control == NULL) {
        return;
    }
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i].source.fd >= 0) {
            client_flush(&control->clients[i]);
        }
        client_close(&control->clients[i]);
    }
    int fd = control->source.fd;
    event_loop_remove(control->loop, &control->source);
    close(fd);
    unlink(control->path);
    free(control);
}

void control_socket_answer(struct control_socket *control, struct control_client_ref ref,
                           const char *line)
{
    struct control_client *client = &control->clients[ref.index];
    if (line != NULL && client_is(client, ref)) {
        client_queue(client, line);
    }
}

void control_socket_subscribe(struct control_socket *control, struct control_client_ref ref)
{
    struct control_client *client = &control->clients[ref.index];
    client->subscribed |= client_is(client, ref);
}

bool control_socket_has_subscribers(const struct control_socket *control)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i].source.fd >= 0 && control->clients[i].subscribed) {
            return true;
        }
    }
    return false;
}

void control_socket_publish(struct control_socket *control, const char *line)
{
    for (size_t i = 0; line != NULL && i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i].source.fd >= 0 && control->clients[i].subscribed) {
            client_queue(&control->clients[i], line);
        }
    }
}
