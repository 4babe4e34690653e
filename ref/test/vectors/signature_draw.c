/* What was drawn for a signature. */

#include "test/vectors/signature_draw.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/signature_key.h"
#include "test/vectors/vector.h"
#include "test/vectors/vector_suite.h"

static const EVP_MD *digest_of(const struct signature_algorithm *a)
{
    return a->hash == HASH_SHA2_256   ? EVP_sha256()
           : a->hash == HASH_SHA2_384 ? EVP_sha384()
                                      : EVP_sha512();
}

static bool contains(struct bytes whole, struct bytes part)
{
    return part.length > 0 && memmem(whole.data, whole.length, part.data, part.length) != NULL;
}

/* r is the x coordinate of k times the base point: what is exchanged in a group is the same. */
bool signature_drew_number(enum key_kind kind, struct bytes signature, struct bytes k)
{
    const char *curve = kind == KEY_ECDSA_256   ? "secp256r1"
                        : kind == KEY_ECDSA_384 ? "secp384r1"
                                                : "secp521r1";
    struct key_exchange *point = key_exchange_from(key_exchange_named(curve), k);
    if (point == NULL) {
        return false;
    }
    struct bytes x = key_exchange_public(point);
    x.length /= 2;
    while (x.length > 0 && x.data[0] == 0) {
        x = bytes_of(x.data + 1, x.length - 1);
    }
    bool made = contains(signature, x);
    key_exchange_destroy(point);
    return made;
}

/* MGF1, RFC 8017 B.2.1, over what it is to mask. */
static bool mask_remove(const EVP_MD *md, struct bytes seed, uint8_t *masked, size_t length)
{
    uint8_t block[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    for (size_t at = 0; at < length; at++) {
        if (size == 0 || at % size == 0) {
            uint8_t counter[4] = {0, 0, 0, size == 0 ? 0 : (uint8_t)(at / size)};
            struct bytes input = octets_join(seed, bytes_of(counter, sizeof counter));
            if (EVP_Digest(input.data, input.length, block, &size, md, NULL) != 1) {
                return false;
            }
        }
        masked[at] ^= block[at % size];
    }
    return true;
}

/* EMSA-PSS, RFC 8017 9.1.2: the salt ends DB, and DB lies under a mask made of the hash H. */
bool signature_drew_salt(const struct signature_key *key,
                         const struct signature_algorithm *algorithm, struct bytes signature,
                         struct bytes salt)
{
    const EVP_MD *md = digest_of(algorithm);
    uint8_t *em = octets_new(SIGNATURE_MAX);
    size_t length = SIGNATURE_MAX;
    size_t hash = (size_t)EVP_MD_get_size(md);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);
    bool read =
        EVP_PKEY_verify_recover_init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1 &&
        EVP_PKEY_verify_recover(context, em, &length, signature.data, signature.length) == 1;
    EVP_PKEY_CTX_free(context);
    if (!read || salt.length != hash || length < 2 * hash + 2) {
        return false;
    }
    size_t db = length - hash - 1;
    if (!mask_remove(md, bytes_of(em + db, hash), em, db)) {
        return false;
    }
    return bytes_equal(bytes_of(em + db - hash, hash), salt);
}
