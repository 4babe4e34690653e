/* What the host asks of the core, and what it knows that the core cannot see. */
#ifndef IKEREF_SA_COMMAND_H
#define IKEREF_SA_COMMAND_H

#include "sa/config.h"

enum command_type {
    COMMAND_INITIATE,       /* peer_index, child_index (UINT16_MAX: all that start at once, else the
                               first), path: an IKE SA if there is none, then the Child SA */
    COMMAND_ACQUIRE,        /* as INITIATE, from traffic: key is the packet (RFC 7296 2.9) */
    COMMAND_REKEY_IKE,      /* peer_index, ike_sa */
    COMMAND_REAUTHENTICATE, /* peer_index, ike_sa: a new IKE SA and Child SAs, then the old ones go
                               (RFC 7296 2.8.3) */
    COMMAND_REKEY_CHILD,    /* spi_in, or peer_index and child_index (all its Child SAs) */
    COMMAND_DELETE_IKE,     /* peer_index, ike_sa */
    COMMAND_DELETE_CHILD,   /* spi_in, or peer_index and child_index */
    COMMAND_LIVENESS,       /* peer_index, ike_sa: ask now */
    COMMAND_ROAM,           /* peer_index, ike_sa, path: the host's route to the peer now starts at
                               path.local; addresses: all local addresses there are. With MOBIKE the SA is
                               moved; without, it is left as it is. path.local NONE: no route at present */
    COMMAND_ADDRESSES,  /* addresses: all local addresses there are; for IKE SAs to come, which the
                           peer may start (RFC 4555 3.4) */
    COMMAND_PEER_MOVED, /* spi_in, path: from ESP_EVENT_PEER_MOVED */
    COMMAND_TRAFFIC,  /* spi_in, last_in_ns, last_out_ns: counts as a sign of life (RFC 7296 2.4) */
    COMMAND_EXPIRE,   /* spi_in, hard: volume or sequence numbers, from the data plane */
    COMMAND_PATH_MTU, /* path, mtu: a datagram that must not be fragmented did not fit the path to
                         path.remote, which takes no more than that (RFC 7383 2.5.2) */
    COMMAND_SHUTDOWN, /* delete every IKE SA, tell the peers once, accept nothing new */
};

struct command {
    enum command_type type;
    uint64_t id; /* comes back in EVENT_COMMAND_DONE; 0: no such event is wanted */
    uint16_t peer_index, child_index;
    uint32_t ike_sa; /* 0: the newest established one of the peer */
    uint32_t spi_in; /* 0: by indexes */
    struct path path;
    struct address_list addresses;
    struct packet_key key;
    size_t mtu; /* octets of an IP packet */
    uint64_t last_in_ns, last_out_ns;
    bool hard;
};

#endif
