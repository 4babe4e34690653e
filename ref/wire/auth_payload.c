/* Authentication payload, RFC 7296 3.8.
 *
 *    0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   |  auth method  |                   reserved                    |
 *   +---------------+---------------+---------------+---------------+
 *   | authentication data ...
 */
#include "wire/payloads.h"

#define RESERVED_LENGTH 3

enum status auth_payload_parse(struct bytes body, struct auth_payload *out)
{
    struct bytes reserved;
    if (!bytes_take_u8(&body, &out->method) || !bytes_take(&body, RESERVED_LENGTH, &reserved)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    /* Data of a wrong length is a wrong proof, AUTHENTICATION_FAILED, and not a wrong syntax. */
    out->data = body;
    return STATUS_OK;
}

void auth_payload_build(struct writer *w, uint8_t method, struct bytes data)
{
    writer_u8(w, method);
    writer_zero(w, RESERVED_LENGTH);
    writer_put(w, data);
}
