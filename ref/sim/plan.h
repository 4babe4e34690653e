/* From a seed to a script: what is set, who asks for what and when, and what the network does. */
#ifndef IKEREF_SIM_PLAN_H
#define IKEREF_SIM_PLAN_H

#include "sim/script.h"

/* The seed decides which plan it is: a storm (anything may happen), a calm run (nothing is lost but
 * by a NAT that rebinds), or a plain life (connect, ten rekeys, two roams, delete, 5 % loss). */
void plan_script(uint64_t seed, struct script *out);

/* One of that plan. */
void plan_script_of(uint64_t seed, enum plan plan, struct script *out);

const char *plan_name(enum plan plan);

#endif
