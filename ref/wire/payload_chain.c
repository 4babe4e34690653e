/* The generic payload headers that link a message's payloads, RFC 7296 3.2.
 *
 *    0               1               2               3
 *   +---------------+-+-------------+---------------+---------------+
 *   | next payload  |C|  reserved   |  length, these 4 included     |
 *   +---------------+-+-------------+---------------+---------------+
 *   | body ...
 */
#include "wire/payload_chain.h"

#include <assert.h>

#define GENERIC_HEADER_LENGTH 4
#define CRITICAL 0x80

/* What RFC 7296 defines, SKF and PS. Everything else is unknown, old numbers of IKEv1 included. */
static bool is_known(uint8_t type)
{
    return (type >= PAYLOAD_SA && type <= PAYLOAD_EAP) || type == PAYLOAD_SKF || type == PAYLOAD_PS;
}

static bool ends_chain(uint8_t type)
{
    return type == PAYLOAD_SK || type == PAYLOAD_SKF;
}

/* One payload of `type` off the front of `in`. */
static enum status payload_take(uint8_t type, struct bytes *in, struct payload *out)
{
    uint8_t flags;
    uint16_t length;
    if (!bytes_take_u8(in, &out->next_payload) || !bytes_take_u8(in, &flags) ||
        !bytes_take_u16(in, &length) || length < GENERIC_HEADER_LENGTH ||
        !bytes_take(in, length - GENERIC_HEADER_LENGTH, &out->body)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->type = type;
    out->critical = (flags & CRITICAL) != 0;
    return STATUS_OK;
}

enum status payload_chain_parse(uint8_t first, struct bytes octets, struct payload_chain *out)
{
    struct bytes in = octets;
    out->count = 0;
    out->unsupported_critical = PAYLOAD_NONE;
    for (uint8_t type = first; type != PAYLOAD_NONE;) {
        struct payload payload = {.offset = octets.length - in.length};
        TRY(payload_take(type, &in, &payload));
        if (is_known(type)) {
            if (out->count == PAYLOADS_MAX) {
                return STATUS_NOTIFY(INVALID_SYNTAX);
            }
            out->items[out->count++] = payload;
        } else if (payload.critical) {
            out->unsupported_critical = type;
            return STATUS_NOTIFY(UNSUPPORTED_CRITICAL_PAYLOAD);
        }
        type = ends_chain(type) ? PAYLOAD_NONE : payload.next_payload;
    }
    return in.length == 0 ? STATUS_OK : STATUS_NOTIFY(INVALID_SYNTAX);
}

struct chain_writer chain_writer_over(struct writer *w)
{
    return (struct chain_writer){.w = w, .first = PAYLOAD_NONE};
}

void payload_begin(struct chain_writer *chain, uint8_t type)
{
    if (chain->any) {
        writer_patch_u8(chain->w, chain->previous, type);
    } else {
        chain->first = type;
        chain->any = true;
    }
    chain->current = chain->w->length;
    writer_u8(chain->w, PAYLOAD_NONE);
    writer_u8(chain->w, 0); /* never critical: the receiver knows all that we send, 2.5 */
    writer_u16(chain->w, 0);
}

void payload_end(struct chain_writer *chain)
{
    assert(chain->any);
    size_t length = chain->w->length - chain->current;
    if (length > UINT16_MAX) {
        chain->w->overflow = true;
    }
    writer_patch_u16(chain->w, chain->current + 2, (uint16_t)length);
    chain->previous = chain->current;
}
