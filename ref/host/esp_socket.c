/* The kernel writes the outer IP header; what arrives on IPv4 still has it in front. */
#include "host/esp_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/socket_address.h"

bool esp_socket_open(struct datagram_socket *sock, uint8_t family, uint32_t mark,
                     struct problem *problem)
{
    *sock = (struct datagram_socket){.family = family, .strips_ip_header = family == ADDRESS_V4};
    sock->fd = socket(socket_family(family), SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ESP);
    if (sock->fd < 0) {
        if (errno == EAFNOSUPPORT) {
            return false;
        }
        return problem_set(problem, EXIT_ENVIRONMENT,
                           "cannot open a raw ESP socket (%s); run as root or with CAP_NET_RAW",
                           strerror(errno));
    }
    if (!datagram_socket_prepare(sock, mark, problem)) {
        datagram_socket_close(sock);
        return false;
    }
    return true;
}
