/* recvmmsg and sendmmsg with their control messages. */
#include "host/datagram_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/burst.h"
#include "host/socket_address.h"

#define SOCKET_BUFFER (4 << 20)
#define CONTROL_SIZE (CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)))

union control {
    struct cmsghdr align;
    uint8_t octets[CONTROL_SIZE];
};

static bool option_set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

bool datagram_socket_prepare(struct datagram_socket *sock, uint32_t mark, struct problem *problem)
{
    sock->dont_fragment = sock->checksum_off = -1;
    bool v4 = sock->family == ADDRESS_V4;
    bool good = v4 ? option_set(sock->fd, IPPROTO_IP, IP_PKTINFO, 1) &&
                         option_set(sock->fd, IPPROTO_IP, IP_RECVTOS, 1)
                   : option_set(sock->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
                         option_set(sock->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    if (!good || !option_set(sock->fd, SOL_SOCKET, SO_MARK, (int)mark)) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "cannot mark packets of our sockets (%s); run as root or with CAP_NET_ADMIN",
            strerror(errno));
    }
    /* Bursts need room; without the privilege to force it, what the system allows must do. */
    if (!option_set(sock->fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER)) {
        option_set(sock->fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
    }
    if (!option_set(sock->fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER)) {
        option_set(sock->fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
    }
    return true;
}

void datagram_socket_close(struct datagram_socket *sock)
{
    if (sock->fd >= 0) {
        close(sock->fd);
        sock->fd = -1;
    }
}

static void control_parse(struct msghdr *header, struct packet *packet)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            packet->path.local.ip = address_from(bytes_of(&info.ipi_addr, 4));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            packet->path.local.ip = address_from(bytes_of(&info.ipi6_addr, 16));
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            packet->tos = *CMSG_DATA(c);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            int traffic_class;
            memcpy(&traffic_class, CMSG_DATA(c), sizeof(traffic_class));
            packet->tos = (uint8_t)traffic_class;
        }
    }
}

/* The kernel delivers reassembled packets whose header it has checked. */
static bool ip_header_strip(struct packet *packet)
{
    const uint8_t *ip = packet->buffer + packet->offset;
    if (packet->length < sizeof(struct iphdr)) {
        return false;
    }
    size_t header_length = (size_t)(ip[0] & 0x0f) * 4;
    if (header_length > packet->length) {
        return false;
    }
    packet->tos = ip[1];
    packet->offset += header_length;
    packet->length -= header_length;
    return true;
}

static bool received_accept(struct datagram_socket *sock, struct msghdr *header,
                            const struct sockaddr_storage *from, struct packet *packet)
{
    if ((header->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
        !socket_address_parse(from, &packet->path.remote)) {
        return false;
    }
    control_parse(header, packet);
    packet->path.local.port = sock->port;
    if (sock->port == 0) {
        packet->path.remote.port = 0; /* a raw socket reports the protocol here */
    }
    return packet->path.local.ip.family != ADDRESS_NONE &&
           (!sock->strips_ip_header || ip_header_strip(packet));
}

size_t datagram_socket_receive(struct datagram_socket *sock, struct packet *packets, size_t max)
{
    struct mmsghdr messages[BURST_MAX];
    struct iovec vectors[BURST_MAX];
    struct sockaddr_storage from[BURST_MAX];
    union control controls[BURST_MAX];
    max = max < BURST_MAX ? max : BURST_MAX;
    for (size_t i = 0; i < max; i++) {
        vectors[i].iov_base = packets[i].buffer + ESP_HEADROOM;
        vectors[i].iov_len = packets[i].capacity - ESP_HEADROOM - ESP_TAILROOM;
        messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                              .msg_namelen = sizeof(from[i]),
                                              .msg_iov = &vectors[i],
                                              .msg_iovlen = 1,
                                              .msg_control = controls[i].octets,
                                              .msg_controllen = sizeof(controls[i])};
    }
    int count = recvmmsg(sock->fd, messages, (unsigned)max, MSG_DONTWAIT, NULL);
    size_t kept = 0;
    for (int i = 0; i < count; i++) {
        struct packet packet = packets[i];
        packet.offset = ESP_HEADROOM;
        packet.length = messages[i].msg_len;
        if (received_accept(sock, &messages[i].msg_hdr, &from[i], &packet)) {
            /* Swap, so that every buffer stays with exactly one packet. */
            packets[i] = packets[kept];
            packets[kept++] = packet;
        }
    }
    return kept;
}

