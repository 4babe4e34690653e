/* All that came at one moment is to be rekeyed at one moment: what becomes of it with jitter (RFC
 * 7296 2.8) and without. */
#ifndef IKEREF_CROWD_STORM_H
#define IKEREF_CROWD_STORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORM_SECONDS_MAX 1800

struct storm_report {
    size_t pairs, rekeyed;
    size_t lost;     /* Child SAs that went without another, clients that cannot be reached */
    size_t seconds;  /* from the first rekey to the last */
    size_t most;     /* in one second */
    uint64_t cpu_ns; /* processor time of both sides, while it lasted */
    size_t per_second[STORM_SECONDS_MAX];
};

/* The soft lifetimes of the gateway's Child SAs, or of its IKE SAs, end after an hour, less up to
 * `jitter_s` (at most half of it). `out` is large: static. */
void storm_play(size_t pairs, bool of_ike_sas, unsigned jitter_s, struct storm_report *out);

#endif
