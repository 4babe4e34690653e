/* HMAC over the library's SHA-1 and SHA-2. The library's own EVP HMAC allocates twice for every
 * message (its digest contexts are duplicated, OpenSSL 3.0), which a packet path must not do. Its
 * plain hash states are values that can be copied, so HMAC is composed of them here; they are
 * marked deprecated, but nothing else in the library hashes without the heap. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hmac.h"

#include <assert.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/secret.h"

#define BLOCK_MAX SHA512_CBLOCK
#define BLOCK_WORDS (BLOCK_MAX / sizeof(uint64_t)) /* a key is padded eight octets at a time */

/* RFC 2104 2 */
#define IPAD UINT64_C(0x3636363636363636)
#define OPAD UINT64_C(0x5c5c5c5c5c5c5c5c)

union hash_state {
    SHA_CTX sha1;
    SHA256_CTX sha256;
    SHA512_CTX sha512; /* SHA-384 too */
};

_Static_assert(sizeof(union hash_state) <= HMAC_STATE_WORDS * sizeof(uint64_t),
               "struct hmac has no room for a hash state");
_Static_assert(SHA512_DIGEST_LENGTH <= HMAC_OUTPUT_MAX, "HMAC_OUTPUT_MAX is too small");

struct hmac_hash {
    const char *library_name;
    size_t block_length;
    size_t output_length;
    void (*start)(union hash_state *);
    void (*update)(union hash_state *, const void *, size_t);
    void (*finish)(union hash_state *, uint8_t *);
};

/* The library's hash functions report success only; there is nothing to pass on. */

static void sha1_start(union hash_state *state)
{
    SHA1_Init(&state->sha1);
}

static void sha1_update(union hash_state *state, const void *data, size_t length)
{
    SHA1_Update(&state->sha1, data, length);
}

static void sha1_finish(union hash_state *state, uint8_t *out)
{
    SHA1_Final(out, &state->sha1);
}

static void sha256_start(union hash_state *state)
{
    SHA256_Init(&state->sha256);
}

static void sha256_update(union hash_state *state, const void *data, size_t length)
{
    SHA256_Update(&state->sha256, data, length);
}

static void sha256_finish(union hash_state *state, uint8_t *out)
{
    SHA256_Final(out, &state->sha256);
}

static void sha384_start(union hash_state *state)
{
    SHA384_Init(&state->sha512);
}

static void sha384_finish(union hash_state *state, uint8_t *out)
{
    SHA384_Final(out, &state->sha512);
}

static void sha512_start(union hash_state *state)
{
    SHA512_Init(&state->sha512);
}

static void sha512_update(union hash_state *state, const void *data, size_t length)
{
    SHA512_Update(&state->sha512, data, length);
}

static void sha512_finish(union hash_state *state, uint8_t *out)
{
    SHA512_Final(out, &state->sha512);
}

static const struct hmac_hash hashes[] = {
    {"SHA1", SHA_CBLOCK, SHA_DIGEST_LENGTH, sha1_start, sha1_update, sha1_finish},
    {"SHA2-256", SHA256_CBLOCK, SHA256_DIGEST_LENGTH, sha256_start, sha256_update, sha256_finish},
    {"SHA2-384", SHA512_CBLOCK, SHA384_DIGEST_LENGTH, sha384_start, sha512_update, sha384_finish},
    {"SHA2-512", SHA512_CBLOCK, SHA512_DIGEST_LENGTH, sha512_start, sha512_update, sha512_finish},
};

static const struct hmac_hash *hash_find(const char *library_name)
{
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (strcmp(hashes[i].library_name, library_name) == 0) {
            return &hashes[i];
        }
    }
    return NULL;
}

/* The state after one block of key xor `pad`. */
static void absorb(const struct hmac_hash *hash, const uint64_t key_block[BLOCK_WORDS],
                   uint64_t pad, uint64_t *out)
{
    uint64_t block[BLOCK_WORDS];
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        block[i] = key_block[i] ^ pad;
    }
    union hash_state state;
    memset(&state, 0, sizeof(state));
    hash->start(&state);
    hash->update(&state, block, hash->block_length);
    memcpy(out, &state, sizeof(state));
    octets_wipe(&state, sizeof(state));
    octets_wipe(block, sizeof(block));
}

bool hmac_init(struct hmac *hmac, const char *library_name, struct bytes key)
{
    const struct hmac_hash *hash = hash_find(library_name);
    if (hash == NULL) {
        return false;
    }
    uint64_t key_block[BLOCK_WORDS] = {0};
    if (key.length > hash->block_length) { /* RFC 2104 2: a longer key is hashed first */
        union hash_state state;
        hash->start(&state);
        hash->update(&state, key.data, key.length);
        hash->finish(&state, (uint8_t *)key_block);
        octets_wipe(&state, sizeof(state));
    } else if (key.length > 0) {
        memcpy(key_block, key.data, key.length);
    }
    hmac->hash = hash;
    absorb(hash, key_block, IPAD, hmac->inner);
    absorb(hash, key_block, OPAD, hmac->outer);
    octets_wipe(key_block, sizeof(key_block));
    return true;
}

size_t hmac_output_length(const struct hmac *hmac)
{
    return hmac->hash->output_length;
}

void hmac_compute(const struct hmac *hmac, const struct bytes *parts, size_t count, uint8_t *out)
{
    assert(hmac->hash != NULL);
    const struct hmac_hash *hash = hmac->hash;
    union hash_state state;
    uint8_t inner_output[HMAC_OUTPUT_MAX];

    memcpy(&state, hmac->inner, sizeof(state));
    for (size_t i = 0; i < count; i++) {
        if (parts[i].length > 0) {
            hash->update(&state, parts[i].data, parts[i].length);
        }
    }
    hash->finish(&state, inner_output);

    memcpy(&state, hmac->outer, sizeof(state));
    hash->update(&state, inner_output, hash->output_length);
    hash->finish(&state, out);
    octets_wipe(&state, sizeof(state));
    octets_wipe(inner_output, sizeof(inner_output));
}

void hmac_wipe(struct hmac *hmac)
{
    octets_wipe(hmac, sizeof(*hmac));
}
