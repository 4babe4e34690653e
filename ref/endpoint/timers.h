/* What time alone brings about. */
#ifndef IKEREF_ENDPOINT_TIMERS_H
#define IKEREF_ENDPOINT_TIMERS_H

#include "sa/sa_store.h"

/* When something is due next; UINT64_MAX: never. Looks at those IKE SAs that somebody got hold of
 * since, and at no other: who is refused without having reached any costs the others nothing. */
uint64_t timers_deadline(struct sa_store *store);

/* The same of one IKE SA, as it is now. */
uint64_t timers_due(const struct ike_sa *sa);

/* Does all that is due at store->now_ns, and frees IKE SAs that are closed and past. */
void timers_expire(struct sa_store *store);

#endif
