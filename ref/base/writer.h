/* Big-endian writes into a caller's buffer. Overflow is sticky: check once, at the end. */
#ifndef IKEREF_BASE_WRITER_H
#define IKEREF_BASE_WRITER_H

#include "base/bytes.h"

struct writer {
    uint8_t *data;
    size_t capacity;
    size_t length;
    bool overflow; /* something did not fit; what was written is then useless */
};

/* An empty writer over `capacity` octets at `data`; the caller keeps the buffer alive. */
struct writer writer_over(uint8_t *data, size_t capacity);

void writer_u8(struct writer *w, uint8_t value);
void writer_u16(struct writer *w, uint16_t value);
void writer_u32(struct writer *w, uint32_t value);
void writer_u64(struct writer *w, uint64_t value);
void writer_put(struct writer *w, struct bytes octets);
void writer_zero(struct writer *w, size_t length);

/* Room for `length` octets to be filled by the caller, or NULL on overflow. */
uint8_t *writer_reserve(struct writer *w, size_t length);

/* Overwrite octets already written; out of range is our own error (assert). */
void writer_patch_u8(struct writer *w, size_t offset, uint8_t value);
void writer_patch_u16(struct writer *w, size_t offset, uint16_t value);
void writer_patch_u32(struct writer *w, size_t offset, uint32_t value);

/* What has been written so far. */
struct bytes writer_bytes(const struct writer *w);

#endif
