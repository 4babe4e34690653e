/* A view of octets somebody else owns, with checked big-endian reads that fail without moving. */
#ifndef IKEREF_BASE_BYTES_H
#define IKEREF_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct bytes {
    const uint8_t *data;
    size_t length;
};

/* A view of `length` octets at `data`. */
struct bytes bytes_of(const void *data, size_t length);

/* Each take returns false and leaves *in and *out alone when too few octets remain. */
MUST_USE bool bytes_take_u8(struct bytes *in, uint8_t *out);
MUST_USE bool bytes_take_u16(struct bytes *in, uint16_t *out);
MUST_USE bool bytes_take_u32(struct bytes *in, uint32_t *out);
MUST_USE bool bytes_take_u64(struct bytes *in, uint64_t *out);
MUST_USE bool bytes_take(struct bytes *in, size_t length, struct bytes *out);

/* Same length and octets. Not constant time: for public values only (see crypto_equal). */
bool bytes_equal(struct bytes a, struct bytes b);

#endif
