/* What AUTH is computed over, and its value of a shared key: RFC 7296 2.15. */
#ifndef IKEREF_SA_AUTH_H
#define IKEREF_SA_AUTH_H

#include "base/writer.h"
#include "crypto/crypto.h"

/* What a signature in AUTH is over: the sender's own first message, the other side's nonce, and
 * prf(SK_p, the sender's ID payload body). Appends it. */
#define SIGNED_OCTETS_MAX (IKE_MESSAGE_MAX + NONCE_MAX + PRF_OUTPUT_MAX)
MUST_USE enum status auth_signed_octets(const struct prf_algorithm *prf, struct bytes message,
                                        struct bytes nonce, const struct secret *sk_p,
                                        struct bytes id_body, struct writer *w);

/* prf(prf(key, "Key Pad for IKEv2"), message | nonce | prf(SK_p, id_body)): `message` is the
 * sender's own first message, `nonce` the other side's, `id_body` the sender's ID payload body.
 * Writes prf->output_length octets. */
MUST_USE enum status auth_shared_key_compute(const struct prf_algorithm *prf, struct bytes key,
                                             struct bytes message, struct bytes nonce,
                                             const struct secret *sk_p, struct bytes id_body,
                                             uint8_t *out);

/* STATUS_OK only when `auth` is that value, compared in constant time; else
 * STATUS_NOTIFY(AUTHENTICATION_FAILED). */
MUST_USE enum status auth_shared_key_verify(const struct prf_algorithm *prf, struct bytes key,
                                            struct bytes message, struct bytes nonce,
                                            const struct secret *sk_p, struct bytes id_body,
                                            struct bytes auth);

#endif
