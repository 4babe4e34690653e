/* A run in a process of its own, so that one that crashes or never ends is a result like others. */
#ifndef IKEREF_SIM_ISOLATED_H
#define IKEREF_SIM_ISOLATED_H

#include "sim/run.h"

#define RUN_SECONDS_MAX 30 /* of a process that plays one script */

/* False: no process could be made. */
MUST_USE bool isolated_run(const struct script *script, bool trace, struct run_result *out);

/* "died by signal 6 (Aborted)" as a result. */
void isolated_death(int signal_number, struct run_result *out);

#endif
