/* Threads that do public-key work for the event loop (sa/job.h), so that a slow signature keeps no
 * other IKE SA waiting. They touch a job while they have it, and nothing else of the daemon. */
#ifndef IKEREF_HOST_WORKERS_H
#define IKEREF_HOST_WORKERS_H

#include <stdint.h>

#include "host/problem.h"
#include "sa/job.h"

#define WORKERS_MAX 64

struct workers;

/* As many as there are processors for this process. */
uint32_t workers_default(void);

/* They run, and have asked the kernel for all they need to begin: the system calls that are left by
 * host/seccomp_filter.h are enough from now on. NULL: see `problem`. */
struct workers *workers_start(uint32_t count, struct problem *problem);

/* Waits until none is at work. Jobs that nobody has taken are destroyed. NULL is fine. */
void workers_stop(struct workers *workers);

/* The job is theirs now; they do the oldest first. */
void workers_give(struct workers *workers, struct job *job);

/* One that is done, and the caller's again; NULL: none is. */
struct job *workers_take(struct workers *workers);

/* A file descriptor that is readable when one may be done, until workers_heard. */
int workers_fd(const struct workers *workers);
void workers_heard(struct workers *workers);

#endif
