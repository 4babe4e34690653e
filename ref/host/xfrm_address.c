/* Between our addresses and those of the kernel's XFRM (linux/xfrm.h). */
#include "host/xfrm_address.h"

#include <string.h>
#include <sys/socket.h>

xfrm_address_t xfrm_address_from(const struct address *address)
{
    xfrm_address_t out = {0};
    memcpy(&out, address->octets, address_length(address));
    return out;
}

struct address xfrm_address_read(const xfrm_address_t *address, uint16_t family)
{
    switch (family) {
    case AF_INET:
        return address_from(bytes_of(address, 4));
    case AF_INET6:
        return address_from(bytes_of(address, 16));
    default:
        return (struct address){0};
    }
}
