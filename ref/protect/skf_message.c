/* The Encrypted Fragment payload, RFC 7383 2.5:
 *
 *    | IKE header | ... | next payload | C | length | number | total | sealed body |
 *
 * The header is the whole message's but for Length and Next Payload. */

#include "protect/skf_message.h"

#include "protect/sealed_body.h"

#define FRAME_LENGTH (IKE_HEADER_LENGTH + GENERIC_HEADER_LENGTH + SKF_NUMBERS_LENGTH)

size_t skf_message_room(const struct protection *protection, size_t message_max)
{
    size_t room;
    if (message_max < FRAME_LENGTH ||
        !sealed_body_room(protection, message_max - FRAME_LENGTH, &room)) {
        return 0;
    }
    return room;
}

enum status skf_message_seal_behind(const struct protection *protection,
                                    struct protector *protector, const struct random_source *random,
                                    const struct ike_header *header, struct bytes ps, uint8_t first,
                                    uint16_t number, uint16_t total, struct bytes piece,
                                    struct writer *w)
{
    size_t length =
        GENERIC_HEADER_LENGTH + SKF_NUMBERS_LENGTH + sealed_body_length(protection, piece.length);
    sealed_body_begin(header, number == 1 ? ps : bytes_of(NULL, 0), PAYLOAD_SKF, w);
    writer_u8(w, number == 1 ? first : PAYLOAD_NONE);
    writer_u8(w, 0);
    writer_u16(w, (uint16_t)length);
    skf_payload_build(w, number, total);
    return sealed_body_seal(protection, protector, random, piece, w);
}

enum status skf_message_seal(const struct protection *protection, struct protector *protector,
                             const struct random_source *random, const struct ike_header *header,
                             uint8_t first, uint16_t number, uint16_t total, struct bytes piece,
                             struct writer *w)
{
    return skf_message_seal_behind(protection, protector, random, header, bytes_of(NULL, 0), first,
                                   number, total, piece, w);
}

enum status skf_message_open(const struct protection *protection, struct protector *protector,
                             struct bytes datagram, const struct skf_payload *skf, uint8_t *plain,
                             struct bytes *piece)
{
    return sealed_body_open(protection, protector, datagram, skf->sealed, plain, piece);
}
