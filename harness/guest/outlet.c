/*
 * One end of a flow, inside a guest: what a program of the harness says at the guest's protected
 * network goes out from the guest's own outer address, and back.
 *
 *     the flow's socket              outlet                                the other end
 *     10.1.0.1:p  <------->  10.1.255.254:r   192.0.2.1:q  <----------->  192.0.2.2:...
 *
 * Transport mode protects what the guest itself says, so both sockets here are the guest's. Between
 * the first two nothing is protected, and nothing is measured but that they carry all there is.
 *
 * UDP: datagrams keep their borders, their DSCP and their ECN. TCP: one connection, each direction
 * ended by its own end. It prints `r q` when it is ready, and runs until it is killed.
 */

#include "outlet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct outlet {
    union endpoint stub;   /* the guest's address towards the harness, port 0 */
    union endpoint inside; /* the flow's socket */
    union endpoint outer;  /* the guest's outer address; port 0: any */
    union endpoint target; /* whom the flow speaks to; family 0: whoever has spoken last */
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "outlet: %s: %s\n", what, strerror(errno));
    exit(1);
}

static union endpoint endpoint_of(const char *address, const char *port)
{
    union endpoint found = {.any = {.sa_family = AF_INET}};
    if (strchr(address, ':') != NULL) {
        found.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                         .sin6_port = htons((uint16_t)atoi(port))};
        if (inet_pton(AF_INET6, address, &found.v6.sin6_addr) == 1) {
            return found;
        }
    } else {
        found.v4.sin_port = htons((uint16_t)atoi(port));
        if (inet_pton(AF_INET, address, &found.v4.sin_addr) == 1) {
            return found;
        }
    }
    errno = EINVAL;
    fail(address);
}

static socklen_t length_of(const union endpoint *one)
{
    return one->any.sa_family == AF_INET6 ? sizeof one->v6 : sizeof one->v4;
}

static int bound_socket(int type, const union endpoint *to)
{
    int fd = socket(to->any.sa_family, type, 0);
    int on = 1, large = 1 << 20;
    if (fd < 0) {
        fail("socket");
    }
    if (type == SOCK_STREAM) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    } else {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
        setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on);
    }
    if (bind(fd, &to->any, length_of(to)) != 0) {
        fail("bind");
    }
    return fd;
}

static unsigned port_of(int fd)
{
    union endpoint own = {0};
    socklen_t length = sizeof own;
    if (getsockname(fd, &own.any, &length) != 0) {
        fail("getsockname");
    }
    return ntohs(own.any.sa_family == AF_INET6 ? own.v6.sin6_port : own.v4.sin_port);
}

/* The TOS octet that came with a datagram (traffic class in IPv6); the sender's is set to it. */
static void copy_tos(struct msghdr *message, int to, bool v6)
{
    for (struct cmsghdr *one = CMSG_FIRSTHDR(message); one != NULL;
         one = CMSG_NXTHDR(message, one)) {
        int tos = 0;
        if (one->cmsg_level == IPPROTO_IP && one->cmsg_type == IP_TOS) {
            tos = *CMSG_DATA(one);
        } else if (one->cmsg_level == IPPROTO_IPV6 && one->cmsg_type == IPV6_TCLASS) {
            memcpy(&tos, CMSG_DATA(one), sizeof tos);
        } else {
            continue;
        }
        setsockopt(to, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, &tos, sizeof tos);
    }
}

/* One datagram; `whence` is who sent it. What cannot be sent on is lost, as on any path. */
static void pass_datagram(int from, int to, union endpoint *whence, const union endpoint *whither)
{
    static uint8_t octets[65536];
    _Alignas(struct cmsghdr) uint8_t control[128];
    struct iovec part = {.iov_base = octets, .iov_len = sizeof octets};
    struct msghdr message = {.msg_name = whence,
                             .msg_namelen = sizeof *whence,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(from, &message, 0);
    if (got < 0 || whither->any.sa_family == 0) {
        return; /* an ICMP error for an earlier one, or nobody to speak to yet */
    }
    copy_tos(&message, to, whither->any.sa_family == AF_INET6);
    if (sendto(to, octets, (size_t)got, 0, &whither->any, length_of(whither)) < 0) {
        return;
    }
}

static void run_udp(struct outlet *one)
{
    int near = bound_socket(SOCK_DGRAM, &one->stub), far = bound_socket(SOCK_DGRAM, &one->outer);
    union endpoint last = one->target, nobody;
    bool fixed = one->target.any.sa_family != 0;
    printf("%u %u\n", port_of(near), port_of(far));
    fflush(stdout);
    for (;;) {
        struct pollfd both[2] = {{.fd = near, .events = POLLIN}, {.fd = far, .events = POLLIN}};
        if (poll(both, 2, -1) < 0) {
            continue;
        }
        if (both[0].revents != 0) {
            pass_datagram(near, far, &nobody, &last);
        }
        if (both[1].revents != 0) {
            pass_datagram(far, near, fixed ? &nobody : &last, &one->inside);
        }
    }
}

/* Passes on what has come; false at the end of this direction. */
static bool pass_octets(int from, int to)
{
    uint8_t octets[65536];
    ssize_t got = read(from, octets, sizeof octets);
    for (ssize_t done = 0; done < got;) {
        ssize_t wrote = write(to, octets + done, (size_t)(got - done));
        if (wrote < 0) {
            return false;
        }
        done += wrote;
    }
    if (got <= 0) {
        shutdown(to, SHUT_WR);
    }
    return got > 0;
}

static void run_tcp(struct outlet *one)
{
    bool calls = one->target.any.sa_family != 0;
    int waits = bound_socket(SOCK_STREAM, calls ? &one->stub : &one->outer);
    int goes_on = bound_socket(SOCK_STREAM, calls ? &one->outer : &one->stub);
    if (listen(waits, 1) != 0) {
        fail("listen");
    }
    printf("%u %u\n", port_of(calls ? waits : goes_on), port_of(calls ? goes_on : waits));
    fflush(stdout);
    int came = accept(waits, NULL, NULL);
    const union endpoint *whither = calls ? &one->target : &one->inside;
    if (came < 0 || connect(goes_on, &whither->any, length_of(whither)) != 0) {
        fail("no connection");
    }
    struct pollfd both[2] = {{.fd = came, .events = POLLIN}, {.fd = goes_on, .events = POLLIN}};
    while (both[0].fd >= 0 || both[1].fd >= 0) {
        if (poll(both, 2, -1) < 0) {
            continue;
        }
        if (both[0].revents != 0 && !pass_octets(came, goes_on)) {
            both[0].fd = -1;
        }
        if (both[1].revents != 0 && !pass_octets(goes_on, came)) {
            both[1].fd = -1;
        }
    }
}

int outlet_main(int count, char *words[])
{
    if (count != 6 && count != 8) {
        fputs("outlet: udp|tcp STUB INSIDE PORT OUTER PORT [TARGET PORT]\n", stderr);
        return 2;
    }
    struct outlet one = {.stub = endpoint_of(words[1], "0"),
                         .inside = endpoint_of(words[2], words[3]),
                         .outer = endpoint_of(words[4], words[5])};
    if (count == 8) {
        one.target = endpoint_of(words[6], words[7]);
    }
    signal(SIGPIPE, SIG_IGN);
    if (strcmp(words[0], "udp") == 0) {
        run_udp(&one);
    } else {
        run_tcp(&one);
    }
    return 0;
}
