/* Many seeds, played by several processes. */
#ifndef IKEREF_SIM_CAMPAIGN_H
#define IKEREF_SIM_CAMPAIGN_H

#include "sim/plan.h"
#include "sim/run.h"

#define CAMPAIGN_FINDINGS 64 /* kept of each process */

struct campaign {
    uint64_t first_seed, seeds; /* how many */
    uint64_t seconds_max;       /* 0: no limit */
    unsigned jobs;
    bool one_plan; /* `plan` for every seed, else the seed decides */
    enum plan plan;
    bool stop_at_first;
};

struct finding {
    uint64_t seed;
    char violation[SIM_VIOLATION_MAX];
};

struct campaign_result {
    uint64_t runs, lives, broken; /* lives: runs of that plan */
    uint64_t virtual_ms, real_ms, cpu_ms;
    struct sim_counts counts;
    uint64_t digest; /* of all digests, whatever the order they came in */
    size_t finding_count;
    struct finding findings[CAMPAIGN_FINDINGS];
};

/* False: processes or their shared memory could not be made. */
MUST_USE bool campaign_run(const struct campaign *campaign, struct campaign_result *out);

/* The script of a seed in this campaign. */
void campaign_script(const struct campaign *campaign, uint64_t seed, struct script *out);

#endif
