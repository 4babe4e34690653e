/* libcrypto held still: what it draws for itself (the salt of RSASSA-PSS, ECDSA's secret number,
 * blinding) comes from a seed here. Only a program that measures may do this. */
#ifndef IKEREF_BENCH_LIBRARY_H
#define IKEREF_BENCH_LIBRARY_H

#include <stdint.h>

/* From now on the library's generator starts from this seed. */
void library_seed(uint64_t seed);

/* "OpenSSL 3.0.17 1 Jul 2025": as it runs, not as it was built against. */
const char *library_version(void);

#endif
