/* base/writer.c: whatever is written in whatever order, nothing leaves the buffer, and an overflow
 * stays. One step from any state a writer can be in, so any number of steps. */
#include "prove/prove.h"

/* Any one write; how many octets it is about. */
static size_t write_anything(struct writer *w, struct bytes octets)
{
    switch (any_u8() % 7) {
    case 0:
        writer_u8(w, any_u8());
        return 1;
    case 1:
        writer_u16(w, any_u16());
        return 2;
    case 2:
        writer_u32(w, any_u32());
        return 4;
    case 3:
        writer_u64(w, any_u64());
        return 8;
    case 4:
        writer_put(w, octets);
        return octets.length;
    case 5:
        writer_zero(w, octets.length);
        return octets.length;
    default: {
        size_t length = any_size();
        bool had_overflow = w->overflow;
        uint8_t *room = writer_reserve(w, length);
        assert((room == NULL) == w->overflow);
        assert(room == NULL || (!had_overflow && room + length == w->data + w->length));
        return length;
    }
    }
}

void prove_writer_write(void)
{
    uint8_t around[SIZE + 2];
    uint8_t source[SIZE];
    struct writer w = writer_over(around + 1, any_up_to(SIZE));
    w.length = any_up_to(w.capacity);
    w.overflow = any_bool();
    struct writer before = w;
    size_t at = any_up_to(SIZE + 1); /* one octet of the buffer and of what is around it */
    uint8_t there = around[at];
    size_t length = write_anything(&w, any_octets(source));
    bool fits = !before.overflow && length <= before.capacity - before.length;
    assert(w.data == before.data && w.capacity == before.capacity && w.length <= w.capacity);
    assert(w.overflow == (before.overflow || (length > 0 && !fits)));
    assert(w.length == before.length + (fits ? length : 0));
    if (at < 1 + before.length || at >= 1 + w.length) {
        assert(around[at] == there);
    }
}

void prove_writer_u16(void)
{
    uint8_t octets[2];
    uint16_t value = any_u16();
    uint16_t back = 0;
    struct writer w = writer_over(octets, sizeof octets);
    writer_u16(&w, value);
    struct bytes in = writer_bytes(&w);
    assert(bytes_take_u16(&in, &back) && back == value && in.length == 0);
}

void prove_writer_u64(void)
{
    uint8_t octets[8];
    uint64_t value = any_u64();
    uint64_t back = 0;
    struct writer w = writer_over(octets, sizeof octets);
    writer_u64(&w, value);
    struct bytes in = writer_bytes(&w);
    assert(bytes_take_u64(&in, &back) && back == value && in.length == 0);
}

void prove_writer_patch(void)
{
    uint8_t octets[SIZE];
    struct writer w = writer_over(octets, SIZE);
    w.length = any_up_to(SIZE);
    w.overflow = any_bool();
    size_t length = (size_t)1 << any_up_to(2);
    size_t offset = any_size();
    __CPROVER_assume(length <= w.length && offset <= w.length - length); /* else our own error */
    size_t at = any_up_to(SIZE - 1);
    uint8_t there = octets[at];
    uint32_t value = any_u32();
    if (length == 1) {
        writer_patch_u8(&w, offset, (uint8_t)value);
    } else if (length == 2) {
        writer_patch_u16(&w, offset, (uint16_t)value);
    } else {
        writer_patch_u32(&w, offset, value);
    }
    if (w.overflow || at < offset || at >= offset + length) {
        assert(octets[at] == there);
    } else {
        assert(octets[at] == (uint8_t)(value >> 8 * (length - 1 - (at - offset))));
    }
}
