/* How often each cause was the end of something: a handshake that failed. */
#ifndef IKEREF_LOAD_TALLY_H
#define IKEREF_LOAD_TALLY_H

#include <stddef.h>

#include "base/status.h"

#define TALLY_CAUSES 32

struct tally {
    size_t count; /* of causes */
    struct {
        const char *name; /* static storage */
        uint64_t times;
    } causes[TALLY_CAUSES]; /* in the order they were first seen; the last one is all further */
    uint64_t total;
};

/* "timeout", "gone", "internal", the name of the notification that the peer sent, or of the one
 * that we would have: "refused-by-us" for all of these. Static storage. */
const char *tally_cause(enum status status);

void tally_add(struct tally *tally, const char *cause);

#endif
