/* /dev/net/tun without packet information: each read and write is one IP packet. */
#include "host/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

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

bool tun_open(struct tun *tun, const char *name, uint32_t mtu, struct problem *problem)
{
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
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    memcpy(request.ifr_name, name, strlen(name));
    if (ioctl(tun->fd, TUNSETIFF, &request) != 0 || !interface_up(name, mtu)) {
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
}

size_t tun_read(struct tun *tun, struct packet *packets, size_t max)
{
    size_t count = 0;
    while (count < max) {
        struct packet *packet = &packets[count];
        ssize_t length = read(tun->fd, packet->buffer + ESP_HEADROOM,
                              packet->capacity - ESP_HEADROOM - ESP_TAILROOM);
        if (length <= 0) {
            break;
        }
        packet->offset = ESP_HEADROOM;
        packet->length = (size_t)length;
        count++;
    }
    return count;
}

bool tun_write(struct tun *tun, const struct packet *packet)
{
    ssize_t written = write(tun->fd, packet->buffer + packet->offset, packet->length);
    return written == (ssize_t)packet->length;
}
