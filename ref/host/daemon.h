/* The daemon: the core, its data plane and the clients, held together by one loop. */
#ifndef IKEREF_HOST_DAEMON_H
#define IKEREF_HOST_DAEMON_H

#include "host/host_config.h"
#include "host/problem.h"

/* Runs until it is told to stop; false with a problem when it could not start. Nothing is left
 * behind. */
bool daemon_run(const struct host_config *config, struct problem *problem);

/* Removes what an earlier instance that was killed left behind; *count of things. False with a
 * problem: a living daemon uses them. */
bool daemon_cleanup(const struct host_config *config, size_t *count, struct problem *problem);

#endif
