/* What was drawn for a signature: the secret number of ECDSA, the salt of RSASSA-PSS. */
#ifndef IKEREF_TEST_VECTORS_SIGNATURE_DRAW_H
#define IKEREF_TEST_VECTORS_SIGNATURE_DRAW_H

#include "crypto/signature.h"

/* r in the signature comes from this number. */
bool signature_drew_number(enum key_kind kind, struct bytes signature, struct bytes k);

/* The salt in the signature is this one, and as long as the hash. */
bool signature_drew_salt(const struct signature_key *key,
                         const struct signature_algorithm *algorithm, struct bytes signature,
                         struct bytes salt);

#endif
