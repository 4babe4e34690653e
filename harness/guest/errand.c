#include "errand.h"

#include "agent.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AWAITED_MAX 16
#define LOOK_MS 10
#define PATH_MAX_HERE 256
#define TEXT_MAX 128
#define NETLINK_BUFFER (1 << 20)

struct awaited {
    bool used;
    uint32_t number;
    int64_t deadline_ms;
    uint64_t offset;
    char path[PATH_MAX_HERE], text[TEXT_MAX];
};

static struct awaited awaited[AWAITED_MAX];

static uint64_t read_be(const uint8_t *octets, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value << 8 | octets[i];
    }
    return value;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void errand_get(uint32_t number, const uint8_t *payload, size_t length)
{
    static uint8_t octets[32768];
    struct stat file;
    ssize_t got = 0;
    if (length < 10 || payload[length - 1] != 0) {
        send_done(number, EINVAL);
        return;
    }
    uint64_t at = read_be(payload, 8);
    int fd = open((const char *)payload + 8, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 || fstat(fd, &file) != 0 ? errno : (uint64_t)file.st_size < at ? ERANGE : 0;
    while (error == 0 && (got = pread(fd, octets, sizeof octets, (off_t)at)) > 0) {
        send_frame(number, 'o', octets, (size_t)got);
        at += (uint64_t)got;
    }
    error = error == 0 && got < 0 ? errno : error;
    if (fd >= 0) {
        close(fd);
    }
    send_done(number, error);
}

int errand_write(const uint8_t *payload, size_t length)
{
    const uint8_t *end = length > 3 ? memchr(payload + 2, 0, length - 2) : NULL;
    if (end == NULL) {
        return EINVAL;
    }
    const char *path = (const char *)payload + 2;
    size_t size = length - (size_t)(end + 1 - payload);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno;
    }
    mode_t mode = (mode_t)read_be(payload, 2);
    int error = write(fd, end + 1, size) == (ssize_t)size && fchmod(fd, mode) == 0 ? 0 : EIO;
    close(fd);
    return error;
}

static int set(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int error = write(fd, value, strlen(value)) < 0 ? errno : 0;
    close(fd);
    return error;
}

int errand_settings(uint8_t *payload, size_t length)
{
    const char *at = (const char *)payload, *end = at + length;
    int error = length > 0 && end[-1] != 0 ? EINVAL : 0;
    while (error == 0 && at < end) {
        const char *path = at, *value = path + strlen(path) + 1;
        glob_t found;
        if (value >= end) {
            return EINVAL;
        }
        at = value + strlen(value) + 1;
        if (glob(path, 0, NULL, &found) != 0) {
            return ENOENT;
        }
        for (size_t i = 0; i < found.gl_pathc && error == 0; i++) {
            error = set(found.gl_pathv[i], value);
        }
        globfree(&found);
    }
    return error;
}

void errand_await(uint32_t number, const uint8_t *payload, size_t length)
{
    const uint8_t *end = length > 13 ? memchr(payload + 12, 0, length - 12) : NULL;
    struct awaited *one = NULL;
    for (size_t i = 0; i < AWAITED_MAX && one == NULL; i++) {
        one = awaited[i].used ? NULL : &awaited[i];
    }
    size_t path = end == NULL ? 0 : (size_t)(end - payload) - 12;
    size_t text = end == NULL ? 0 : length - 12 - path - 1;
    if (one == NULL || end == NULL || path >= PATH_MAX_HERE || text >= TEXT_MAX) {
        send_done(number, one == NULL ? EAGAIN : EINVAL);
        return;
    }
    *one = (struct awaited){.used = true,
                            .number = number,
                            .deadline_ms = now_ms() + (int64_t)read_be(payload, 4),
                            .offset = read_be(payload + 4, 8)};
    memcpy(one->path, payload + 12, path);
    memcpy(one->text, end + 1, text);
}

