/* The cases, a file a group. docs/PERFORMANCE.md says what each of them is. */
#ifndef IKEREF_BENCH_CASES_H
#define IKEREF_BENCH_CASES_H

#include "bench/bench.h"

void message_cases(struct bench *bench);   /* message.parse|build|open|seal.MESSAGE */
void handshake_cases(struct bench *bench); /* handshake.AUTHENTICATION.KEY-EXCHANGE.ROLE */
void rekey_cases(struct bench *bench);     /* rekey.SA.ROLE, liveness.ROLE */
void fragment_cases(struct bench *bench);  /* fragments.seal|open|join|join-backwards */
void esp_cases(struct bench *bench);       /* esp.seal|open.ALGORITHMS.OCTETS */
void offload_cases(struct bench *bench);   /* esp.segment|coalesce.FLOW, esp.train.WHAT */
void lookup_cases(struct bench *bench);    /* lookup.TABLE.SIZE */
void crowd_cases(struct bench *bench);     /* crowd.WHAT.SIZE */

#endif
