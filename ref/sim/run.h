/* A script played from its beginning to its end. */
#ifndef IKEREF_SIM_RUN_H
#define IKEREF_SIM_RUN_H

#include "sim/sim.h"

struct run_result {
    bool broken;
    char violation[SIM_VIOLATION_MAX]; /* of the first rule that was broken */
    uint64_t digest;                   /* of every datagram */
    uint64_t virtual_ms;               /* how long it took by the world's clock */
    struct sim_counts counts;
};

/* `sim` is zero before its first run and is used again for the next ones. Everything in *out
 * follows from the script. */
void run_script(struct sim *sim, const struct script *script, bool trace, struct run_result *out);

/* Frees what the runs, if there were any, have kept. */
void run_end(struct sim *sim);

#endif
