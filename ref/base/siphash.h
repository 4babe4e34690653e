/* SipHash-2-4, a short keyed hash (Aumasson and Bernstein, 2012): for tables whose keys strangers
 * choose. Who does not know the key cannot make its entries meet in one bucket. */
#ifndef IKEREF_BASE_SIPHASH_H
#define IKEREF_BASE_SIPHASH_H

#include "base/bytes.h"

#define SIPHASH_KEY_LENGTH 16

uint64_t siphash(const uint8_t key[SIPHASH_KEY_LENGTH], struct bytes octets);

#endif
