/* HMAC (RFC 2104) with its key already absorbed: both hash states behind the padded key are kept,
 * so computing copies a state instead of hashing the key again, and allocates nothing. */
#ifndef IKEREF_CRYPTO_HMAC_H
#define IKEREF_CRYPTO_HMAC_H

#include "base/bytes.h"

#define HMAC_OUTPUT_MAX 64
#define HMAC_STATE_WORDS 27 /* 8 octets each; room for the library's largest hash state */

struct hmac_hash; /* one hash function of the library */

/* Key material: wipe when done with. Copyable. */
struct hmac {
    const struct hmac_hash *hash;
    uint64_t inner[HMAC_STATE_WORDS];
    uint64_t outer[HMAC_STATE_WORDS];
};

/* Absorb a key of any length for the hash of that library name ("SHA2-256"); false when the
 * library does not have the hash. */
MUST_USE bool hmac_init(struct hmac *hmac, const char *library_name, struct bytes key);

/* Octets of one whole output. */
size_t hmac_output_length(const struct hmac *hmac);

/* HMAC over the concatenated parts; hmac_output_length octets into `out`. May be called often. */
void hmac_compute(const struct hmac *hmac, const struct bytes *parts, size_t count, uint8_t *out);

void hmac_wipe(struct hmac *hmac);

#endif
