/* Clients have fixed places; a reference to one holds the generation of the place, so an answer
 * that comes late never reaches a stranger. */
#include "host/control_socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
    int directory_fd;    /* where it is: another user may not find the way there again */
    bool directory_made; /* by us */
    bool bound;          /* the socket is there */
    int spare_fd;        /* given up for a moment to turn somebody away when there are no more */
    uid_t owner;         /* who started us: heard, as root is */
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

/* A socket's mode keeps strangers out; this does so too when somebody has changed it. */
static bool client_is_allowed(const struct control_socket *control, int fd)
{
    struct ucred who;
    socklen_t length = sizeof(who);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0 ||
        (who.uid != 0 && who.uid != control->owner)) {
        log_warning("a control client of another user was turned away");
        return false;
    }
    return true;
}

static bool client_begin(struct control_socket *control, int fd)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &control->clients[i];
        if (client->source.fd < 0) {
            client->source.fd = fd;
            if (event_loop_add(control->loop, &client->source, EPOLLIN)) {
                return true;
            }
            client->source.fd = -1;
            break;
        }
    }
    log_warning("more than %d control clients at once; one was turned away", CONTROL_CLIENTS_MAX);
    return false;
}

/* Who waits would wake us again and again: a descriptor is given up, and he is turned away. */
static void client_refuse(struct control_socket *control)
{
    log_warning("no file descriptor for a control client, who was turned away; raise ulimit -n");
    close(control->spare_fd);
    int fd = accept4(control->source.fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
    }
    control->spare_fd = fcntl(control->source.fd, F_DUPFD_CLOEXEC, 0);
}

static void client_accept(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    struct control_socket *control = context;
    int fd = accept4(control->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        client_refuse(control);
    }
    if (fd >= 0 && !(client_is_allowed(control, fd) && client_begin(control, fd))) {
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

/* Makes the directory when it is not there. False: see errno. */
static bool directory_open(struct control_socket *control)
{
    char copy[HOST_PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", control->path);
    const char *directory = dirname(copy);
    control->directory_made =
        mkdir(directory, S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH) == 0;
    control->directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return control->directory_fd >= 0;
}

static bool socket_bind(struct control_socket *control)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof(name.sun_path), "%s", control->path);
    control->source.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(S_IRWXG | S_IRWXO | S_IXUSR);
    bool bound = control->source.fd >= 0 &&
                 bind(control->source.fd, (struct sockaddr *)&name, sizeof(name)) == 0;
    int error = errno;
    umask(mask);
    errno = error;
    control->bound = bound;
    return bound;
}

static bool listen_begin(struct control_socket *control, struct problem *problem)
{
    bool stale;
    if (control_socket_alive(control->path, &stale)) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "another ikeref answers at %s; stop it, or set control-socket to another path",
            control->path);
    }
    if (stale) {
        unlink(control->path);
    }
    if (!directory_open(control) || !socket_bind(control) ||
        listen(control->source.fd, CONTROL_CLIENTS_MAX) != 0 ||
        (control->spare_fd = fcntl(control->source.fd, F_DUPFD_CLOEXEC, 0)) < 0 ||
        !event_loop_add(control->loop, &control->source, EPOLLIN)) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "cannot listen at %s (%s); set control-socket to a path that can be made",
            control->path, strerror(errno));
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
    control->owner = getuid();
    control->directory_fd = control->spare_fd = -1;
    snprintf(control->path, sizeof(control->path), "%s", path);
    control->source = (struct event_source){.fd = -1, .ready = client_accept, .context = control};
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &control->clients[i];
        client->control = control;
        client->source = (struct event_source){.fd = -1, .ready = client_ready, .context = client};
    }
    if (!listen_begin(control, problem)) {
        control_socket_close(control);
        return NULL;
    }
    return control;
}

/* Also of a life that was killed between making it and handing it over. */
static bool directory_is_ours(const struct control_socket *control)
{
    size_t others = 0;
    int fd = openat(control->directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;
    char copy[HOST_PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", control->path);
    const char *own = basename(copy);
    if (listing == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return control->directory_made;
    }
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        others += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                  strcmp(entry->d_name, own) != 0;
    }
    closedir(listing);
    return control->directory_made || others == 0;
}

void control_socket_hand_over(struct control_socket *control, uid_t user, gid_t group)
{
    struct stat info;
    if (fstat(control->directory_fd, &info) != 0 || info.st_uid == user || user == 0 ||
        geteuid() != 0) {
        return;
    }
    bool handed = directory_is_ours(control) &&
                  fchownat(control->directory_fd, "", user, group, AT_EMPTY_PATH) == 0;
    bool open_to_all = (info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0;
    if (!handed && !open_to_all) {
        log_warning(
            "%s will stay when ikeref ends, for its directory is not user %u's to write; set "
            "control-socket to a path in a directory of its own",
            control->path, (unsigned)user);
    }
}

/* The directory goes too, when it was ours to make and still is to remove. */
static void path_remove(const struct control_socket *control)
{
    char copy[HOST_PATH_MAX];
    if (control->bound) {
        snprintf(copy, sizeof(copy), "%s", control->path);
        unlinkat(control->directory_fd, basename(copy), 0);
    }
    if (control->directory_made) {
        snprintf(copy, sizeof(copy), "%s", control->path);
        unlinkat(AT_FDCWD, dirname(copy), AT_REMOVEDIR);
    }
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
    const int fds[] = {control->source.fd, control->spare_fd, control->directory_fd};
    event_loop_remove(control->loop, &control->source);
    path_remove(control);
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
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
