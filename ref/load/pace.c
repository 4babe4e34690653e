/* Even, or with exponential times between two. */

#include "load/pace.h"

#include <assert.h>
#include <math.h>

#define SECOND_NS 1e9
#define MANTISSA_BITS 53

void pace_open(struct pace *pace, enum pace_kind kind, double rate,
               const struct random_source *random, uint64_t now_ns)
{
    assert(kind == PACE_CLOSED || rate > 0);
    *pace = (struct pace){.kind = kind,
                          .interval_ns = kind == PACE_CLOSED ? 0 : SECOND_NS / rate,
                          .begun_ns = now_ns,
                          .random = random};
}

uint64_t pace_due(const struct pace *pace, uint64_t now_ns)
{
    return pace->kind == PACE_CLOSED ? now_ns : pace->begun_ns + (uint64_t)pace->due_ns;
}

bool pace_advance(struct pace *pace)
{
    uint64_t drawn = 0;
    if (pace->kind != PACE_POISSON) {
        pace->due_ns += pace->interval_ns;
        return true;
    }
    if (random_fill(pace->random, &drawn, sizeof drawn) != STATUS_OK) {
        return false;
    }
    /* above 0 and at most 1, so that its logarithm is finite */
    double share = ldexp((double)((drawn >> (64 - MANTISSA_BITS)) + 1), -MANTISSA_BITS);
    pace->due_ns += -log(share) * pace->interval_ns;
    return true;
}
