/* recvmmsg and sendmmsg with their control messages. */
#include "host/datagram_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "esp/datagram_train.h"
#include "host/burst.h"
#include "host/datagram_control.h"
#include "host/socket_address.h"

#define SOCKET_BUFFER (4 << 20)
#define TRAINS 8 /* received in one call */

struct datagram_trains {
    struct burst burst;
    uint16_t segments[TRAINS]; /* of each packet of the burst; 0: it is one datagram */
    size_t at, count;
    bool all; /* no more was waiting behind them */
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

static void trains_destroy(struct datagram_socket *sock)
{
    if (sock->trains != NULL) {
        burst_destroy(&sock->trains->burst);
        free(sock->trains);
        sock->trains = NULL;
    }
}

void datagram_socket_close(struct datagram_socket *sock)
{
    if (sock->fd >= 0) {
        close(sock->fd);
        sock->fd = -1;
    }
    trains_destroy(sock);
}

void datagram_socket_offload(struct datagram_socket *sock)
{
    int segment;
    socklen_t length = sizeof(segment);
    if (sock->fd < 0 || sock->port == 0) {
        return;
    }
    sock->segments = getsockopt(sock->fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &length) == 0;
    sock->trains = calloc(1, sizeof(*sock->trains));
    if (sock->trains != NULL &&
        (!burst_create(&sock->trains->burst) || !option_set(sock->fd, IPPROTO_UDP, UDP_GRO, 1))) {
        trains_destroy(sock);
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
                            const struct sockaddr_storage *from, struct packet *packet,
                            uint16_t *segment)
{
    if ((header->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
        !socket_address_parse(from, &packet->path.remote)) {
        return false;
    }
    *segment = datagram_control_parse(header, packet);
    packet->path.local.port = sock->port;
    if (sock->port == 0) {
        packet->path.remote.port = 0; /* a raw socket reports the protocol here */
    }
    return packet->path.local.ip.family != ADDRESS_NONE &&
           (!sock->strips_ip_header || ip_header_strip(packet));
}

/* One call. *all: no more is waiting in the socket. */
static size_t messages_receive(struct datagram_socket *sock, struct packet *packets,
                               uint16_t *segments, size_t max, bool *all)
{
    struct mmsghdr messages[BURST_MAX];
    struct iovec vectors[BURST_MAX];
    struct sockaddr_storage from[BURST_MAX];
    union datagram_control controls[BURST_MAX];
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
        if (received_accept(sock, &messages[i].msg_hdr, &from[i], &packet, &segments[kept])) {
            /* Swap, so that every buffer stays with exactly one packet. */
            packets[i] = packets[kept];
            packets[kept++] = packet;
        }
    }
    *all = count < (int)max;
    return kept;
}

/* This train would be parted in the midst, though another burst holds it whole. */
static bool next_burst_holds(const struct datagram_trains *trains, size_t count, size_t max)
{
    size_t datagrams = datagram_train_count(trains->burst.packets[trains->at].length,
                                            trains->segments[trains->at]);
    return count > 0 && datagrams > max - count && datagrams <= max;
}

static size_t trains_take(struct datagram_trains *trains, struct packet *packets, size_t max)
{
    size_t count = 0;
    while (count < max && trains->at < trains->count && !next_burst_holds(trains, count, max)) {
        struct packet *train = &trains->burst.packets[trains->at];
        while (count < max &&
               datagram_train_next(train, trains->segments[trains->at], &packets[count])) {
            count++;
        }
        trains->at += train->length == 0;
    }
    return count;
}

static bool trains_left(const struct datagram_trains *trains)
{
    return trains != NULL && trains->at < trains->count;
}

size_t datagram_socket_receive_rest(struct datagram_socket *sock, struct packet *packets,
                                    size_t max)
{
    size_t count = sock->trains == NULL ? 0 : trains_take(sock->trains, packets, max);
    sock->more = trains_left(sock->trains);
    return count;
}

size_t datagram_socket_receive(struct datagram_socket *sock, struct packet *packets, size_t max)
{
    struct datagram_trains *trains = sock->trains;
    uint16_t segments[BURST_MAX];
    max = max < BURST_MAX ? max : BURST_MAX;
    if (trains == NULL) {
        bool all = false;
        size_t count = messages_receive(sock, packets, segments, max, &all);
        sock->more = !all;
        return count;
    }
    trains->all = trains->all && trains_left(trains);
    size_t count = trains_take(trains, packets, max);
    while (count < max && !trains->all && !trains_left(trains)) {
        trains->at = 0;
        burst_reset(&trains->burst);
        trains->count =
            messages_receive(sock, trains->burst.packets, trains->segments, TRAINS, &trains->all);
        count += trains_take(trains, packets + count, max - count);
    }
    sock->more = !trains->all || trains_left(trains);
    return count;
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

static void message_build(const struct datagram_socket *sock, const struct packet *packet,
                          struct sockaddr_storage *to, union datagram_control *control,
                          uint16_t segment, struct msghdr *out)
{
    struct transport_address remote = packet->path.remote;
    remote.port = sock->port == 0 ? 0 : remote.port;
    *out = (struct msghdr){.msg_name = to,
                           .msg_namelen = socket_address_build(&remote, to),
                           .msg_control = control->octets,
                           .msg_controllen = sizeof(*control)};
    datagram_control_build(out, packet, segment);
}

/* All of them in one datagram, which the kernel cuts into as many. False: it did not take it. */
static bool train_send(struct datagram_socket *sock, struct packet *const *packets, size_t count)
{
    struct iovec vectors[TRAIN_SEGMENTS_MAX];
    struct sockaddr_storage to;
    union datagram_control control;
    struct msghdr message;
    for (size_t i = 0; i < count; i++) {
        vectors[i].iov_base = packets[i]->buffer + packets[i]->offset;
        vectors[i].iov_len = packets[i]->length;
    }
    message_build(sock, packets[0], &to, &control, (uint16_t)packets[0]->length, &message);
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    return sendmsg(sock->fd, &message, MSG_DONTWAIT) >= 0;
}

/* One run of packets with the same DF. */
static size_t run_send(struct datagram_socket *sock, struct packet *const *packets, size_t count,
                       const struct packet **too_big)
{
    struct mmsghdr messages[BURST_MAX];
    struct iovec vectors[BURST_MAX];
    struct sockaddr_storage to[BURST_MAX];
    union datagram_control controls[BURST_MAX];
    for (size_t i = 0; i < count; i++) {
        vectors[i].iov_base = packets[i]->buffer + packets[i]->offset;
        vectors[i].iov_len = packets[i]->length;
        message_build(sock, packets[i], &to[i], &controls[i], 0, &messages[i].msg_hdr);
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
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

static size_t train_length(const struct datagram_socket *sock, struct packet *const *packets,
                           size_t count)
{
    return sock->segments ? datagram_train_length(packets, count) : 1;
}

/* Those up to the next train, of the same DF. */
static size_t run_length(const struct datagram_socket *sock, struct packet *const *packets,
                         size_t count)
{
    size_t length = 1;
    while (length < BURST_MAX && length < count &&
           packets[length]->dont_fragment == packets[0]->dont_fragment &&
           train_length(sock, packets + length, count - length) == 1) {
        length++;
    }
    return length;
}

/* What the kernel did not take whole goes one by one: one of them may be too large for the path, or
 * the device may not be able to do this, or the kernel (EIO, EINVAL); then it is not asked again.
 */
static size_t train_or_each_send(struct datagram_socket *sock, struct packet *const *packets,
                                 size_t count, bool checksum_off, const struct packet **too_big)
{
    bool dont_fragment = packets[0]->dont_fragment;
    socket_mode_set(sock, dont_fragment, false); /* the kernel cuts what it has to sum */
    if (train_send(sock, packets, count)) {
        return count;
    }
    bool unable = errno == EIO || errno == EINVAL;
    socket_mode_set(sock, dont_fragment, checksum_off);
    size_t sent = run_send(sock, packets, count, too_big);
    sock->segments = !(unable && sent > 0); /* EINVAL may also be an address that has gone */
    return sent;
}

size_t datagram_socket_send(struct datagram_socket *sock, struct packet *const *packets,
                            size_t count, bool checksum_off, const struct packet **too_big)
{
    size_t sent = 0, at = 0;
    *too_big = NULL;
    while (sock->fd >= 0 && at < count) {
        size_t length = train_length(sock, packets + at, count - at);
        if (length > 1) {
            sent += train_or_each_send(sock, packets + at, length, checksum_off, too_big);
        } else {
            length = run_length(sock, packets + at, count - at);
            socket_mode_set(sock, packets[at]->dont_fragment, checksum_off);
            sent += run_send(sock, packets + at, length, too_big);
        }
        at += length;
    }
    return sent;
}
