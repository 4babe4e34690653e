/* The Encrypted payload, RFC 7296 3.14:
 *
 *    | IKE header | ... | next payload | C | length | sealed body |
 */

#include "protect/sk_message.h"

#include "protect/sealed_body.h"

size_t sk_message_length(const struct protection *protection, size_t inner_length)
{
    return IKE_HEADER_LENGTH + GENERIC_HEADER_LENGTH + sealed_body_length(protection, inner_length);
}

enum status sk_message_seal_behind(const struct protection *protection, struct protector *protector,
                                   const struct random_source *random,
                                   const struct ike_header *header, struct bytes ps, uint8_t first,
                                   struct bytes inner, struct writer *w)
{
    size_t length = GENERIC_HEADER_LENGTH + sealed_body_length(protection, inner.length);
    sealed_body_begin(header, ps, PAYLOAD_SK, w);
    writer_u8(w, first);
    writer_u8(w, 0);
    writer_u16(w, (uint16_t)length);
    return sealed_body_seal(protection, protector, random, inner, w);
}

enum status sk_message_seal(const struct protection *protection, struct protector *protector,
                            const struct random_source *random, const struct ike_header *header,
                            uint8_t first, struct bytes inner, struct writer *w)
{
    return sk_message_seal_behind(protection, protector, random, header, bytes_of(NULL, 0), first,
                                  inner, w);
}

enum status sk_message_open(const struct protection *protection, struct protector *protector,
                            struct bytes datagram, const struct payload *sk, uint8_t *plain,
                            struct bytes *inner, uint8_t *first)
{
    *first = sk->next_payload;
    return sealed_body_open(protection, protector, datagram, sk->body, plain, inner);
}
