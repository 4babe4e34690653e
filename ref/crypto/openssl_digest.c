/* SHA-1 for NAT detection (RFC 7296 2.23), and comparison in constant time. The library's plain
 * hash state, as for HMAC (openssl_hmac.c): a digest context is allocated and set up each time,
 * which costs more than to hash an address. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/crypto.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

enum status digest_sha1(const struct bytes *parts, size_t count, uint8_t out[SHA1_LENGTH])
{
    SHA_CTX state;
    bool computed = SHA1_Init(&state) == 1;
    for (size_t i = 0; i < count && computed; i++) {
        computed = SHA1_Update(&state, parts[i].data, parts[i].length) == 1;
    }
    return computed && SHA1_Final(out, &state) == 1 ? STATUS_OK : STATUS_INTERNAL;
}

bool crypto_equal(const void *a, const void *b, size_t length)
{
    return CRYPTO_memcmp(a, b, length) == 0;
}
