/* The Encrypted Fragment payload around one piece of a message, RFC 7383 2.5. Each fragment is a
 * message of its own: sealed, authenticated and opened alone. */
#ifndef IKEREF_PROTECT_SKF_MESSAGE_H
#define IKEREF_PROTECT_SKF_MESSAGE_H

#include "crypto/protection.h"
#include "wire/ike_header.h"
#include "wire/payloads.h"

/* How many octets of payloads go into one fragment of at most `message_max` octets, IKE header
 * included; 0: none. */
size_t skf_message_room(const struct protection *protection, size_t message_max);

/* Writes header, SKF{piece} and ICV into `w` (empty on entry): fragment `number` of `total`.
 * `header` is the whole message's; `first` is the type of the first inner payload, and goes into
 * fragment 1 only. STATUS_INTERNAL when it does not fit. Each call draws one IV: who seals
 * fragments 1, 2, 3 ... gets IVs in that order. */
MUST_USE enum status
skf_message_seal(const struct protection *protection, struct protector *protector,
                 const struct random_source *random, const struct ike_header *header, uint8_t first,
                 uint16_t number, uint16_t total, struct bytes piece, struct writer *w);

/* The same with a PS payload before SKF, which fragment 1 alone may have (RFC 8019 7.2.2). */
MUST_USE enum status skf_message_seal_behind(const struct protection *protection,
                                             struct protector *protector,
                                             const struct random_source *random,
                                             const struct ike_header *header, struct bytes ps,
                                             uint8_t first, uint16_t number, uint16_t total,
                                             struct bytes piece, struct writer *w);

/* Verifies and decrypts the SKF payload that ends `datagram`, as sk_message_open does. `plain`: at
 * least datagram.length octets. */
MUST_USE enum status skf_message_open(const struct protection *protection,
                                      struct protector *protector, struct bytes datagram,
                                      const struct skf_payload *skf, uint8_t *plain,
                                      struct bytes *piece);

#endif
