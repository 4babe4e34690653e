/* What a datagram on UDP port 4500 is, RFC 3948 2 and RFC 7296 2.23. */
#ifndef IKEREF_ESP_UDP_ENCAP_H
#define IKEREF_ESP_UDP_ENCAP_H

#include "base/bytes.h"

#define NON_ESP_MARKER_LENGTH 4

enum udp_encap_kind {
    UDP_ENCAP_ESP,
    UDP_ENCAP_IKE,       /* behind the Non-ESP marker */
    UDP_ENCAP_KEEPALIVE, /* RFC 3948 2.3 */
    UDP_ENCAP_MALFORMED, /* too short to be any of these */
};

enum udp_encap_kind udp_encap_classify(struct bytes datagram);

#endif
