/* One act of a script. */
#ifndef IKEREF_SIM_ACT_H
#define IKEREF_SIM_ACT_H

#include "sim/sim.h"

/* What the act says happens now. One that means nothing now (a host is off, there is no such SA)
 * does nothing. */
void act_play(struct sim *sim, const struct act *act);

/* A host that was switched off or unplugged comes back. */
void act_come_back(struct sim *sim, struct host *host);

#endif