/* Whether the file has the text behind the offset, which moves on over what does not matter. What
 * is no file, say a socket, only has to be there. */
static bool come_true(struct awaited *one)
{
    static char octets[65536];
    struct stat found;
    size_t wanted = strlen(one->text);
    if (stat(one->path, &found) != 0) {
        return false;
    }
    if (!S_ISREG(found.st_mode)) {
        return true;
    }
    if ((uint64_t)found.st_size < one->offset + (wanted > 0 ? wanted : 1)) {
        return false;
    }
    int fd = open(one->path, O_RDONLY | O_CLOEXEC);
    bool here = wanted == 0;
    ssize_t got = 0;
    while (!here && fd >= 0 && (got = pread(fd, octets, sizeof octets, (off_t)one->offset)) > 0) {
        here = memmem(octets, (size_t)got, one->text, wanted) != NULL;
        if ((size_t)got < wanted) {
            break;
        }
        one->offset += (uint64_t)got - wanted + 1;
    }
    if (fd >= 0) {
        close(fd);
    }
    return here;
}

int errand_look(void)
{
    int again = -1;
    for (size_t i = 0; i < AWAITED_MAX; i++) {
        struct awaited *one = &awaited[i];
        if (!one->used) {
            continue;
        }
        if (come_true(one)) {
            send_done(one->number, 0);
            one->used = false;
        } else if (now_ms() >= one->deadline_ms) {
            send_done(one->number, ETIMEDOUT);
            one->used = false;
        } else {
            again = LOOK_MS;
        }
    }
    return again;
}

static int open_netlink(int family, uint32_t groups)
{
    struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = groups};
    struct timeval patience = {.tv_sec = 2};
    int size = NETLINK_BUFFER, one = 1;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
    if (fd < 0) {
        return -errno;
    }
    if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof one) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

/* Passes on the answers to one message; the last one is an acknowledgement, an error or a dump's
 * end. */
static int pass_answers(uint32_t number, int fd)
{
    static uint8_t octets[65536];
    for (;;) {
        ssize_t got = recv(fd, octets, sizeof octets, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno;
        }
        if (got > 0) {
            send_frame(number, 'o', octets, (size_t)got);
        }
        int left = (int)got;
        for (struct nlmsghdr *one = (struct nlmsghdr *)octets; NLMSG_OK(one, left);
             one = NLMSG_NEXT(one, left)) {
            if (one->nlmsg_type == NLMSG_ERROR || one->nlmsg_type == NLMSG_DONE) {
                return 0;
            }
        }
    }
}

void errand_netlink(uint32_t number, uint8_t *payload, size_t length)
{
    int fd = length < 2 ? -EINVAL : open_netlink((int)read_be(payload, 2), 0);
    int error = fd < 0 ? -fd : 0;
    for (size_t at = 2; error == 0 && at + NLMSG_HDRLEN <= length;) {
        uint32_t size; /* in the order of octets of this machine, as netlink has it */
        memcpy(&size, payload + at, sizeof size);
        if (size < NLMSG_HDRLEN || size > length - at) {
            error = EINVAL;
        } else if (send(fd, payload + at, size, 0) < 0) {
            error = errno;
        } else {
            error = pass_answers(number, fd);
        }
        at += NLMSG_ALIGN(size);
    }
    if (fd >= 0) {
        close(fd);
    }
    send_done(number, error);
}

int errand_listen(const uint8_t *payload, size_t length)
{
    return length == 6 ? open_netlink((int)read_be(payload, 2), (uint32_t)read_be(payload + 2, 4))
                       : -EINVAL;
}

int errand_renew(void)
{
    static const struct {
        const char *path, *options;
    } places[] = {{"/run", "mode=755"}, {"/tmp", "mode=1777"}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (umount2(places[i].path, MNT_DETACH) != 0 ||
            mount("tmpfs", places[i].path, "tmpfs", 0, places[i].options) != 0) {
            return errno;
        }
    }
    return 0;
}
