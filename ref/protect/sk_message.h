/* The Encrypted payload around a whole message, RFC 7296 3.14 and RFC 5282. */
#ifndef IKEREF_PROTECT_SK_MESSAGE_H
#define IKEREF_PROTECT_SK_MESSAGE_H

#include "crypto/protection.h"
#include "wire/ike_header.h"
#include "wire/payload_chain.h"

/* Octets of the IKE message that carries `inner_length` octets of payloads in SK. */
size_t sk_message_length(const struct protection *protection, size_t inner_length);

/* Writes header, SK{inner} and ICV into `w` (empty on entry). `header->next_payload` and length are
 * filled in here; `first` is the type of the first inner payload. STATUS_INTERNAL when it does not
 * fit. */
MUST_USE enum status sk_message_seal(const struct protection *protection,
                                     struct protector *protector,
                                     const struct random_source *random,
                                     const struct ike_header *header, uint8_t first,
                                     struct bytes inner, struct writer *w);

/* The same with a PS payload before SK, in the open but authenticated (RFC 8019 7.2.2): `ps` is its
 * body; empty: none. */
MUST_USE enum status sk_message_seal_behind(const struct protection *protection,
                                            struct protector *protector,
                                            const struct random_source *random,
                                            const struct ike_header *header, struct bytes ps,
                                            uint8_t first, struct bytes inner, struct writer *w);

/* Verifies and decrypts the SK payload that ends `datagram`. `sk` is its entry in the outer chain,
 * offset counted from the end of the IKE header. The plaintext goes into `plain` (at least
 * datagram.length octets), *inner is the view of its payloads without padding, *first their first
 * type. Not authentic, too short: STATUS_DROP. Authentic but with padding that does not fit:
 * STATUS_NOTIFY(INVALID_SYNTAX). */
MUST_USE enum status sk_message_open(const struct protection *protection,
                                     struct protector *protector, struct bytes datagram,
                                     const struct payload *sk, uint8_t *plain, struct bytes *inner,
                                     uint8_t *first);

#endif
