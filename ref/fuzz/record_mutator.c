/* A mutator for scripts of records (fuzz/input.h): whole operations are added, repeated, moved and
 * taken away, and the octets of one changed, so that a script stays one. It overrides libFuzzer's
 * own; targets that read records are linked with it. */

#include <string.h>

#include "fuzz/input.h"

#define RECORDS_MAX 256

struct record {
    size_t at, length; /* operation and length octet included */
};

/* libFuzzer's. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data_1, size_t size_1, const uint8_t *data_2,
                                 size_t size_2, uint8_t *out, size_t max_out, unsigned seed);

static uint32_t dice_state;

static size_t dice(size_t sides)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 17;
    dice_state ^= dice_state << 5;
    return sides == 0 ? 0 : dice_state % sides;
}

/* The first octet says how the world is set up; records follow. */
static size_t split(const uint8_t *data, size_t size, struct record *records)
{
    size_t count = 0;
    for (size_t at = 1; at < size && count < RECORDS_MAX; count++) {
        size_t length = at + 1 < size ? 2 + (size_t)data[at + 1] : 1;
        records[count] = (struct record){at, length < size - at ? length : size - at};
        at += records[count].length;
    }
    return count;
}

/* Puts `octets` at `at`; the size afterwards, unchanged when it would be too large. */
static size_t insert(uint8_t *data, size_t size, size_t max_size, size_t at, const uint8_t *octets,
                     size_t length)
{
    if (size + length > max_size) {
        return size;
    }
    memmove(data + at + length, data + at, size - at);
    memcpy(data + at, octets, length);
    return size + length;
}

static size_t drop(uint8_t *data, size_t size, const struct record *record)
{
    size_t behind = record->at + record->length;
    memmove(data + record->at, data + behind, size - behind);
    return size - record->length;
}

/* The octets of one record, by libFuzzer's own means; its length octet follows. */
static size_t change_arguments(uint8_t *data, size_t size, size_t max_size,
                               const struct record *record)
{
    uint8_t octets[2 + 255] = {data[record->at]};
    if (record->length > 2) {
        memcpy(octets + 2, data + record->at + 2, record->length - 2);
    }
    size_t old = record->length > 2 ? record->length - 2 : 0;
    size_t length = LLVMFuzzerMutate(octets + 2, old, old < 60 ? 64 : 255);
    octets[1] = (uint8_t)length;
    if (size - record->length + 2 + length > max_size) {
        return size;
    }
    size = drop(data, size, record);
    return insert(data, size, max_size, record->at, octets, 2 + length);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct record records[RECORDS_MAX];
    uint8_t copy[2 + 255];
    dice_state = seed | 1;
    size_t count = split(data, size, records);
    if (count == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    const struct record *one = &records[dice(count)];
    const struct record *other = &records[dice(count)];
    memcpy(copy, data + one->at, one->length);
    switch (dice(10)) {
    case 0: /* another world */
        data[0] ^= (uint8_t)(1U << dice(8));
        return size;
    case 1:
        return count > 1 ? drop(data, size, one) : size;
    case 2: /* once more, here or elsewhere */
        return insert(data, size, max_size, other->at, copy, one->length);
    case 3: { /* move */
        size = drop(data, size, one);
        size_t at = other->at > one->at ? other->at - one->length : other->at;
        return insert(data, size, max_size, at < size ? at : size, copy, one->length);
    }
    case 4:
        data[one->at] = (uint8_t)dice(32);
        return size;
    case 5: { /* a new one */
        uint8_t fresh[10] = {(uint8_t)dice(32), (uint8_t)dice(9)};
        for (size_t i = 2; i < sizeof fresh; i++) {
            fresh[i] = (uint8_t)dice(dice(2) == 0 ? 8 : 256);
        }
        return insert(data, size, max_size, other->at, fresh, 2 + (size_t)fresh[1]);
    }
    default:
        return change_arguments(data, size, max_size, one);
    }
}

/* The beginning of one script and the end of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data_1, size_t size_1, const uint8_t *data_2,
                                 size_t size_2, uint8_t *out, size_t max_out, unsigned seed)
{
    struct record head[RECORDS_MAX], tail[RECORDS_MAX];
    dice_state = seed | 1;
    size_t heads = split(data_1, size_1, head);
    size_t tails = split(data_2, size_2, tail);
    if (heads == 0 || tails == 0) {
        return 0;
    }
    size_t end = head[dice(heads)].at;
    size_t start = tail[dice(tails)].at;
    if (end + size_2 - start > max_out) {
        return 0;
    }
    memcpy(out, data_1, end);
    memcpy(out + end, data_2 + start, size_2 - start);
    return end + size_2 - start;
}
