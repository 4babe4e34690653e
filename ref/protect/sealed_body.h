/* What SK and SKF have in common: IV, ciphertext and ICV, RFC 7296 3.14 and RFC 7383 2.5. */
#ifndef IKEREF_PROTECT_SEALED_BODY_H
#define IKEREF_PROTECT_SEALED_BODY_H

#include "base/writer.h"
#include "crypto/protection.h"
#include "wire/ike_header.h"

#define GENERIC_HEADER_LENGTH 4

/* Octets of IV, padded and encrypted text, and ICV around `text_length` octets. */
size_t sealed_body_length(const struct protection *protection, size_t text_length);

/* The longest text whose sealed body has at most `body_max` octets; false when there is none. */
MUST_USE bool sealed_body_room(const struct protection *protection, size_t body_max,
                               size_t *text_length);

/* Octets of a PS payload with these keys in front of SK or SKF, in the open; 0: there are none. */
size_t sealed_body_ps_length(struct bytes ps);
/* Writes the IKE header for a message whose sealed payload is of this type, and PS if there is one
 * (RFC 8019 7.2.2). */
void sealed_body_begin(const struct ike_header *header, struct bytes ps, uint8_t sealed_type,
                       struct writer *w);

/* Appends the sealed text to a writer that holds the message so far, all of which is authenticated.
 * The IV is the next one of `protector`, drawn when everything fits. STATUS_INTERNAL when it does
 * not; the IKE header's Length is set on the way. */
MUST_USE enum status sealed_body_seal(const struct protection *protection,
                                      struct protector *protector,
                                      const struct random_source *random, struct bytes text,
                                      struct writer *w);

/* Verifies and decrypts `body`, which ends `datagram`; everything before it is authenticated too.
 * The plaintext goes into `plain` (at least body.length octets), *text is the view of it without
 * padding. Not authentic, too short: STATUS_DROP. Authentic but with padding that does not fit:
 * STATUS_NOTIFY(INVALID_SYNTAX). */
MUST_USE enum status sealed_body_open(const struct protection *protection,
                                      struct protector *protector, struct bytes datagram,
                                      struct bytes body, uint8_t *plain, struct bytes *text);

#endif
