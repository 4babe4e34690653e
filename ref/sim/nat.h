/* A NAT in front of one network: mappings that come with the first packet out, expire, and may be
 * forgotten. RFC 4787 4, RFC 3948. */
#ifndef IKEREF_SIM_NAT_H
#define IKEREF_SIM_NAT_H

#include "base/address.h"

#define NAT_MAPPINGS 64

struct nat_mapping {
    struct transport_address inside, outside;
    struct transport_address remote; /* strict: only for this destination */
    uint64_t used_ns;
};

struct nat {
    struct address inside, outside; /* inside: the /24 of this address */
    bool strict;                    /* a mapping for each destination */
    bool forwards;                  /* packets to the outside address reach the inside, same port */
    uint64_t expiry_ns;             /* 0: never */
    uint16_t next_port;
    size_t count;
    struct nat_mapping mappings[NAT_MAPPINGS];
};

/* The address lies behind it. */
bool nat_hides(const struct nat *nat, const struct address *ip);

/* A packet leaves: its source is translated, with a new mapping when there is none. */
void nat_out(struct nat *nat, struct transport_address *source,
             const struct transport_address *destination, uint64_t now_ns);

/* A packet arrives: its destination is translated. False: there is no mapping, it is dropped. */
bool nat_in(struct nat *nat, const struct transport_address *source,
            struct transport_address *destination, uint64_t now_ns);

/* All mappings are forgotten; new ones use other ports. */
void nat_rebind(struct nat *nat);

#endif
