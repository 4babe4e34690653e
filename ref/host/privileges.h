/* What this process may do to the machine, and what it gives up: capabilities(7), prctl(2). */
#ifndef IKEREF_HOST_PRIVILEGES_H
#define IKEREF_HOST_PRIVILEGES_H

#include "host/problem.h"
#include "host/service_user.h"

/* No core dump holds our keys, and nobody but root may look into this process. To be called before
 * the first key is read. */
void privileges_hide_memory(void);

/* Becomes that user, keeps CAP_NET_ADMIN (routes, policies, marks) and nothing else, for good: no
 * program that we start would gain more. Who was started without root stays who it is. False with a
 * problem, and then the process should end. */
bool privileges_drop(const struct service_user *user, struct problem *problem);

#endif