static void control_build(struct msghdr *header, const struct packet *packet)
{
    memset(header->msg_control, 0, header->msg_controllen);
    struct cmsghdr *c = CMSG_FIRSTHDR(header);
    const struct address *local = &packet->path.local.ip;
    int tos = packet->tos;
    size_t used = 0;
    if (packet->path.remote.ip.family == ADDRESS_V4) {
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_TOS;
    } else {
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_TCLASS;
    }
    c->cmsg_len = CMSG_LEN(sizeof(tos));
    memcpy(CMSG_DATA(c), &tos, sizeof(tos));
    used += CMSG_SPACE(sizeof(tos));
    if (local->family == packet->path.remote.ip.family) {
        c = CMSG_NXTHDR(header, c);
        struct in_pktinfo v4 = {0};
        struct in6_pktinfo v6 = {0};
        bool is_v4 = local->family == ADDRESS_V4;
        memcpy(&v4.ipi_spec_dst, local->octets, 4);
        memcpy(&v6.ipi6_addr, local->octets, 16);
        size_t length = is_v4 ? sizeof(v4) : sizeof(v6);
        c->cmsg_level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
        c->cmsg_type = is_v4 ? IP_PKTINFO : IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(length);
        memcpy(CMSG_DATA(c), is_v4 ? (void *)&v4 : (void *)&v6, length);
        used += CMSG_SPACE(length);
    }
    header->msg_controllen = used;
}

/* DF and the UDP checksum are the socket's, not the datagram's: set when they change. */
static void socket_mode_set(struct datagram_socket *sock, bool dont_fragment, bool checksum_off)
{
    if (sock->dont_fragment != dont_fragment) {
        if (sock->family == ADDRESS_V4) {
            option_set(sock->fd, IPPROTO_IP, IP_MTU_DISCOVER,
                       dont_fragment ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
        } else {
            option_set(sock->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
                       dont_fragment ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT);
        }
        sock->dont_fragment = dont_fragment;
    }
    if (sock->family == ADDRESS_V4 && sock->port != 0 && sock->checksum_off != checksum_off) {
        option_set(sock->fd, SOL_SOCKET, SO_NO_CHECK, checksum_off);
        sock->checksum_off = checksum_off;
    }
}

/* One run of packets with the same DF. */
static size_t run_send(struct datagram_socket *sock, struct packet *const *packets, size_t count,
                       const struct packet **too_big)
{
    struct mmsghdr messages[BURST_MAX];
    struct iovec vectors[BURST_MAX];
    struct sockaddr_storage to[BURST_MAX];
    union control controls[BURST_MAX];
    for (size_t i = 0; i < count; i++) {
        vectors[i].iov_base = packets[i]->buffer + packets[i]->offset;
        vectors[i].iov_len = packets[i]->length;
        struct transport_address remote = packets[i]->path.remote;
        remote.port = sock->port == 0 ? 0 : remote.port;
        messages[i].msg_hdr = (struct msghdr){.msg_name = &to[i],
                                              .msg_namelen = socket_address_build(&remote, &to[i]),
                                              .msg_iov = &vectors[i],
                                              .msg_iovlen = 1,
                                              .msg_control = controls[i].octets,
                                              .msg_controllen = sizeof(controls[i])};
        control_build(&messages[i].msg_hdr, packets[i]);
    }
    size_t sent = 0, at = 0;
    while (at < count) {
        int n = sendmmsg(sock->fd, messages + at, (unsigned)(count - at), MSG_DONTWAIT);
        if (n > 0) {
            sent += (size_t)n;
            at += (size_t)n;
        } else {
            if (errno == EMSGSIZE && *too_big == NULL) {
                *too_big = packets[at];
            }
            at++;
        }
    }
    return sent;
}

size_t datagram_socket_send(struct datagram_socket *sock, struct packet *const *packets,
                            size_t count, bool checksum_off, const struct packet **too_big)
{
    size_t sent = 0, at = 0;
    *too_big = NULL;
    while (sock->fd >= 0 && at < count) {
        size_t run = 1;
        while (run < BURST_MAX && at + run < count &&
               packets[at + run]->dont_fragment == packets[at]->dont_fragment) {
            run++;
        }
        socket_mode_set(sock, packets[at]->dont_fragment, checksum_off);
        sent += run_send(sock, packets + at, run, too_big);
        at += run;
    }
    return sent;
}
