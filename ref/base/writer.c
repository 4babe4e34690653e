/* Big-endian writes into a caller's buffer. Overflow is sticky: check once, at the end. */
#include "base/writer.h"

#include <assert.h>
#include <string.h>

struct writer writer_over(uint8_t *data, size_t capacity)
{
    return (struct writer){.data = data, .capacity = capacity};
}

uint8_t *writer_reserve(struct writer *w, size_t length)
{
    if (w->overflow || w->capacity - w->length < length) {
        w->overflow = true;
        return NULL;
    }
    uint8_t *room = w->data + w->length;
    w->length += length;
    return room;
}

static void store(uint8_t *to, uint64_t value, size_t length)
{
    for (size_t i = length; i > 0; i--) {
        to[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

static void put_number(struct writer *w, uint64_t value, size_t length)
{
    uint8_t *to = writer_reserve(w, length);
    if (to != NULL) {
        store(to, value, length);
    }
}

void writer_u8(struct writer *w, uint8_t value)
{
    put_number(w, value, 1);
}

void writer_u16(struct writer *w, uint16_t value)
{
    put_number(w, value, 2);
}

void writer_u32(struct writer *w, uint32_t value)
{
    put_number(w, value, 4);
}

void writer_u64(struct writer *w, uint64_t value)
{
    put_number(w, value, 8);
}

void writer_put(struct writer *w, struct bytes octets)
{
    if (octets.length == 0) {
        return;
    }
    uint8_t *to = writer_reserve(w, octets.length);
    if (to != NULL) {
        memcpy(to, octets.data, octets.length);
    }
}

void writer_zero(struct writer *w, size_t length)
{
    if (length == 0) {
        return;
    }
    uint8_t *to = writer_reserve(w, length);
    if (to != NULL) {
        memset(to, 0, length);
    }
}

/* After an overflow the place to patch may never have been written, so patches do nothing then. */
static void patch_number(struct writer *w, size_t offset, uint64_t value, size_t length)
{
    if (w->overflow) {
        return;
    }
    assert(offset <= w->length && w->length - offset >= length);
    store(w->data + offset, value, length);
}

void writer_patch_u8(struct writer *w, size_t offset, uint8_t value)
{
    patch_number(w, offset, value, 1);
}

void writer_patch_u16(struct writer *w, size_t offset, uint16_t value)
{
    patch_number(w, offset, value, 2);
}

void writer_patch_u32(struct writer *w, size_t offset, uint32_t value)
{
    patch_number(w, offset, value, 4);
}

struct bytes writer_bytes(const struct writer *w)
{
    return bytes_of(w->data, w->length);
}
