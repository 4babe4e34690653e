/* The inside of SK and SKF, RFC 7296 3.14, with an AEAD as RFC 5282 says:
 *
 *    | IKE header | ... | next | C | length | (numbers of SKF) |   authenticated
 *    | IV                                                      |   with CBC authenticated as well
 *    | text | padding | pad length                             |   encrypted
 *    | ICV                                                     |
 *
 * An AEAD needs no padding; Pad Length is then zero. */

#include "protect/sealed_body.h"

#include <string.h>

#include "wire/payload_chain.h"
#include "wire/payloads.h"

size_t sealed_body_ps_length(struct bytes ps)
{
    return ps.length > 0 ? GENERIC_HEADER_LENGTH + ps.length : 0;
}

void sealed_body_begin(const struct ike_header *header, struct bytes ps, uint8_t sealed_type,
                       struct writer *w)
{
    struct ike_header outer = *header;
    outer.next_payload = ps.length > 0 ? PAYLOAD_PS : sealed_type;
    ike_header_build(w, &outer);
    if (ps.length > 0) {
        writer_u8(w, sealed_type);
        writer_u8(w, 0);
        writer_u16(w, (uint16_t)sealed_body_ps_length(ps));
        ps_payload_build(w, ps);
    }
}

static size_t padding_length(const struct protection *protection, size_t text_length)
{
    size_t block = protection_block_length(protection);
    return (block - (text_length + 1) % block) % block;
}

size_t sealed_body_length(const struct protection *protection, size_t text_length)
{
    return protection_iv_length(protection) + text_length +
           padding_length(protection, text_length) + 1 + protection_icv_length(protection);
}

bool sealed_body_room(const struct protection *protection, size_t body_max, size_t *text_length)
{
    size_t block = protection_block_length(protection);
    size_t frame = protection_iv_length(protection) + protection_icv_length(protection);
    if (body_max < frame + block) {
        return false;
    }
    *text_length = (body_max - frame) / block * block - 1; /* Pad Length takes one */
    return true;
}

enum status sealed_body_seal(const struct protection *protection, struct protector *protector,
                             const struct random_source *random, struct bytes text,
                             struct writer *w)
{
    size_t padding = padding_length(protection, text.length);
    size_t aad_length = w->length;
    uint8_t *iv = writer_reserve(w, protection_iv_length(protection));
    size_t text_offset = w->length;
    writer_put(w, text);
    writer_zero(w, padding);
    writer_u8(w, (uint8_t)padding);
    uint8_t *icv = writer_reserve(w, protection_icv_length(protection));
    if (w->overflow) {
        return STATUS_INTERNAL;
    }
    ike_header_patch_length(w);
    TRY(protector_next_iv(protector, random, iv));
    return protector_seal(protector, bytes_of(w->data, aad_length), iv, w->data + text_offset,
                          text.length + padding + 1, bytes_of(NULL, 0), icv);
}

enum status sealed_body_open(const struct protection *protection, struct protector *protector,
                             struct bytes datagram, struct bytes body, uint8_t *plain,
                             struct bytes *text)
{
    size_t icv_length = protection_icv_length(protection);
    struct bytes aad = bytes_of(datagram.data, (size_t)(body.data - datagram.data));
    struct bytes iv;
    struct bytes sealed;
    if (!bytes_take(&body, protection_iv_length(protection), &iv) || body.length <= icv_length ||
        !bytes_take(&body, body.length - icv_length, &sealed)) {
        return STATUS_DROP;
    }
    if (sealed.length % protection_block_length(protection) != 0) {
        return STATUS_DROP;
    }
    memcpy(plain, sealed.data, sealed.length);
    TRY(protector_open(protector, aad, iv.data, plain, sealed.length, bytes_of(NULL, 0),
                       body.data));
    size_t padding = plain[sealed.length - 1];
    if (padding + 1 > sealed.length) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    *text = bytes_of(plain, sealed.length - 1 - padding);
    return STATUS_OK;
}
