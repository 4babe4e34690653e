/* IKE SAs that were established and have not ended, by whom they are with: the peer of the
 * configuration and the identity it has proved. Who it is that comes again is known at once,
 * however many others there are. Identities are of the peers' choosing, so the hash has a secret
 * key. */
#ifndef IKEREF_SA_IDENTITY_INDEX_H
#define IKEREF_SA_IDENTITY_INDEX_H

#include "base/hash_table.h"
#include "base/siphash.h"
#include "sa/ike_sa.h"

struct identity_index {
    uint8_t key[SIPHASH_KEY_LENGTH];
    struct hash_table table;
};

/* STATUS_INTERNAL: no memory. */
MUST_USE enum status identity_index_init(struct identity_index *index,
                                         const uint8_t key[SIPHASH_KEY_LENGTH]);
/* Frees the index, not the IKE SAs, and wipes the key. */
void identity_index_free(struct identity_index *index);

/* Under its peer_index and remote_id, which must not change while it is in. */
void identity_index_add(struct identity_index *index, struct ike_sa *sa);
/* Nothing when it is not in. */
void identity_index_remove(struct identity_index *index, struct ike_sa *sa);

/* Another IKE SA with the same, the first one after NULL, the last established first; NULL: there
 * is none any more. */
struct ike_sa *identity_index_other(const struct identity_index *index, const struct ike_sa *sa,
                                    struct ike_sa *after);

#endif
