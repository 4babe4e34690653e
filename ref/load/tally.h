/* How often each cause was the end of something: a handshake that failed. */
#ifndef IKEREF_LOAD_TALLY_H
#define IKEREF_LOAD_TALLY_H

#include <stddef.h>

#include "base/status.h"

#define TALLY_CAUSES 32
#define TALLY_NAME_MAX 48

struct tally {
    size_t count; /* of causes */
    struct {
        char name[TALLY_NAME_MAX];
        uint64_t times;
    } causes[TALLY_CAUSES]; /* in the order they were first seen; the last one is all further */
    uint64_t total;
};

/* "timeout", "gone", "internal", the name of the notification that the peer sent, or "we say" and
 * the name of that which we would have sent. Returns `out`. */
const char *tally_cause(enum status status, char out[TALLY_NAME_MAX]);

void tally_add(struct tally *tally, const char *cause);

#endif
