/* What changed is not looked at: the present state is asked for instead, so a lost message costs
 * nothing. Only the routes in our own table, which we change ourselves, are told apart. */
#include "host/address_monitor.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_SIZE 32768

static int message_look(const struct nlmsghdr *message, void *context)
{
    struct address_monitor *monitor = context;
    uint32_t table = 0;
    if (message->nlmsg_type == RTM_NEWROUTE || message->nlmsg_type == RTM_DELROUTE) {
        const struct nlattr *attribute;
        mnl_attr_for_each(attribute, message, sizeof(struct rtmsg))
        {
            if (mnl_attr_get_type(attribute) == RTA_TABLE) {
                table = mnl_attr_get_u32(attribute);
            }
        }
    }
    monitor->changes += table != monitor->own_table;
    return MNL_CB_OK;
}

static void monitor_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    struct address_monitor *monitor = context;
    char buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
    ssize_t length;
    while ((length = recv(monitor->source.fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
        mnl_cb_run(buffer, (size_t)length, 0, 0, message_look, monitor);
    }
    /* ENOBUFS: there were more changes than room for them. */
    monitor->changes += length < 0 && errno == ENOBUFS;
}

bool address_monitor_open(struct address_monitor *monitor, struct event_loop *loop,
                          uint32_t own_table, struct problem *problem)
{
    *monitor = (struct address_monitor){.source = {.ready = monitor_ready, .context = monitor},
                                        .own_table = own_table};
    monitor->source.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    struct sockaddr_nl name = {.nl_family = AF_NETLINK,
                               .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                            RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
    if (monitor->source.fd < 0 ||
        bind(monitor->source.fd, (struct sockaddr *)&name, sizeof(name)) != 0 ||
        !event_loop_add(loop, &monitor->source, EPOLLIN)) {
        return problem_set(problem, EXIT_ENVIRONMENT,
                           "cannot watch this machine's addresses (%s); netlink must be allowed",
                           strerror(errno));
    }
    return true;
}

void address_monitor_close(struct address_monitor *monitor, struct event_loop *loop)
{
    int fd = monitor->source.fd;
    if (fd >= 0) {
        event_loop_remove(loop, &monitor->source);
        close(fd);
    }
}

bool address_monitor_take(struct address_monitor *monitor)
{
    bool changed = monitor->taken != monitor->changes;
    monitor->taken = monitor->changes;
    return changed;
}
