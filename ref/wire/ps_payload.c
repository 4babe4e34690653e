/* Puzzle Solution payload, RFC 8019 8.2: four keys of one size.
 *
 *   +---------------------------------------------------------------+
 *   | key 1 ... key 2 ... key 3 ... key 4 ...
 */
#include "wire/payloads.h"

#include <assert.h>

enum status ps_payload_parse(struct bytes body, struct ps_payload *out)
{
    if (body.length == 0 || body.length % PUZZLE_KEYS != 0) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->keys = body;
    return STATUS_OK;
}

void ps_payload_build(struct writer *w, struct bytes keys)
{
    assert(keys.length > 0 && keys.length % PUZZLE_KEYS == 0);
    writer_put(w, keys);
}
