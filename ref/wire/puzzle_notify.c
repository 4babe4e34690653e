/* The data of a PUZZLE notification, RFC 8019 8.1.
 *
 *    0               1               2
 *   +---------------+---------------+---------------+
 *   |              PRF              |  difficulty   |
 *   +---------------+---------------+---------------+
 */
#include "wire/payloads.h"

enum status puzzle_notify_parse(struct bytes data, struct puzzle_notify *out)
{
    if (!bytes_take_u16(&data, &out->prf) || !bytes_take_u8(&data, &out->difficulty) ||
        data.length != 0) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return STATUS_OK;
}

void puzzle_notify_build(struct writer *w, const struct puzzle_notify *puzzle)
{
    writer_u16(w, puzzle->prf);
    writer_u8(w, puzzle->difficulty);
}
