/* A key. Keys live only here, are never formatted, and are wiped when done with. */
#ifndef IKEREF_BASE_SECRET_H
#define IKEREF_BASE_SECRET_H

#include "base/bytes.h"

#define SECRET_MAX 64 /* the longest key: HMAC-SHA2-512 */

struct secret {
    size_t length;
    uint8_t data[SECRET_MAX];
};

/* A view of the key; valid as long as the secret. */
struct bytes secret_bytes(const struct secret *secret);

/* Copy; asserts that it fits. */
void secret_set(struct secret *secret, struct bytes octets);

/* Overwrite with zeros in a way the compiler keeps. */
void secret_wipe(struct secret *secret);
void octets_wipe(void *data, size_t length);

#endif
