/* The IVs of one AEAD key: a counter that never gives the same value twice (RFC 4106 3.1, RFC 7634
 * 2). */
#ifndef IKEREF_CRYPTO_IV_COUNTER_H
#define IKEREF_CRYPTO_IV_COUNTER_H

#include "base/bytes.h"

#define IV_COUNTER_LENGTH 8

struct iv_counter {
    uint64_t last; /* what was given last; all zeros before the first */
};

/* The next IV, from 1 on; false for ever once the counter is used up. */
MUST_USE bool iv_counter_next(struct iv_counter *counter, uint8_t iv[IV_COUNTER_LENGTH]);

#endif
