/* The way of one datagram through the rooms. */
#ifndef IKEREF_ENDPOINT_CORRIDOR_H
#define IKEREF_ENDPOINT_CORRIDOR_H

#include "endpoint/endpoint.h"
#include "sa/sa_store.h"

/* One IKE datagram from header to handler; cheap checks before dear ones. */
enum status corridor_receive(struct sa_store *store, const struct datagram *datagram);

/* What has waited for this job goes on, if it still waits; the job is the caller's. */
void corridor_job_done(struct sa_store *store, struct job *job);

#endif
