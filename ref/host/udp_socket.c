/* Wildcard sockets: the address a datagram came to is in its control message, so an address that
 * appears later needs no new socket. */
#include "host/udp_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/socket_address.h"

bool udp_socket_open(struct datagram_socket *sock, uint8_t family, uint16_t port, uint32_t mark,
                     struct problem *problem)
{
    *sock = (struct datagram_socket){.family = family, .port = port};
    sock->fd = socket(socket_family(family), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sock->fd < 0) {
        return errno == EAFNOSUPPORT
                   ? false
                   : problem_set(problem, EXIT_ENVIRONMENT, "cannot open a UDP socket (%s)",
                                 strerror(errno));
    }
    int on = 1;
    if (family == ADDRESS_V6) {
        setsockopt(sock->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    struct transport_address any = {.ip = {.family = family}, .port = port};
    struct sockaddr_storage name;
    socklen_t length = socket_address_build(&any, &name);
    if (bind(sock->fd, (struct sockaddr *)&name, length) != 0) {
        int error = errno;
        datagram_socket_close(sock);
        if (error == EADDRNOTAVAIL && family == ADDRESS_V6) {
            return false;
        }
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            error == EADDRINUSE
                ? "UDP port %u is in use (%s); stop the other IKE daemon (ss -ulpn shows "
                  "it) or set ike-port and natt-port"
                : "cannot bind UDP port %u (%s); run as root or with CAP_NET_BIND_SERVICE",
            port, strerror(error));
    }
    if (!datagram_socket_prepare(sock, mark, problem)) {
        datagram_socket_close(sock);
        return false;
    }
    return true;
}
