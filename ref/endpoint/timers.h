/* What time alone brings about. */
#ifndef IKEREF_ENDPOINT_TIMERS_H
#define IKEREF_ENDPOINT_TIMERS_H

#include "sa/sa_store.h"

/* When something is due next; UINT64_MAX: never. */
uint64_t timers_deadline(const struct sa_store *store);

/* Does all that is due at store->now_ns, and frees IKE SAs that are closed and past. */
void timers_expire(struct sa_store *store);

#endif
