/* /dev/net/tun without packet information: each read and write is one IP packet, with virtio's
 * header before it where the kernel is to leave work to us. */
#include "host/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "esp/coalescing.h"
#include "esp/segmentation.h"
#include "host/vnet_header.h"

#ifndef TUN_F_USO4 /* since Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

struct tun_long_packet {
    struct segmentation segmentation; /* nothing left of it: read the next */
    uint8_t octets[BURST_PACKET_MAX];
};

static bool tun_problem(struct problem *problem, const char *name, int error)
{
    if (error == EBUSY || error == EINVAL) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "the interface name %s is taken; set interface = \"...\" to another, or remove "
            "it with: ip link del %s",
            name, name);
    }
    return problem_set(problem, EXIT_ENVIRONMENT,
                       "cannot make the interface %s (%s); run as root or with CAP_NET_ADMIN", name,
                       strerror(error));
}

/* Mode and MTU are set through any socket. No IPv6 link-local address is wanted: nobody is on this
 * link. */
static bool interface_up(const char *name, uint32_t mtu)
{
    char path[96];
    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/addr_gen_mode", name);
    int mode = open(path, O_WRONLY | O_CLOEXEC);
    if (mode >= 0) {
        ssize_t n = write(mode, "1\n", 2);
        (void)n;
        close(mode);
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    memcpy(request.ifr_name, name, strlen(name));
    request.ifr_mtu = (int)mtu;
    bool good = fd >= 0 && ioctl(fd, SIOCSIFMTU, &request) == 0;
    request.ifr_qlen = 500;
    good = good && ioctl(fd, SIOCSIFTXQLEN, &request) == 0;
    memset(&request.ifr_ifru, 0, sizeof(request.ifr_ifru));
    good = good && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    good = good && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = error;
    return good;
}

/* From now on the header is there in any case; what the kernel leaves to us is as much as it knows
 * of. */
static bool offload_begin(struct tun *tun)
{
    static const unsigned known[] = {
        TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
        TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
        TUN_F_CSUM,
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (ioctl(tun->fd, TUNSETOFFLOAD, known[i]) == 0) {
            break;
        }
    }
    tun->in = calloc(1, sizeof(*tun->in));
    tun->joins = tun->in != NULL;
    return tun->joins;
}

static short interface_flags(const struct tun *tun, bool offload)
{
    unsigned features = 0;
    bool can =
        offload && ioctl(tun->fd, TUNGETFEATURES, &features) == 0 && (features & IFF_VNET_HDR) != 0;
    return (short)(IFF_TUN | IFF_NO_PI | (can ? IFF_VNET_HDR : 0));
}

bool tun_open(struct tun *tun, const char *name, uint32_t mtu, bool offload,
              struct problem *problem)
{
    tun->in = NULL;
    tun->joins = tun->more = false;
    if (if_nametoindex(name) != 0) {
        return tun_problem(problem, name, EBUSY);
    }
    tun->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (tun->fd < 0) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "cannot open /dev/net/tun (%s); load it with: modprobe tun, or in a container "
            "pass --device /dev/net/tun",
            strerror(errno));
    }
    struct ifreq request = {.ifr_flags = interface_flags(tun, offload)};
    memcpy(request.ifr_name, name, strlen(name));
    bool unfinished = (request.ifr_flags & IFF_VNET_HDR) != 0;
    if (ioctl(tun->fd, TUNSETIFF, &request) != 0 || (unfinished && !offload_begin(tun)) ||
        !interface_up(name, mtu)) {
        int error = errno;
        tun_close(tun);
        return tun_problem(problem, name, error);
    }
    tun->index = if_nametoindex(name);
    return true;
}

void tun_close(struct tun *tun)
{
    if (tun->fd >= 0) {
        close(tun->fd);
        tun->fd = -1;
    }
    free(tun->in);
    tun->in = NULL;
}

/* As it was read, in the packet's own buffer. False: nothing was waiting. */
static bool plain_read(const struct tun *tun, struct packet *packet)
{
    ssize_t length = read(tun->fd, packet->buffer + ESP_HEADROOM,
                          packet->capacity - ESP_HEADROOM - ESP_TAILROOM);
    packet->offset = ESP_HEADROOM;
    packet->length = length > 0 ? (size_t)length : 0;
    return length > 0;
}

