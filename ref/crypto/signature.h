/* Signatures in AUTH: RFC 7427 and RFC 8420 with their AlgorithmIdentifier, and the older methods
 * of RFC 7296 3.8 and RFC 4754 without. Each algorithm is a const record.
 *
 * The salt of RSASSA-PSS and the secret number of ECDSA are drawn by the library itself, not from a
 * random_source: who needs the same octets twice takes RSA with PKCS#1 v1.5 or EdDSA. */
#ifndef IKEREF_CRYPTO_SIGNATURE_H
#define IKEREF_CRYPTO_SIGNATURE_H

#include "base/limits.h"
#include "base/status.h"
#include "base/writer.h"

enum key_kind {
    KEY_UNSUPPORTED,
    KEY_RSA,
    KEY_ECDSA_256,
    KEY_ECDSA_384,
    KEY_ECDSA_521,
    KEY_ED25519,
    KEY_ED448,
};

enum signature_scheme {
    SCHEME_RSA_PKCS1,   /* RSASSA-PKCS1-v1_5 */
    SCHEME_RSA_PSS,     /* MGF1 with the same hash, salt as long as the hash */
    SCHEME_ECDSA,       /* the signature is a DER ECDSA-Sig-Value */
    SCHEME_ECDSA_PLAIN, /* r and s side by side, RFC 4754 7 */
    SCHEME_EDDSA,
};

struct signature_algorithm {
    const char *name; /* "rsapss-sha256", "ecdsa-sha384", "ed25519" */
    uint8_t method;   /* enum auth_method */
    uint16_t hash;    /* enum hash_algorithm */
    enum signature_scheme scheme;
    enum key_kind key;       /* the kind of key it is for; KEY_UNSUPPORTED: any of its scheme */
    struct bytes identifier; /* the DER AlgorithmIdentifier we send (RFC 7427 3); empty: none */
};

/* A set of hash algorithms: bit n is the one with number n. */
#define HASH_BIT(hash) ((uint16_t)(1u << (hash)))

/* The n-th algorithm there is; NULL past the end. */
const struct signature_algorithm *signature_algorithm_at(size_t index);

/* What a key of this kind signs with best for a peer that takes these hashes (method 14); RSA
 * with PKCS#1 v1.5 padding only when `pkcs1`. NULL: nothing fits. */
const struct signature_algorithm *signature_algorithm_choose(enum key_kind key, uint16_t hashes,
                                                             bool pkcs1);

/* The algorithm of one of the older methods; NULL when this kind of key has none, or the method is
 * another one. */
const struct signature_algorithm *signature_algorithm_older(enum key_kind key);

/* A key of this kind can make such signatures. */
bool signature_algorithm_fits(const struct signature_algorithm *algorithm, enum key_kind key);

/* The algorithm that a DER AlgorithmIdentifier names, in any encoding that RFC 7427 3 and RFC 4055
 * 2.1 and 3.1 allow: parameters absent or NULL, the trailer field present or not. NULL: none of
 * ours, or not DER. */
const struct signature_algorithm *signature_algorithm_of_identifier(struct bytes der);

/* ---- keys ---- */

struct signature_key; /* private, or public only */

enum key_kind signature_key_kind(const struct signature_key *key);

/* Wipes and frees; NULL is fine. */
void signature_key_destroy(struct signature_key *key);

/* Appends the signature over `message`. STATUS_INTERNAL when the key does not fit or is public. */
MUST_USE enum status signature_sign(const struct signature_key *key,
                                    const struct signature_algorithm *algorithm,
                                    struct bytes message, struct writer *w);

/* False for whatever is not exactly a signature by this key over `message`. */
MUST_USE bool signature_verify(const struct signature_key *key,
                               const struct signature_algorithm *algorithm, struct bytes message,
                               struct bytes signature);

#endif
