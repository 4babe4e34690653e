/* Changes to a chain of payloads that know where one begins: payloads are dropped, repeated, moved,
 * put in, made longer and shorter; lengths are put right afterwards, or made wrong on purpose. */
#ifndef IKEREF_FUZZ_CHAIN_EDIT_H
#define IKEREF_FUZZ_CHAIN_EDIT_H

#include "base/writer.h"
#include "fuzz/input.h"

#define CHAIN_EDIT_MAX 16000 /* octets of an edited chain */

struct chain_octets {
    uint8_t first; /* type of the first payload */
    size_t length;
    uint8_t octets[CHAIN_EDIT_MAX];
};

/* Reads the changes from `in`, as many as it says. A chain that cannot be walked, or becomes too
 * long, stays as it is. */
void chain_edit(struct chain_octets *chain, struct input *in);

#endif
