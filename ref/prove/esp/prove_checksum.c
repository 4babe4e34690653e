/* esp/checksum.c: RFC 1071 and RFC 1624. */
#include "prove/prove.h"

#include "esp/checksum.h"

/* A sum of one's complement numbers, said in another way: the remainder by 2^16 - 1. */
void prove_checksum_add(void)
{
    uint8_t memory[SIZE];
    struct bytes octets = any_octets(memory);
    uint32_t start = any_u16();
    uint64_t total = start;
    for (size_t i = 0; i < octets.length; i++) {
        total += i % 2 == 0 ? (uint64_t)octets.data[i] << 8 : octets.data[i];
    }
    uint32_t sum = checksum_add(start, octets.data, octets.length);
    assert(sum <= 0xffff && sum % 0xffff == total % 0xffff && (sum == 0) == (total == 0));
}

/* A receiver that sums everything, checksum included, gets all ones before as after. */
void prove_checksum_replace(void)
{
    uint32_t rest = any_u16();
    uint16_t before = any_u16();
    uint16_t after = any_u16();
    uint16_t checksum = checksum_finish(rest + before);
    uint16_t replaced = checksum_replace(checksum, before, after);
    __CPROVER_assume(rest != 0); /* a header is never all zeros */
    assert((rest + after + replaced) % 0xffff == 0);
    assert(replaced == checksum_finish(rest + after));
}
