/* What the proofs share. A proof calls the code with arbitrary input, within the bounds that it
 * assumes, and asserts what the header promises; CBMC looks at every such input at once. A local
 * variable that is not set holds anything. docs/PROOFS.md */
#ifndef IKEREF_PROVE_PROVE_H
#define IKEREF_PROVE_PROVE_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

/* Octets of input; each proof of the table says its own. */
#ifndef SIZE
#define SIZE 32
#endif

/* CBMC's own: a function of that prefix returns anything. */
uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
size_t nondet_size(void);

static inline bool any_bool(void)
{
    return (nondet_u8() & 1) != 0;
}

static inline uint8_t any_u8(void)
{
    return nondet_u8();
}

static inline uint16_t any_u16(void)
{
    return nondet_u16();
}

static inline uint32_t any_u32(void)
{
    return nondet_u32();
}

static inline uint64_t any_u64(void)
{
    return nondet_u64();
}

static inline size_t any_size(void)
{
    return nondet_size();
}

/* Any number up to and with `max`. */
static inline size_t any_up_to(size_t max)
{
    size_t n = any_size();
    __CPROVER_assume(n <= max);
    return n;
}

/* Whatever a function that is proved elsewhere may say. */
static inline enum status any_status(void)
{
    return (enum status)any_up_to(STATUS_MAX);
}

/* Zero to SIZE arbitrary octets that end where their memory ends: who reads on is found out. */
static inline struct bytes any_octets(uint8_t octets[SIZE])
{
    size_t length = any_up_to(SIZE);
    return bytes_of(octets + SIZE - length, length);
}

/* The view shows nothing but octets of the whole. */
static inline bool lies_in(struct bytes view, struct bytes whole)
{
    return view.length == 0 || (__CPROVER_same_object(view.data, whole.data) &&
                                view.data >= whole.data && view.length <= whole.length &&
                                (size_t)(view.data - whole.data) <= whole.length - view.length);
}

/* The only error that a malformed payload may have. */
static inline bool is_ok_or_syntax(enum status status)
{
    return status == STATUS_OK || status == STATUS_NOTIFY(INVALID_SYNTAX);
}

/* `a` and `b` are the same at one arbitrary place, and so at every one. */
static inline bool same_octets(const uint8_t *a, const uint8_t *b, size_t length)
{
    size_t at = any_size();
    return at >= length || a[at] == b[at];
}

#endif
