/* A socket a request: these are rare, and a broken one leaves nothing behind. */
#include "host/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/secret.h"

#define RECEIVE_SIZE 32768

static int octets_exchange(int bus, const void *octets, size_t length, mnl_cb_t each, void *context)
{
    struct mnl_socket *sock = mnl_socket_open2(bus, SOCK_CLOEXEC);
    if (sock == NULL) {
        return errno;
    }
    char buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
    int result = -1;
    if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) == 0 &&
        mnl_socket_sendto(sock, octets, length) >= 0) {
        do {
            ssize_t n = mnl_socket_recvfrom(sock, buffer, sizeof(buffer));
            result = n < 0 ? -1
                           : mnl_cb_run(buffer, (size_t)n, NETLINK_SEQUENCE,
                                        mnl_socket_get_portid(sock), each, context);
        } while (result > MNL_CB_STOP);
    }
    int error = result < 0 ? errno : 0;
    octets_wipe(buffer, sizeof(buffer)); /* an SA is told with its keys */
    mnl_socket_close(sock);
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