/* One that is whole, but perhaps for its checksum. False: it cannot be one. */
static bool whole_take(const struct tun *tun, size_t length, const struct offload *offload,
                       struct packet *packet)
{
    if (packet->capacity < ESP_HEADROOM + ESP_TAILROOM + length) {
        return false;
    }
    packet->offset = ESP_HEADROOM;
    packet->length = length;
    memcpy(packet->buffer + ESP_HEADROOM, tun->in->octets, length);
    return !offload->checksum_needed || checksum_complete(packet, offload);
}

/* *packet is one more, or what was read is to be cut, or nobody can do anything with it. False:
 * nothing was waiting. */
static bool unfinished_read(struct tun *tun, struct packet *packet, bool *taken)
{
    uint8_t header[VNET_HEADER_LENGTH];
    struct iovec parts[] = {{header, sizeof(header)}, {tun->in->octets, sizeof(tun->in->octets)}};
    struct offload offload;
    *taken = false;
    ssize_t got = readv(tun->fd, parts, 2);
    if (got <= (ssize_t)sizeof(header)) {
        return false;
    }
    size_t length = (size_t)got - sizeof(header);
    if (!vnet_header_parse(header, &offload)) {
        return true;
    }
    if (offload.segment == 0) {
        *taken = whole_take(tun, length, &offload, packet);
    } else if (!segmentation_begin(&tun->in->segmentation, bytes_of(tun->in->octets, length),
                                   offload.segment)) {
        tun->in->segmentation = (struct segmentation){0};
    }
    return true;
}

static size_t segments_take(struct tun *tun, struct packet *packets, size_t max)
{
    size_t count = 0;
    while (tun->in != NULL && count < max &&
           segmentation_next(&tun->in->segmentation, &packets[count])) {
        count++;
    }
    return count;
}

size_t tun_read_rest(struct tun *tun, struct packet *packets, size_t max)
{
    size_t count = segments_take(tun, packets, max);
    tun->more = count == max;
    return count;
}

/* One that was read behind others is to be cut, and would be parted in the midst: segments of one
 * packet are sealed together, sent as one datagram and joined as one. */
static bool next_burst_holds(const struct tun *tun, size_t count, size_t max)
{
    size_t left = tun->in == NULL ? 0 : segmentation_left(&tun->in->segmentation);
    return count > 0 && left > max - count && left <= max;
}

size_t tun_read(struct tun *tun, struct packet *packets, size_t max)
{
    size_t count = segments_take(tun, packets, max);
    tun->more = true;
    while (count < max) {
        bool taken = true;
        if (!(tun->in == NULL ? plain_read(tun, &packets[count])
                              : unfinished_read(tun, &packets[count], &taken))) {
            tun->more = false;
            break;
        }
        if (!taken && next_burst_holds(tun, count, max)) {
            break;
        }
        count += taken ? 1 : segments_take(tun, packets + count, max - count);
    }
    return count;
}

bool tun_write(struct tun *tun, const struct packet *packet)
{
    uint8_t header[VNET_HEADER_LENGTH] = {
        0}; /* it is whole, and nobody has looked at its checksum */
    struct iovec parts[] = {{header, sizeof(header)},
                            {packet->buffer + packet->offset, packet->length}};
    bool plain = tun->in == NULL;
    ssize_t length = (ssize_t)packet->length + (plain ? 0 : (ssize_t)sizeof(header));
    return (plain ? write(tun->fd, parts[1].iov_base, parts[1].iov_len)
                  : writev(tun->fd, parts, 2)) == length;
}

bool tun_write_joined(struct tun *tun, struct packet *const *packets, size_t count,
                      const struct offload *offload)
{
    uint8_t header[VNET_HEADER_LENGTH];
    struct iovec parts[1 + COALESCED_MAX] = {{header, sizeof(header)}};
    size_t length = sizeof(header);
    vnet_header_build(header, offload, packet_octets(packets[0])[0] >> 4);
    for (size_t i = 0; i < count; i++) {
        size_t skipped = i == 0 ? 0 : offload->header_length;
        parts[i + 1] =
            (struct iovec){packet_octets(packets[i]) + skipped, packets[i]->length - skipped};
        length += parts[i + 1].iov_len;
    }
    tun->joins = writev(tun->fd, parts, (int)count + 1) == (ssize_t)length;
    return tun->joins;
}
