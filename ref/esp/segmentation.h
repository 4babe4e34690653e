/* A packet of TCP's or UDP's that is too long for any path is cut into those that the sender means:
 * TCP's segments (RFC 9293 3.7.1, 3.8.4) or UDP's datagrams, each with headers of its own. */
#ifndef IKEREF_ESP_SEGMENTATION_H
#define IKEREF_ESP_SEGMENTATION_H

#include "esp/ip_packet.h"
#include "esp/offload.h"
#include "esp/packet.h"

struct segmentation {
    const uint8_t *octets; /* the long packet, the caller's */
    struct ip_packet ip;
    size_t header_length; /* IP and TCP or UDP */
    size_t segment;       /* octets of payload in each */
    size_t at, payload;   /* how much of the payload has been given out, of how much */
    uint16_t number;      /* of segments given out */
};

/* The packet stays where it is until all is cut. False: it cannot be cut into such segments, for it
 * is no TCP or UDP, is a fragment, or its headers leave its bounds. */
MUST_USE bool segmentation_begin(struct segmentation *segmentation, struct bytes packet,
                                 uint16_t segment);

/* How many are still to come. */
size_t segmentation_left(const struct segmentation *segmentation);

/* Builds the next one at offset ESP_HEADROOM, with all checksums. False: there is none left, or it
 * does not fit the buffer, nor will the rest. */
bool segmentation_next(struct segmentation *segmentation, struct packet *out);

/* Computes the checksum that a packet was handed over without. False: its place is not within the
 * packet, which is left as it is. */
MUST_USE bool checksum_complete(const struct packet *packet, const struct offload *offload);

#endif
