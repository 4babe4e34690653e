/* A pair of protectors of one suite, and randomness that counts. */
#ifndef IKEREF_TEST_PROTECT_SEAL_LAB_H
#define IKEREF_TEST_PROTECT_SEAL_LAB_H

#include "crypto/protection.h"

struct seal_lab {
    struct protection protection;
    struct protector *seal, *open;
};

/* {cipher, key bits, integrity} of an AEAD of each kind and of CBC with a short and a long MAC. */
#define SEAL_LAB_SUITES 4
extern const uint16_t seal_lab_suites[SEAL_LAB_SUITES][3];

extern const struct random_source seal_lab_random; /* 0, 1, 2, ... */

void seal_lab_begin(struct seal_lab *lab, const uint16_t suite[3]);
void seal_lab_end(struct seal_lab *lab);

#endif
