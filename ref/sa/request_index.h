/* IKE SAs that others have asked for and that are set up, by the IKE_SA_INIT request that made
 * them: a late copy of it is to be ignored (RFC 7296 2.1), and found at once however many there
 * are. */
#ifndef IKEREF_SA_REQUEST_INDEX_H
#define IKEREF_SA_REQUEST_INDEX_H

#include "sa/ike_sa.h"

#define REQUEST_BUCKETS 1024

struct request_index {
    struct ike_sa *buckets[REQUEST_BUCKETS];
};

/* Under sa->request_hash, which must not change while it is in. Nothing when no request made it. */
void request_index_add(struct request_index *index, struct ike_sa *sa);
/* Nothing when it is not in. */
void request_index_remove(struct request_index *index, struct ike_sa *sa);
bool request_index_has(const struct request_index *index, uint64_t request);

#endif
