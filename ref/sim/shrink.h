/* The shortest script that still breaks the same rule. */
#ifndef IKEREF_SIM_SHRINK_H
#define IKEREF_SIM_SHRINK_H

#include "sim/run.h"

/* Removes acts and resets settings as long as the same rule breaks. `result` is that of the script
 * as it is, and then of what is left of it. False: no process could be made. */
MUST_USE bool shrink_script(struct script *script, struct run_result *result);

/* The same rule in other words: times, numbers and SPIs do not count. */
bool shrink_same_rule(const char *a, const char *b);

#endif
