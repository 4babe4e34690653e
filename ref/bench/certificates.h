/* Certificates and keys of the bench, from ref/bench/certificates/. */
#ifndef IKEREF_BENCH_CERTIFICATES_H
#define IKEREF_BENCH_CERTIFICATES_H

#include "bench/bench.h"
#include "crypto/certificate.h"

#define CERTIFICATES_UTC_NS (1893456000ULL * 1000000000ULL) /* 2030-01-01 */

/* Where they are; relative to where the program is run. */
extern const char *certificates_folder;

/* `kind` is "rsa2048", "rsa3072", "ecdsa256" or "ed25519", `host` "a" or "b": a.example and
 * b.example. The caller destroys it. */
struct credential *certificates_credential(const struct bench *bench, const char *kind,
                                           const char *host);

/* Who has issued both of that kind. The caller destroys it. */
struct authorities *certificates_authorities(const struct bench *bench, const char *kind);

#endif
