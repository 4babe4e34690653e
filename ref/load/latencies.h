/* How long each handshake took: an exact list, so that no percentile is a bucket's border. */
#ifndef IKEREF_LOAD_LATENCIES_H
#define IKEREF_LOAD_LATENCIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct latencies {
    uint64_t *items; /* nanoseconds, owned */
    size_t count, capacity;
    bool sorted;
};

bool latencies_open(struct latencies *latencies, size_t capacity); /* false: no memory */
void latencies_close(struct latencies *latencies);

/* At most `capacity` of them; what comes after is a mistake of ours. */
void latencies_add(struct latencies *latencies, uint64_t ns);

/* The least one that at least `share` (0 to 1) of all do not exceed: 0 is the shortest, 0.5 the
 * median (the lower one of an even number), 1 the longest. 0 of none. */
uint64_t latencies_quantile(struct latencies *latencies, double share);

#endif
