/* What a datagram on UDP port 4500 is, RFC 3948 2. */
#include "esp/udp_encap.h"

#define KEEPALIVE_OCTET 0xff

enum udp_encap_kind udp_encap_classify(struct bytes datagram)
{
    uint32_t first = 0;
    if (datagram.length == 1 && datagram.data[0] == KEEPALIVE_OCTET) {
        return UDP_ENCAP_KEEPALIVE;
    }
    if (!bytes_take_u32(&datagram, &first)) {
        return UDP_ENCAP_MALFORMED;
    }
    return first == 0 ? UDP_ENCAP_IKE : UDP_ENCAP_ESP;
}
