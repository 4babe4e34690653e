/* libcrypto held still. The way to its generator is of 1.1's interface, and still the only one that
 * every draw of the library's takes. */

#define OPENSSL_SUPPRESS_DEPRECATED

#include "bench/library.h"

#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "sim/dice.h"

static struct dice dice;

static int draw(unsigned char *out, int length)
{
    struct random_source source = dice_source(&dice);
    return source.fill(source.context, out, (size_t)length);
}

static int status(void)
{
    return 1;
}

static const RAND_METHOD seeded = {.bytes = draw, .pseudorand = draw, .status = status};

void library_seed(uint64_t seed)
{
    dice = dice_of(seed, 1);
    if (RAND_set_rand_method(&seeded) != 1) {
        abort();
    }
}

const char *library_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
