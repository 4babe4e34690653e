/* A UDP socket that is connected, asked, and let go of: nothing is sent. Kept answers would be
 * cheaper and wrong: the kernel tells nobody when ICMP has lowered a path's MTU, nor when it
 * forgets that. */
#include "host/path_mtu_probe.h"

#include <netinet/in.h>
#include <unistd.h>

#include "host/socket_address.h"

#define PORT_DISCARD 9 /* RFC 863; a route does not look at it */

void path_mtu_probe_close(struct path_mtu_probe *probe)
{
    for (size_t i = 0; i < 2; i++) {
        if (probe->fds[i] >= 0) {
            close(probe->fds[i]);
            probe->fds[i] = -1;
        }
    }
}

/* -1: none to be had, now; the next question tries again. */
static int socket_of(struct path_mtu_probe *probe, uint8_t family)
{
    int *fd = &probe->fds[family == ADDRESS_V6];
    int mark = (int)probe->mark;
    if (*fd < 0) {
        *fd = socket(socket_family(family), SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (*fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) != 0) {
            close(*fd);
            *fd = -1;
        }
    }
    return *fd;
}

void path_mtu_probe_init(struct path_mtu_probe *probe, uint32_t mark)
{
    *probe = (struct path_mtu_probe){.mark = mark, .fds = {-1, -1}};
    (void)socket_of(probe, ADDRESS_V4);
    (void)socket_of(probe, ADDRESS_V6);
}

static uint16_t connected_mtu(int fd, uint8_t family)
{
    bool v4 = family == ADDRESS_V4;
    int value = 0;
    socklen_t size = sizeof(value);
    if (getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &value, &size) !=
            0 ||
        value <= 0) {
        return 0;
    }
    return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

uint16_t path_mtu_probe_ask(struct path_mtu_probe *probe, const struct address *remote)
{
    struct transport_address to = {.ip = *remote, .port = PORT_DISCARD};
    struct sockaddr_storage name;
    socklen_t length = socket_address_build(&to, &name);
    int fd = socket_of(probe, remote->family);
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, length) != 0) {
        return 0;
    }
    uint16_t mtu = connected_mtu(fd, remote->family);
    /* Else the next question would start from this one's source address, and the port stay ours. */
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    int error = connect(fd, &nowhere, sizeof(nowhere));
    (void)error;
    return mtu;
}
