/* IKE SAs that others have asked for and that are set up, by the IKE_SA_INIT request that made
 * them: a late copy of it is to be ignored (RFC 7296 2.1), and found at once however many there
 * are. The hash of a request has a secret key (half_open_hash): nobody can choose where it goes. */
#ifndef IKEREF_SA_REQUEST_INDEX_H
#define IKEREF_SA_REQUEST_INDEX_H

#include "base/hash_table.h"

struct request_index {
    struct hash_table table;
};

/* STATUS_INTERNAL: no memory. */
MUST_USE enum status request_index_init(struct request_index *index);
/* Frees the index, not the IKE SAs. */
void request_index_free(struct request_index *index);

/* The link of an IKE SA, or of what is left of one, that the request made. Nothing when none did
 * (0). */
void request_index_add(struct request_index *index, struct hash_link *link, uint64_t request);
/* False: it was not in. */
bool request_index_remove(struct request_index *index, struct hash_link *link);
bool request_index_has(const struct request_index *index, uint64_t request);

#endif
