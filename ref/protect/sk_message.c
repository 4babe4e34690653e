/* The Encrypted payload, RFC 7296 3.14, with an AEAD as RFC 5282 says:
 *
 *    | IKE header | ... | next | C | length |      authenticated (all from the header on)
 *    | IV                                   |      with CBC authenticated as well
 *    | payloads | padding | pad length      |      encrypted
 *    | ICV                                  |
 *
 * An AEAD needs no padding; Pad Length is then zero. */

#include "protect/sk_message.h"

#include <string.h>

#define GENERIC_HEADER_LENGTH 4

enum status sk_message_seal(const struct protection *protection, struct protector *protector,
                            const struct random_source *random, const struct ike_header *header,
                            uint8_t first, struct bytes inner, struct writer *w)
{
    size_t block = protection_block_length(protection);
    size_t iv_length = protection_iv_length(protection);
    size_t icv_length = protection_icv_length(protection);
    size_t padding = (block - (inner.length + 1) % block) % block;
    size_t text_length = inner.length + padding + 1;
    struct ike_header outer = *header;
    outer.next_payload = PAYLOAD_SK;
    ike_header_build(w, &outer);
    writer_u8(w, first);
    writer_u8(w, 0);
    writer_u16(w, (uint16_t)(GENERIC_HEADER_LENGTH + iv_length + text_length + icv_length));
    struct bytes aad = writer_bytes(w);
    uint8_t *iv = writer_reserve(w, iv_length);
    size_t text_offset = w->length;
    writer_put(w, inner);
    writer_zero(w, padding);
    writer_u8(w, (uint8_t)padding);
    uint8_t *icv = writer_reserve(w, icv_length);
    if (w->overflow) {
        return STATUS_INTERNAL;
    }
    ike_header_patch_length(w);
    TRY(protector_next_iv(protector, random, iv));
    return protector_seal(protector, aad, iv, w->data + text_offset, text_length, bytes_of(NULL, 0),
                          icv);
}

enum status sk_message_open(const struct protection *protection, struct protector *protector,
                            struct bytes datagram, const struct payload *sk, uint8_t *plain,
                            struct bytes *inner, uint8_t *first)
{
    size_t iv_length = protection_iv_length(protection);
    size_t icv_length = protection_icv_length(protection);
    struct bytes body = sk->body;
    struct bytes iv;
    struct bytes text;
    if (!bytes_take(&body, iv_length, &iv) || body.length <= icv_length ||
        !bytes_take(&body, body.length - icv_length, &text)) {
        return STATUS_DROP;
    }
    if (text.length % protection_block_length(protection) != 0) {
        return STATUS_DROP;
    }
    struct bytes aad = bytes_of(datagram.data, (size_t)(sk->body.data - datagram.data));
    memcpy(plain, text.data, text.length);
    TRY(protector_open(protector, aad, iv.data, plain, text.length, bytes_of(NULL, 0), body.data));
    size_t padding = plain[text.length - 1];
    if (padding + 1 > text.length) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    *inner = bytes_of(plain, text.length - 1 - padding);
    *first = sk->next_payload;
    return STATUS_OK;
}
