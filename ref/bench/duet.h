/* Two endpoints, a and b, that are each other's peer, and the datagrams between them: no network,
 * no timers but those that are due. The work of one of them can be counted, the other's not. */
#ifndef IKEREF_BENCH_DUET_H
#define IKEREF_BENCH_DUET_H

#include "bench/bench.h"
#include "endpoint/endpoint.h"

#define DUET_A 0 /* initiates the IKE SA, and whatever else is asked for */
#define DUET_B 1
#define DUET_NOBODY 2

#define DUET_LETTERS 64

struct letter {
    unsigned from;
    struct path path;
    bool encapsulated, keepalive;
    size_t length;
    uint8_t octets[IKE_MESSAGE_MAX];
};

struct duet_side {
    struct endpoint_config config;
    struct peer_config peer;
    struct endpoint *endpoint;
    unsigned ike_sas, child_sas, rekeyed; /* that came up, so far */
    bool done;                            /* the last command has ended, */
    enum status status;                   /* with this */
};

struct duet {
    struct bench *bench;
    unsigned counted; /* whose work is counted */
    uint64_t now_ns;
    struct duet_side sides[2];
    struct ike_keys_info keys; /* of the first IKE SA, as a was told */
    size_t sent, delivered;
    struct letter letters[DUET_LETTERS]; /* of the last command, in the order they were sent */
};

/* Shared key, defaults but for lifetimes, liveness and keepalives, which are off. Change the
 * configuration, then start. `ike` and `esp` are proposals in words; NULL: the defaults. */
void duet_init(struct duet *duet, struct bench *bench, const char *ike, const char *esp);
void duet_start(struct duet *duet);
void duet_stop(struct duet *duet);

/* a is told to, and both work until nothing is left to be done. Insists that it ends well. */
void duet_connect(struct duet *duet);
void duet_command(struct duet *duet, enum command_type type);

#endif
