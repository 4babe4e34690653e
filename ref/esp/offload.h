/* What is said beside a packet that crosses between us and the kernel unfinished, as between a host
 * and a network card: it is to be cut, or its checksum is still to be computed (virtio 1.2 5.1.6.2
 * has the same words). */
#ifndef IKEREF_ESP_OFFLOAD_H
#define IKEREF_ESP_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct offload {
    uint16_t segment;         /* octets of payload in each packet that it becomes; 0: it is one */
    uint16_t header_length;   /* IP and TCP or UDP, as it is handed to the kernel */
    bool checksum_needed;     /* from checksum_start to the end, the pseudo-header's being there */
    uint16_t checksum_start;  /* within the packet */
    uint16_t checksum_offset; /* from checksum_start: where it stands */
};

#endif
