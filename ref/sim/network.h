/* The network between the hosts: late, lost, doubled, spoiled, held up, translated. */
#ifndef IKEREF_SIM_NETWORK_H
#define IKEREF_SIM_NETWORK_H

#include "sim/sim.h"

/* Empty, faultless, nothing in flight. */
void network_reset(struct sim *sim);
/* What is in flight is freed. */
void network_empty(struct sim *sim);
/* No faults any more: what is in flight still arrives, and no datagram is lost from here on. */
void network_calm(struct sim *sim);

struct outgoing {
    struct path path;
    bool protocol_50;
    bool dont_fragment;
    struct bytes octets; /* behind IP and UDP */
};

/* A datagram of a host into the network; its octets are copied. False: it is too big for the path
 * and must not be fragmented: the sender gets to know (RFC 4301 8.2). */
bool network_send(struct sim *sim, const struct host *host, const struct outgoing *outgoing);

/* When the next datagram arrives; UINT64_MAX: nothing is in flight. */
uint64_t network_next_ns(const struct sim *sim);

/* Takes that datagram; the caller frees it. *to is the host it reaches and *path the way as seen
 * from there; NULL: nobody gets it. */
struct wire_packet *network_take(struct sim *sim, struct host **to, struct path *path);

/* Each host sends to where the other one is, NATs between them included. */
bool network_paths_meet(struct sim *sim, const struct path *a, const struct path *b);

/* Octets of the largest packet on the way there at present; UINT32_MAX: any. */
uint32_t network_mtu(const struct sim *sim, const struct address *remote);

#endif
