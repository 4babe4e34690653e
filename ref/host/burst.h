/* A burst: packets with a buffer each, made once and filled again and again. */
#ifndef IKEREF_HOST_BURST_H
#define IKEREF_HOST_BURST_H

#include "esp/esp_plane.h"

#define BURST_MAX 64           /* a packet of 64 KiB for TCP is cut into fewer */
#define BURST_PACKET_MAX 65536 /* octets of one packet, without headroom and tailroom */

struct burst {
    uint8_t *memory;
    struct packet packets[BURST_MAX];
};

bool burst_create(struct burst *burst); /* false: no memory */
void burst_destroy(struct burst *burst);

/* Empties all packets; buffers stay. */
void burst_reset(struct burst *burst);

#endif
