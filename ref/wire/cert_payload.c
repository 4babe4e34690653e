/* Certificate payload, RFC 7296 3.6: one certificate, or something like it.
 *
 *    0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   | cert encoding |  certificate data ...
 */
#include "wire/payloads.h"

/* Data that cannot be read is a bad certificate and not a wrong syntax (RFC 4945 3.3.10.2). */
enum status cert_payload_parse(struct bytes body, struct cert_payload *out)
{
    if (!bytes_take_u8(&body, &out->encoding)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->data = body;
    return STATUS_OK;
}

void cert_payload_build(struct writer *w, uint8_t encoding, struct bytes data)
{
    writer_u8(w, encoding);
    writer_put(w, data);
}
