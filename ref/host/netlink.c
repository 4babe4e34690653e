/* A socket a request: these are rare, and a broken one leaves nothing behind. No memory is asked
 * for, so that who ends for want of it can still clean up. */
#include "host/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"

#define RECEIVE_SIZE 32768

/* The kernel chooses our port there. -1: see errno. */
static int bus_open(int bus, uint32_t *port)
{
    struct sockaddr_nl name = {.nl_family = AF_NETLINK};
    socklen_t length = sizeof(name);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&name, length) != 0 ||
                    getsockname(fd, (struct sockaddr *)&name, &length) != 0)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    *port = name.nl_pid;
    return fd;
}

/* 0 or an errno. What others than the kernel send is not for us. */
static int answer_take(int fd, uint32_t port, mnl_cb_t each, void *context)
{
    char buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
    int result = MNL_CB_OK;
    while (result > MNL_CB_STOP) {
        struct sockaddr_nl from = {0};
        socklen_t length = sizeof(from);
        ssize_t n = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &length);
        if (n < 0 || from.nl_pid == 0) {
            result =
                n < 0 ? -1 : mnl_cb_run(buffer, (size_t)n, NETLINK_SEQUENCE, port, each, context);
        }
    }
    int error = result < 0 ? errno : 0;
    octets_wipe(buffer, sizeof(buffer)); /* an SA is told with its keys */
    return error;
}

static int octets_exchange(int bus, const void *octets, size_t length, mnl_cb_t each, void *context)
{
    uint32_t port;
    int fd = bus_open(bus, &port);
    if (fd < 0) {
        return errno;
    }
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent = sendto(fd, octets, length, 0, (struct sockaddr *)&kernel, sizeof(kernel));
    int error = sent < 0 ? errno : answer_take(fd, port, each, context);
    close(fd);
    return error;
}

int netlink_exchange(int bus, struct nlmsghdr *request, mnl_cb_t each, void *context)
{
    request->nlmsg_flags |= NLM_F_REQUEST;
    if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) {
        request->nlmsg_flags |= NLM_F_ACK;
    }
    request->nlmsg_seq = NETLINK_SEQUENCE;
    return octets_exchange(bus, request, request->nlmsg_len, each, context);
}

int netlink_transact(int bus, const void *messages, size_t length)
{
    return octets_exchange(bus, messages, length, NULL, NULL);
}

int netlink_request(struct nlmsghdr *request)
{
    return netlink_exchange(NETLINK_ROUTE, request, NULL, NULL);
}

int netlink_dump(uint16_t type, uint8_t family, mnl_cb_t each, void *context)
{
    char buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_DUMP;
    /* Every dump we make starts with the family in its first octet; the largest header is enough.
     */
    struct rtmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
    header->rtm_family = family;
    return netlink_exchange(NETLINK_ROUTE, request, each, context);
}
