/* The AUTH value of a signature: RFC 7427 3, RFC 7296 3.8, RFC 4754 7. */
#ifndef IKEREF_SA_AUTH_SIGNATURE_H
#define IKEREF_SA_AUTH_SIGNATURE_H

#include "base/refusal.h"
#include "crypto/signature.h"

/* Appends the authentication data for the method of this algorithm: with method 14 the length and
 * octets of its AlgorithmIdentifier, then the signature. */
MUST_USE enum status auth_signature_build(const struct signature_key *key,
                                          const struct signature_algorithm *algorithm,
                                          struct bytes signed_octets, struct writer *w);

/* REFUSAL_NONE only when `data` is a signature by this key; *used is then its algorithm. Whether
 * the method may be used at all is the caller's to say. */
MUST_USE enum refusal auth_signature_verify(const struct signature_key *key, uint8_t method,
                                            struct bytes data, struct bytes signed_octets,
                                            const struct signature_algorithm **used);

#endif
