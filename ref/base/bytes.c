/* A view of octets somebody else owns, with checked big-endian reads that fail without moving. */
#include "base/bytes.h"

#include <string.h>

struct bytes bytes_of(const void *data, size_t length)
{
    return (struct bytes){.data = data, .length = length};
}

bool bytes_take(struct bytes *in, size_t length, struct bytes *out)
{
    if (in->length < length) {
        return false;
    }
    struct bytes taken = bytes_of(in->data, length);
    if (length > 0) {
        /* An empty view may have no pointer at all, so zero octets move nothing. */
        in->data += length;
        in->length -= length;
    }
    *out = taken;
    return true;
}

/* `length` octets as one number, at most eight of them. */
static bool take_number(struct bytes *in, size_t length, uint64_t *out)
{
    struct bytes octets;
    if (!bytes_take(in, length, &octets)) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        value = value << 8 | octets.data[i];
    }
    *out = value;
    return true;
}

bool bytes_take_u8(struct bytes *in, uint8_t *out)
{
    uint64_t value;
    if (!take_number(in, 1, &value)) {
        return false;
    }
    *out = (uint8_t)value;
    return true;
}

bool bytes_take_u16(struct bytes *in, uint16_t *out)
{
    uint64_t value;
    if (!take_number(in, 2, &value)) {
        return false;
    }
    *out = (uint16_t)value;
    return true;
}

bool bytes_take_u32(struct bytes *in, uint32_t *out)
{
    uint64_t value;
    if (!take_number(in, 4, &value)) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool bytes_take_u64(struct bytes *in, uint64_t *out)
{
    return take_number(in, 8, out);
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}
