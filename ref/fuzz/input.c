/* The fuzzer's octets, read as small numbers. */

#include "fuzz/input.h"

#include <stdio.h>
#include <stdlib.h>

struct input input_of(const uint8_t *data, size_t length)
{
    return (struct input){bytes_of(data, length)};
}

uint8_t input_u8(struct input *in)
{
    uint8_t value = 0;
    return bytes_take_u8(&in->left, &value) ? value : 0;
}

uint16_t input_u16(struct input *in)
{
    uint8_t high = input_u8(in);
    return (uint16_t)(high << 8 | input_u8(in));
}

size_t input_below(struct input *in, size_t bound)
{
    size_t value = input_u8(in);
    return bound == 0 ? 0 : value % bound;
}

struct bytes input_take(struct input *in, size_t length)
{
    struct bytes out = bytes_of(NULL, 0);
    (void)!bytes_take(&in->left, length < in->left.length ? length : in->left.length, &out);
    return out;
}

bool input_record(struct input *in, uint8_t *operation, struct input *arguments)
{
    if (in->left.length == 0) {
        return false;
    }
    *operation = input_u8(in);
    arguments->left = input_take(in, input_u8(in));
    return true;
}

_Noreturn void finding(const char *what)
{
    fprintf(stderr, "finding: %s\n", what);
    abort();
}
