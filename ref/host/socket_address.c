/* sockaddr_in and sockaddr_in6, both ways. */
#include "host/socket_address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

int socket_family(uint8_t family)
{
    assert(family != ADDRESS_NONE);
    return family == ADDRESS_V4 ? AF_INET : AF_INET6;
}

socklen_t socket_address_build(const struct transport_address *address,
                               struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    out->ss_family = (sa_family_t)socket_family(address->ip.family);
    if (address->ip.family == ADDRESS_V4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_port = htons(address->port);
        memcpy(&v4->sin_addr, address->ip.octets, 4);
        return sizeof(*v4);
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_port = htons(address->port);
    memcpy(&v6->sin6_addr, address->ip.octets, 16);
    return sizeof(*v6);
}

bool socket_address_parse(const struct sockaddr_storage *in, struct transport_address *out)
{
    if (in->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)in;
        out->ip = address_from(bytes_of(&v4->sin_addr, 4));
        out->port = ntohs(v4->sin_port);
        return true;
    }
    if (in->ss_family != AF_INET6) {
        return false;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)in;
    const uint8_t *octets = v6->sin6_addr.s6_addr;
    out->ip = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? address_from(bytes_of(octets + 12, 4))
                                                   : address_from(bytes_of(octets, 16));
    out->port = ntohs(v6->sin6_port);
    return true;
}
