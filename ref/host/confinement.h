/* The daemon's cell: what it can still do to its machine when somebody has taken it over. */
#ifndef IKEREF_HOST_CONFINEMENT_H
#define IKEREF_HOST_CONFINEMENT_H

#include "host/host_config.h"
#include "host/problem.h"

/* First of all: nobody looks into the memory that is to hold keys. */
void confinement_begin(void);

/* When the configuration is there, and nothing is open yet. False with a problem. */
bool confinement_prepare(struct host_config *config, struct problem *problem);

/* When all is open: another user and one capability, for good. The kernel counts them by thread:
 * those to be started are to be started now. False with a problem, and then the daemon should end.
 */
bool confinement_give_up(const struct host_config *config, struct problem *problem);

/* And then few system calls, for every thread there is. The log says what was given up. */
void confinement_enter(const struct host_config *config);

#endif
