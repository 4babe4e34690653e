/* Randomness: the library's generator, and the one function every caller draws through. */

#include "crypto/crypto.h"

#include <assert.h>
#include <limits.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

static bool system_fill(void *context, uint8_t *out, size_t length)
{
    (void)context;
    assert(length <= INT_MAX);
    /* A library that found no memory to begin with does not look for itself before it draws. */
    return OSSL_LIB_CTX_get0_global_default() != NULL && RAND_bytes(out, (int)length) == 1;
}

const struct random_source random_system = {system_fill, NULL};

enum status random_fill(const struct random_source *random, void *out, size_t length)
{
    return random->fill(random->context, out, length) ? STATUS_OK : STATUS_INTERNAL;
}
