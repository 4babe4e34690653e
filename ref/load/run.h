/* A crowd on a network: sockets, a clock, one thread. */
#ifndef IKEREF_LOAD_RUN_H
#define IKEREF_LOAD_RUN_H

#include "host/host_config.h"
#include "host/problem.h"
#include "load/crowd.h"
#include "load/effort.h"
#include "load/options.h"

/* Until all has come to its end. True: *crowd holds what has come of it (crowd_close it), *spent
 * what it took of us until the offer was over. */
MUST_USE bool run_crowd(const struct options *options, const struct host_config *config,
                        struct crowd *crowd, struct effort *spent, struct problem *problem);

#endif
