#include "host/vnet_header.h"

#include <linux/virtio_net.h>
#include <string.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4 /* since Linux 6.2 */
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

_Static_assert(sizeof(struct virtio_net_hdr) == VNET_HEADER_LENGTH, "as Linux has it");

bool vnet_header_parse(const uint8_t header[VNET_HEADER_LENGTH], struct offload *out)
{
    struct virtio_net_hdr vnet;
    memcpy(&vnet, header, sizeof(vnet));
    *out = (struct offload){
        .header_length = vnet.hdr_len,
        .checksum_needed = (vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0,
        .checksum_start = vnet.csum_start,
        .checksum_offset = vnet.csum_offset,
    };
    switch (vnet.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        return true;
    case VIRTIO_NET_HDR_GSO_TCPV4:
    case VIRTIO_NET_HDR_GSO_TCPV6:
    case VIRTIO_NET_HDR_GSO_UDP_L4:
        out->segment = vnet.gso_size;
        return vnet.gso_size != 0;
    default:
        return false;
    }
}

void vnet_header_build(uint8_t out[VNET_HEADER_LENGTH], const struct offload *offload,
                       uint8_t version)
{
    struct virtio_net_hdr vnet = {.gso_type = VIRTIO_NET_HDR_GSO_NONE};
    if (offload->checksum_needed) {
        vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        vnet.csum_start = offload->checksum_start;
        vnet.csum_offset = offload->checksum_offset;
    }
    if (offload->segment != 0) {
        vnet.gso_type = version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
        vnet.gso_size = offload->segment;
        vnet.hdr_len = offload->header_length;
    }
    memcpy(out, &vnet, sizeof(vnet));
}
