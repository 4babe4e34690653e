/* Identification payloads IDi and IDr, RFC 7296 3.5.
 *
 *    0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   |    ID type    |                   reserved                    |
 *   +---------------+---------------+---------------+---------------+
 *   | identification data ...
 */
#include "wire/payloads.h"

#define RESERVED_LENGTH 3

static bool length_fits_type(uint8_t type, size_t length)
{
    switch (type) {
    case ID_IPV4_ADDR:
        return length == 4;
    case ID_IPV6_ADDR:
        return length == 16;
    default:
        return length >= 1 && length <= IDENTITY_MAX;
    }
}

enum status id_payload_parse(struct bytes body, struct id_payload *out)
{
    struct bytes in = body;
    struct bytes reserved;
    if (!bytes_take_u8(&in, &out->type) || !bytes_take(&in, RESERVED_LENGTH, &reserved) ||
        !length_fits_type(out->type, in.length)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->data = in;
    out->body = body;
    return STATUS_OK;
}

void id_payload_build(struct writer *w, uint8_t type, struct bytes data)
{
    writer_u8(w, type);
    writer_zero(w, RESERVED_LENGTH);
    writer_put(w, data);
}
