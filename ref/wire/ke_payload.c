/* Key Exchange payload: a group and one public value of it, RFC 7296 3.4.
 *
 *    0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   |     key exchange method       |           reserved            |
 *   +---------------+---------------+---------------+---------------+
 *   | public value ...
 */
#include "wire/payloads.h"

enum status ke_payload_parse(struct bytes body, struct ke_payload *out)
{
    uint16_t reserved;
    if (!bytes_take_u16(&body, &out->group) || !bytes_take_u16(&body, &reserved) ||
        body.length == 0) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    /* Whether the value has the group's length is only known where the group is. */
    out->data = body;
    return STATUS_OK;
}

void ke_payload_build(struct writer *w, uint16_t group, struct bytes data)
{
    writer_u16(w, group);
    writer_u16(w, 0);
    writer_put(w, data);
}
