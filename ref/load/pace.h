/* When the next handshake is due. A closed loop begins one as soon as another has ended, and so
 * slows down with the peer; an open loop has its times whatever the peer does, and a handshake that
 * begins late has still been due when it was. */
#ifndef IKEREF_LOAD_PACE_H
#define IKEREF_LOAD_PACE_H

#include "crypto/crypto.h"

enum pace_kind {
    PACE_CLOSED,
    PACE_EVEN,    /* the same time between any two */
    PACE_POISSON, /* as strangers come: independent of each other */
};

struct pace {
    enum pace_kind kind;
    double interval_ns; /* between two, on average */
    double due_ns;      /* the next one's, after the beginning */
    uint64_t begun_ns;
    const struct random_source *random; /* outlives it */
};

/* `rate`: how many a second; nothing of a closed loop. The first is due at once. */
void pace_open(struct pace *pace, enum pace_kind kind, double rate,
               const struct random_source *random, uint64_t now_ns);

/* Of a closed loop always `now_ns`. */
uint64_t pace_due(const struct pace *pace, uint64_t now_ns);

/* That one has been begun, or given up: to the next. False: no randomness to be had. */
MUST_USE bool pace_advance(struct pace *pace);

#endif
