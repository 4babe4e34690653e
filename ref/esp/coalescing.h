/* Segments of one TCP flow that follow one another go to the kernel as one packet, which it would
 * have made of them itself: what Linux calls GRO, with the same conditions. One flow at a time, in
 * the order in which packets came, and none waits. */
#ifndef IKEREF_ESP_COALESCING_H
#define IKEREF_ESP_COALESCING_H

#include "esp/ip_packet.h"
#include "esp/offload.h"
#include "esp/packet.h"

#define COALESCED_MAX 64

struct coalescing {
    struct packet
        *packets[COALESCED_MAX]; /* the caller's; of all but the first only the payload counts */
    size_t count;
    struct ip_packet ip;  /* of the first */
    size_t header_length; /* IP and TCP; 0: it takes nobody in */
    size_t segment;       /* octets of payload of each but the last */
    size_t length;        /* of all, with one header */
};

/* Takes the packet in. False: it does not go on where the others end, so that they have to leave
 * (coalescing_finish) before it is the first of the next; never said when there are none. */
bool coalescing_add(struct coalescing *coalescing, struct packet *packet);

/* What there is leaves as one; returns how many it is. They stay in `packets` until the next is
 * added: of several the first with its headers made to fit all, of the others what is behind
 * offload->header_length. A single one is untouched, and nothing is said of it. */
size_t coalescing_finish(struct coalescing *coalescing, struct offload *offload);

#endif
