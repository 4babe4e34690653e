/* Handshakes a second in memory, both sides on one processor, beside what the public-key operations
 * of them alone would allow: how much of the time is ours. */
#ifndef IKEREF_BENCH_RATE_H
#define IKEREF_BENCH_RATE_H

#include "bench/bench.h"

/* Every method whose name begins as wanted, for `seconds` of processor time each. Prints a line of
 * each; returns how many there were. */
unsigned rate_print(struct bench *bench, double seconds);

#endif
