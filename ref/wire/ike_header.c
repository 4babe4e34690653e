/* The IKE header that every message starts with, RFC 7296 3.1.
 *
 *    0               4               8              12              16
 *   +---------------+---------------+---------------+---------------+
 *   |            SPI initiator      |        SPI responder          |
 *   +---+---+---+---+---------------+---------------+---------------+
 *   |nxt|ver|exc|flg|  message ID   |    length     |  28 octets
 *   +---+---+---+---+---------------+---------------+
 *     ver = major << 4 | minor        flg = 0 0 R V I 0 0 0
 */
#include "wire/ike_header.h"

#include <assert.h>

#define LENGTH_OFFSET 24
#define FLAGS_KNOWN (IKE_FLAG_INITIATOR | IKE_FLAG_VERSION | IKE_FLAG_RESPONSE)

enum status ike_header_parse(struct bytes datagram, struct ike_header *out)
{
    struct bytes in = datagram;
    struct ike_header header;
    uint8_t version;
    uint8_t flags;
    if (!bytes_take_u64(&in, &header.spi_i) || !bytes_take_u64(&in, &header.spi_r) ||
        !bytes_take_u8(&in, &header.next_payload) || !bytes_take_u8(&in, &version) ||
        !bytes_take_u8(&in, &header.exchange_type) || !bytes_take_u8(&in, &flags) ||
        !bytes_take_u32(&in, &header.message_id) || !bytes_take_u32(&in, &header.length)) {
        return STATUS_DROP;
    }
    header.major_version = version >> 4;
    header.minor_version = version & 0x0f; /* read for the trace, otherwise ignored: 2.5 */
    header.flags = flags & FLAGS_KNOWN;
    if (header.length != datagram.length || header.major_version < IKE_VERSION_MAJOR) {
        return STATUS_DROP;
    }
    *out = header;
    if (header.major_version > IKE_VERSION_MAJOR) {
        return STATUS_NOTIFY(INVALID_MAJOR_VERSION);
    }
    return STATUS_OK;
}

void ike_header_build(struct writer *w, const struct ike_header *header)
{
    writer_u64(w, header->spi_i);
    writer_u64(w, header->spi_r);
    writer_u8(w, header->next_payload);
    writer_u8(w, IKE_VERSION_MAJOR << 4);
    writer_u8(w, header->exchange_type);
    /* V would claim that we speak a higher major version as well. */
    writer_u8(w, header->flags & (IKE_FLAG_INITIATOR | IKE_FLAG_RESPONSE));
    writer_u32(w, header->message_id);
    writer_u32(w, header->length);
}

void ike_header_patch_length(struct writer *w)
{
    assert(w->overflow || w->length >= IKE_HEADER_LENGTH);
    writer_patch_u32(w, LENGTH_OFFSET, (uint32_t)w->length);
}
