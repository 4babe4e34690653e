/* base/bytes.c: reads stay inside and are all or nothing. */
#include "prove/prove.h"

void prove_bytes_take(void)
{
    uint8_t octets[SIZE];
    struct bytes before = any_octets(octets);
    struct bytes in = before;
    struct bytes untouched = {octets, any_size()};
    struct bytes out = untouched;
    size_t wanted = any_size();
    bool taken = bytes_take(&in, wanted, &out);
    assert(taken == (wanted <= before.length));
    if (taken) {
        assert(out.data == before.data && out.length == wanted);
        assert(in.data == before.data + wanted && in.length == before.length - wanted);
    } else {
        assert(in.data == before.data && in.length == before.length);
        assert(out.data == untouched.data && out.length == untouched.length);
    }
}

/* The number that `length` octets are, most significant first, said in another way. */
static uint64_t number_at(const uint8_t *at, size_t length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value |= i < length ? (uint64_t)at[i] << 8 * (length - 1 - i) : 0;
    }
    return value;
}

void prove_bytes_take_numbers(void)
{
    uint8_t octets[SIZE];
    struct bytes before = any_octets(octets);
    struct bytes in = before;
    uint8_t u8 = 1;
    uint16_t u16 = 1;
    uint32_t u32 = 1;
    uint64_t u64 = 1;
    size_t length = (size_t)1 << any_up_to(3);
    bool taken = length == 1   ? bytes_take_u8(&in, &u8)
                 : length == 2 ? bytes_take_u16(&in, &u16)
                 : length == 4 ? bytes_take_u32(&in, &u32)
                               : bytes_take_u64(&in, &u64);
    uint64_t value = length == 1 ? u8 : length == 2 ? u16 : length == 4 ? u32 : u64;
    assert(taken == (before.length >= length));
    assert(value == (taken ? number_at(before.data, length) : 1));
    assert(in.length == before.length - (taken ? length : 0));
    assert(in.data == before.data + (taken ? length : 0));
}

void prove_bytes_equal(void)
{
    uint8_t first[SIZE];
    uint8_t second[SIZE];
    struct bytes a = any_octets(first);
    struct bytes b = any_octets(second);
    bool equal = bytes_equal(a, b);
    size_t at = any_size();
    if (equal) {
        assert(a.length == b.length && (at >= a.length || a.data[at] == b.data[at]));
    }
    if (a.length != b.length || (at < a.length && a.data[at] != b.data[at])) {
        assert(!equal);
    }
}
