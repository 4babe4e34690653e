/* The fuzzer's octets, read as small numbers. There is always a next number: 0 behind the end. */
#ifndef IKEREF_FUZZ_INPUT_H
#define IKEREF_FUZZ_INPUT_H

#include "base/bytes.h"

/* What every target defines, and libFuzzer and AFL++ call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    struct bytes left;
};

struct input input_of(const uint8_t *data, size_t length);
uint8_t input_u8(struct input *in);
uint16_t input_u16(struct input *in);
size_t input_below(struct input *in, size_t bound); /* one octet's worth; 0 when bound is 0 */

/* Up to `length` octets: fewer when there are no more. */
struct bytes input_take(struct input *in, size_t length);

/* ---- scripts: records of an operation, a length and that many octets ---- */

/* The next record; false at the end. A length that leads past the end is cut. */
bool input_record(struct input *in, uint8_t *operation, struct input *arguments);

/* Something that must never be: says what, and ends the program so that the fuzzer keeps the
 * input. */
_Noreturn void finding(const char *what);

#endif
