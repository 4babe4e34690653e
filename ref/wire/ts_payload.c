/* Traffic Selector payloads TSi and TSr, RFC 7296 3.13 and 3.13.1.
 *
 *    0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   | number of TSs |                   reserved                    |
 *   +---------------+---------------+---------------+---------------+
 *   | traffic selectors, each:
 *   +---------------+---------------+---------------+---------------+
 *   |    TS type    |  IP protocol  |   length, these 8 included    |
 *   +---------------+---------------+---------------+---------------+
 *   |          start port           |           end port            |
 *   +---------------+---------------+---------------+---------------+
 *   | starting address, 4 or 16 octets, then ending address, as many
 */
#include "wire/payloads.h"

#include <assert.h>

#define RESERVED_LENGTH 3
#define SELECTOR_HEADER_LENGTH 4 /* type, protocol, length: all that an unknown type must have */
#define PORT_MAX 65535

static size_t address_length_of(uint8_t ts_type)
{
    switch (ts_type) {
    case TS_IPV4_ADDR_RANGE:
        return 4;
    case TS_IPV6_ADDR_RANGE:
        return 16;
    default:
        return 0;
    }
}

/* Start above end is only right as the mark of OPAQUE. */
static bool ports_are_right(const struct traffic_selector *s)
{
    return s->port_start <= s->port_end || (s->port_start == PORT_MAX && s->port_end == 0);
}

/* What follows the first four octets of a selector of a known type. */
static enum status range_parse(struct bytes in, size_t address_size, struct traffic_selector *out)
{
    struct bytes start;
    struct bytes end;
    if (!bytes_take_u16(&in, &out->port_start) || !bytes_take_u16(&in, &out->port_end) ||
        !bytes_take(&in, address_size, &start) || !bytes_take(&in, address_size, &end) ||
        in.length != 0 || !ports_are_right(out)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->start = address_from(start);
    out->end = address_from(end);
    if (address_compare(&out->start, &out->end) > 0) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return STATUS_OK;
}

/* One selector off the front of `in`, appended to the list when we know its type and have room. */
static enum status selector_take(struct bytes *in, struct selector_list *out)
{
    struct traffic_selector selector;
    uint8_t type;
    uint16_t length;
    struct bytes inside;
    if (!bytes_take_u8(in, &type) || !bytes_take_u8(in, &selector.protocol) ||
        !bytes_take_u16(in, &length) || length < SELECTOR_HEADER_LENGTH ||
        !bytes_take(in, length - SELECTOR_HEADER_LENGTH, &inside)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    size_t address_size = address_length_of(type);
    if (address_size == 0) {
        return STATUS_OK;
    }
    TRY(range_parse(inside, address_size, &selector));
    if (out->count < SELECTORS_MAX) {
        out->items[out->count++] = selector;
    }
    return STATUS_OK;
}

enum status ts_payload_parse(struct bytes body, struct selector_list *out)
{
    uint8_t count;
    struct bytes reserved;
    out->count = 0;
    if (!bytes_take_u8(&body, &count) || !bytes_take(&body, RESERVED_LENGTH, &reserved) ||
        count == 0) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    for (size_t i = 0; i < count; i++) {
        TRY(selector_take(&body, out));
    }
    return body.length == 0 ? STATUS_OK : STATUS_NOTIFY(INVALID_SYNTAX);
}

static void selector_build(struct writer *w, const struct traffic_selector *s)
{
    assert(s->start.family == s->end.family && s->start.family != ADDRESS_NONE);
    size_t length = 2 * SELECTOR_HEADER_LENGTH + 2 * address_length(&s->start);
    writer_u8(w, s->start.family == ADDRESS_V4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
    writer_u8(w, s->protocol);
    writer_u16(w, (uint16_t)length);
    writer_u16(w, s->port_start);
    writer_u16(w, s->port_end);
    writer_put(w, address_bytes(&s->start));
    writer_put(w, address_bytes(&s->end));
}

void ts_payload_build(struct writer *w, const struct selector_list *list)
{
    assert(list->count > 0 && list->count <= SELECTORS_MAX);
    writer_u8(w, (uint8_t)list->count);
    writer_zero(w, RESERVED_LENGTH);
    for (size_t i = 0; i < list->count; i++) {
        selector_build(w, &list->items[i]);
    }
}
