/* ACQUIRE, EXPIRE, MAPPING of linux/xfrm.h, from its multicast groups. */
#include "host/xfrm_events.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/log.h"
#include "host/xfrm_address.h"
#include "host/xfrm_selector.h"

#define RECEIVE_SIZE 32768
#define RECEIVE_BUFFER (1 << 20)

/* The template says where the SA is to lead, and so of which family its addresses are. */
static bool acquire_read(const struct nlmsghdr *message, struct xfrm_event *out)
{
    const struct xfrm_user_acquire *acquire = mnl_nlmsg_get_payload(message);
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, message, sizeof(*acquire))
    {
        if (mnl_attr_get_type(attribute) != XFRMA_TMPL ||
            mnl_attr_get_payload_len(attribute) < sizeof(struct xfrm_user_tmpl)) {
            continue;
        }
        const struct xfrm_user_tmpl *template = mnl_attr_get_payload(attribute);
        *out = (struct xfrm_event){
            .type = XFRM_EVENT_ACQUIRE,
            .priority = acquire->policy.priority,
            .key = xfrm_selector_key(&acquire->sel),
            .acquiring = {.sequence = acquire->seq,
                          .reqid = template->reqid,
                          .source = xfrm_address_read(&acquire->saddr, template->family),
                          .destination = xfrm_address_read(&acquire->id.daddr, template->family),
                          .transport_mode = template->mode == XFRM_MODE_TRANSPORT},
        };
        return acquire->id.proto == IPPROTO_ESP;
    }
    return false;
}

static bool expire_read(const struct nlmsghdr *message, struct xfrm_event *out)
{
    const struct xfrm_user_expire *expire = mnl_nlmsg_get_payload(message);
    const struct xfrm_usersa_info *sa = &expire->state;
    *out = (struct xfrm_event){
        .type = XFRM_EVENT_EXPIRE,
        .id = {.spi = ntohl(sa->id.spi),
               .destination = xfrm_address_read(&sa->id.daddr, sa->family)},
        .reqid = sa->reqid,
        .hard = expire->hard != 0,
    };
    return sa->id.proto == IPPROTO_ESP && sa->id.spi != 0; /* 0: nobody answered an acquire */
}

static bool mapping_read(const struct nlmsghdr *message, struct xfrm_event *out)
{
    const struct xfrm_user_mapping *mapping = mnl_nlmsg_get_payload(message);
    uint16_t family = mapping->id.family;
    *out = (struct xfrm_event){
        .type = XFRM_EVENT_MAPPING,
        .id = {.spi = ntohl(mapping->id.spi),
               .destination = xfrm_address_read(&mapping->id.daddr, family)},
        .reqid = mapping->reqid,
        .source = {.ip = xfrm_address_read(&mapping->new_saddr, family),
                   .port = ntohs(mapping->new_sport)},
    };
    return mapping->id.proto == IPPROTO_ESP;
}

bool xfrm_event_read(const struct nlmsghdr *message, struct xfrm_event *out)
{
    size_t length = mnl_nlmsg_get_payload_len(message);
    switch (message->nlmsg_type) {
    case XFRM_MSG_ACQUIRE:
        return length >= sizeof(struct xfrm_user_acquire) && acquire_read(message, out);
    case XFRM_MSG_EXPIRE:
        return length >= sizeof(struct xfrm_user_expire) && expire_read(message, out);
    case XFRM_MSG_MAPPING:
        return length >= sizeof(struct xfrm_user_mapping) && mapping_read(message, out);
    default:
        return false;
    }
}

static int message_take(const struct nlmsghdr *message, void *context)
{
    struct xfrm_events *events = context;
    struct xfrm_event event;
    if (xfrm_event_read(message, &event)) {
        events->take(events->context, &event);
    }
    return MNL_CB_OK;
}

static void events_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    struct xfrm_events *events = context;
    uint8_t buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
    struct sockaddr_nl from;
    ssize_t length;
    do {
        socklen_t from_length = sizeof(from);
        length = recvfrom(events->source.fd, buffer, sizeof(buffer), MSG_DONTWAIT,
                          (struct sockaddr *)&from, &from_length);
        if (length > 0 && from.nl_pid == 0) { /* the kernel's, and nobody else's */
            mnl_cb_run(buffer, (size_t)length, 0, 0, message_take, events);
        }
    } while (length > 0);
    if (length < 0 && errno == ENOBUFS) {
        log_warning("the kernel told more than there was room for; packets may wait for an SA "
                    "until they are sent again");
    }
}

bool xfrm_events_open(struct xfrm_events *events, struct event_loop *loop,
                      void (*take)(void *context, const struct xfrm_event *event), void *context,
                      struct problem *problem)
{
    static const int groups[] = {XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE, XFRMNLGRP_MAPPING};
    *events = (struct xfrm_events){.source = {.ready = events_ready, .context = events},
                                   .loop = loop,
                                   .take = take,
                                   .context = context};
    events->source.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_XFRM);
    if (events->source.fd < 0) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "this kernel takes no orders about IPsec (%s): load the module xfrm_user, "
            "or use data-plane = \"tun\"",
            strerror(errno));
    }
    int room = RECEIVE_BUFFER;
    setsockopt(events->source.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    struct sockaddr_nl name = {.nl_family = AF_NETLINK};
    bool good = bind(events->source.fd, (struct sockaddr *)&name, sizeof(name)) == 0;
    for (size_t i = 0; good && i < sizeof(groups) / sizeof(groups[0]); i++) {
        good = setsockopt(events->source.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
                          sizeof(groups[i])) == 0;
    }
    if (!good || !event_loop_add(loop, &events->source, EPOLLIN)) {
        return problem_set(problem, EXIT_ENVIRONMENT,
                           "cannot hear what the kernel says of its SAs (%s); run as root or with "
                           "CAP_NET_ADMIN",
                           strerror(errno));
    }
    return true;
}

void xfrm_events_close(struct xfrm_events *events)
{
    int fd = events->source.fd;
    if (fd >= 0) {
        event_loop_remove(events->loop, &events->source);
        close(fd);
    }
}
