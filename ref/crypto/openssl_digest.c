/* SHA-1 for NAT detection (RFC 7296 2.23), and comparison in constant time. */

#include "crypto/crypto.h"

#include <threads.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

static EVP_MD *sha1; /* fetched once; NULL when the library does not offer it */
static once_flag sha1_once = ONCE_FLAG_INIT;

static void sha1_fetch(void)
{
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
}

static bool sha1_compute(EVP_MD_CTX *context, const struct bytes *parts, size_t count, uint8_t *out)
{
    if (EVP_DigestInit_ex2(context, sha1, NULL) != 1) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (EVP_DigestUpdate(context, parts[i].data, parts[i].length) != 1) {
            return false;
        }
    }
    return EVP_DigestFinal_ex(context, out, NULL) == 1;
}

enum status digest_sha1(const struct bytes *parts, size_t count, uint8_t out[SHA1_LENGTH])
{
    call_once(&sha1_once, sha1_fetch);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (sha1 == NULL || context == NULL) {
        EVP_MD_CTX_free(context);
        return STATUS_INTERNAL;
    }
    bool computed = sha1_compute(context, parts, count, out);
    EVP_MD_CTX_free(context);
    return computed ? STATUS_OK : STATUS_INTERNAL;
}

bool crypto_equal(const void *a, const void *b, size_t length)
{
    return CRYPTO_memcmp(a, b, length) == 0;
}
