/* The header that a TUN with IFF_VNET_HDR puts before each packet, both ways: virtio 1.2 5.1.6, in
 * the machine's own byte order (Linux, Documentation/networking/tuntap). */
#ifndef IKEREF_HOST_VNET_HEADER_H
#define IKEREF_HOST_VNET_HEADER_H

#include "base/bytes.h"
#include "esp/offload.h"

#define VNET_HEADER_LENGTH 10

/* False: it asks for what was not offered (UFO, tunnels). */
MUST_USE bool vnet_header_parse(const uint8_t header[VNET_HEADER_LENGTH], struct offload *out);

/* Of a packet of this IP version. Nothing is said of a checksum that nobody has looked at. */
void vnet_header_build(uint8_t out[VNET_HEADER_LENGTH], const struct offload *offload,
                       uint8_t version);

#endif
