/* The Internet checksum, RFC 1071 and RFC 1624. */
#include "esp/checksum.h"

#include <string.h>

uint16_t octets_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

void octets_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

uint32_t octets_get_u32(const uint8_t *at)
{
    return (uint32_t)octets_get_u16(at) << 16 | octets_get_u16(at + 2);
}

void octets_put_u32(uint8_t *at, uint32_t value)
{
    octets_put_u16(at, (uint16_t)(value >> 16));
    octets_put_u16(at + 2, (uint16_t)value);
}

/* Carries are folded in as we go, so the sum cannot overflow whatever the length. */
static uint32_t sum_fold(uint64_t sum)
{
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint32_t)sum;
}

uint32_t checksum_add(uint32_t sum, const uint8_t *octets, size_t length)
{
    uint64_t total = sum;
    for (; length >= 2; octets += 2, length -= 2) {
        total += octets_get_u16(octets);
    }
    if (length == 1) {
        total += (uint32_t)octets[0] << 8;
    }
    return sum_fold(total);
}

/* One's complement of 64 bits: what is carried out comes in again (RFC 1071 2 A). */
static uint64_t sum_add_u64(uint64_t sum, const uint8_t *at)
{
    uint64_t eight;
    memcpy(&eight, at, 8);
    sum += eight;
    return sum + (sum < eight);
}

/* Added up as they lie in memory, eight at a time, in four sums that need not wait for each other:
 * the sum is then the right one but for the order of its two octets (RFC 1071 2 B). */
uint32_t checksum_add_long(uint32_t sum, const uint8_t *octets, size_t length)
{
    uint64_t sums[4] = {0};
    size_t at = 0;
    for (; length - at >= 32; at += 32) {
        sums[0] = sum_add_u64(sums[0], octets + at);
        sums[1] = sum_add_u64(sums[1], octets + at + 8);
        sums[2] = sum_add_u64(sums[2], octets + at + 16);
        sums[3] = sum_add_u64(sums[3], octets + at + 24);
    }
    for (; length - at >= 8; at += 8) {
        sums[0] = sum_add_u64(sums[0], octets + at);
    }
    uint64_t total = 0;
    for (size_t i = 0; i < 4; i++) {
        total += (sums[i] & UINT32_MAX) + (sums[i] >> 32);
    }
    uint16_t as_it_lies = (uint16_t)sum_fold(total);
    uint8_t in_order[2];
    memcpy(in_order, &as_it_lies, 2);
    return checksum_add(sum + octets_get_u16(in_order), octets + at, length - at);
}

uint32_t checksum_add_pseudo(uint32_t sum, const struct address *source,
                             const struct address *destination, uint8_t protocol, size_t length)
{
    sum = checksum_add(sum, source->octets, address_length(source));
    sum = checksum_add(sum, destination->octets, address_length(destination));
    return sum_fold((uint64_t)sum + protocol + (length >> 16) + (length & 0xffff));
}

uint16_t checksum_finish(uint32_t sum)
{
    return (uint16_t)~sum_fold(sum);
}

uint16_t checksum_replace(uint16_t checksum, uint16_t before, uint16_t after)
{
    /* RFC 1624 3, equation 3: no special case for zero. */
    return checksum_finish((uint32_t)(uint16_t)~checksum + (uint16_t)~before + after);
}
