/* Algorithms by the names the vector files use. */
#ifndef IKEREF_TEST_VECTORS_VECTOR_SUITE_H
#define IKEREF_TEST_VECTORS_VECTOR_SUITE_H

#include <jansson.h>

#include "crypto/protection.h"

/* From "encryption", "integrity" and the keys under "key" and "integrityKey"; false when the
 * reference does not have the algorithm. */
bool suite_of(const json_t *object, struct protection *out);

/* "PRF_HMAC_SHA2_256", ...; NULL when the reference does not have it. */
const struct prf_algorithm *prf_named(const char *name);

/* "curve25519", "secp256r1", "modp2048", ...; NULL when the reference does not have it. */
const struct key_exchange_algorithm *key_exchange_named(const char *name);

/* A key whose private part is drawn from these octets; NULL when nobody could have drawn them. */
struct key_exchange *key_exchange_from(const struct key_exchange_algorithm *algorithm,
                                       struct bytes private_key);

#endif
