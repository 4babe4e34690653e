/* By what the two of a duet prove themselves and agree on keys. */
#ifndef IKEREF_BENCH_HANDSHAKE_WAYS_H
#define IKEREF_BENCH_HANDSHAKE_WAYS_H

#include "bench/duet.h"

struct handshake_way {
    const char *authentication; /* "psk", or the kind of certificate */
    const char *key_exchange;
};

#define HANDSHAKE_WAYS 8
extern const struct handshake_way handshake_ways[HANDSHAKE_WAYS];

bool handshake_way_signs(const struct handshake_way *way);

/* As duet_init, for that way; what it loads is released by handshake_way_release. */
void handshake_way_init(const struct handshake_way *way, struct duet *duet, struct bench *bench);
void handshake_way_release(struct duet *duet);

/* Both forget the certificates that they have seen (crypto/known_certificates.h). */
void handshake_way_forget(const struct handshake_way *way, struct duet *duet);

#endif
