/* Randomness that was written down before: a list of draws in order, or one long stream. */
#ifndef IKEREF_TEST_VECTORS_SCRIPTED_RANDOM_H
#define IKEREF_TEST_VECTORS_SCRIPTED_RANDOM_H

#include "crypto/crypto.h"

#define SCRIPTED_DRAWS_MAX 256

struct scripted_random {
    bool any_length; /* a stream: each draw takes what it wants of draws[0] */
    size_t count, next;
    struct bytes draws[SCRIPTED_DRAWS_MAX];
    size_t drawn_count; /* what was really drawn, for a recording */
    struct bytes drawn[SCRIPTED_DRAWS_MAX];
    bool failed; /* a draw of another length than written, or one too many */
    struct random_source source;
};

void scripted_random_init(struct scripted_random *random);
void scripted_random_add(struct scripted_random *random, struct bytes draw);

/* Every draw that was written down has been taken, and none besides. */
bool scripted_random_done(const struct scripted_random *random);

#endif
