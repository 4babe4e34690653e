/* Signing and verifying: RFC 7427, RFC 8420, RFC 4754 7. */

#include "crypto/signature.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "crypto/signature_key.h"

/* ---- keys ---- */

static enum key_kind kind_of(EVP_PKEY *pkey)
{
    char group[32];
    int bits = EVP_PKEY_get_bits(pkey);
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX ? KEY_RSA : KEY_UNSUPPORTED;
    case EVP_PKEY_ED25519:
        return KEY_ED25519;
    case EVP_PKEY_ED448:
        return KEY_ED448;
    case EVP_PKEY_EC:
        break;
    default:
        return KEY_UNSUPPORTED;
    }
    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1) {
        return KEY_UNSUPPORTED;
    }
    switch (OBJ_txt2nid(group)) {
    case NID_X9_62_prime256v1:
        return KEY_ECDSA_256;
    case NID_secp384r1:
        return KEY_ECDSA_384;
    case NID_secp521r1:
        return KEY_ECDSA_521;
    default:
        return KEY_UNSUPPORTED;
    }
}

struct signature_key *signature_key_of(EVP_PKEY *pkey)
{
    struct signature_key *key = calloc(1, sizeof(*key));
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    key->pkey = pkey;
    key->kind = kind_of(pkey);
    return key;
}

enum key_kind signature_key_kind(const struct signature_key *key)
{
    return key->kind;
}

void signature_key_destroy(struct signature_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}

/* ---- r and s side by side ---- */

/* Octets of r and of s, RFC 4754 7; 0: not for this key. */
static size_t half_length(enum key_kind kind)
{
    switch (kind) {
    case KEY_ECDSA_256:
        return 32;
    case KEY_ECDSA_384:
        return 48;
    case KEY_ECDSA_521:
        return 66;
    default:
        return 0;
    }
}

/* From DER to r | s, in place; false when it is not both. */
static bool make_plain(uint8_t *octets, size_t *length, size_t half)
{
    const uint8_t *der = octets;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)*length);
    bool good = pair != NULL &&
                BN_bn2binpad(ECDSA_SIG_get0_r(pair), octets, (int)half) == (int)half &&
                BN_bn2binpad(ECDSA_SIG_get0_s(pair), octets + half, (int)half) == (int)half;
    ECDSA_SIG_free(pair);
    *length = 2 * half;
    return good;
}

/* From r | s to DER in `out`; its length, 0 on failure. */
static size_t make_der(struct bytes plain, size_t half, uint8_t out[SIGNATURE_MAX])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    if (pair == NULL || plain.length != 2 * half) {
        ECDSA_SIG_free(pair);
        return 0;
    }
    int length = -1;
    BIGNUM *r = BN_bin2bn(plain.data, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(plain.data + half, (int)half, NULL);
    if (r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* the pair's now */
        if (i2d_ECDSA_SIG(pair, NULL) <= SIGNATURE_MAX) {
            length = i2d_ECDSA_SIG(pair, &out);
        }
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return length > 0 ? (size_t)length : 0;
}

/* ---- signing and verifying ---- */

/* NULL: none, the message is signed as it is. */
static const char *library_hash(uint16_t hash)
{
    switch (hash) {
    case HASH_SHA1:
        return "SHA1";
    case HASH_SHA2_256:
        return "SHA2-256";
    case HASH_SHA2_384:
        return "SHA2-384";
    case HASH_SHA2_512:
        return "SHA2-512";
    default:
        return NULL;
    }
}

static bool padding_set(EVP_PKEY_CTX *context, const struct signature_algorithm *algorithm)
{
    switch (algorithm->scheme) {
    case SCHEME_RSA_PKCS1:
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    case SCHEME_RSA_PSS: /* MGF1 takes the same hash unless told otherwise */
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
    default:
        return true;
    }
}

enum status signature_sign(const struct signature_key *key,
                           const struct signature_algorithm *algorithm, struct bytes message,
                           struct writer *w)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t length = sizeof(signature);
    EVP_PKEY_CTX *padding;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && signature_algorithm_fits(algorithm, key->kind) &&
                EVP_DigestSignInit_ex(context, &padding, library_hash(algorithm->hash), NULL, NULL,
                                      key->pkey, NULL) == 1 &&
                padding_set(padding, algorithm) &&
                EVP_DigestSign(context, signature, &length, message.data, message.length) == 1;
    EVP_MD_CTX_free(context);
    if (good && algorithm->scheme == SCHEME_ECDSA_PLAIN) {
        good = make_plain(signature, &length, half_length(key->kind));
    }
    ERR_clear_error();
    if (!good) {
        return STATUS_INTERNAL;
    }
    writer_put(w, bytes_of(signature, length));
    return STATUS_OK;
}

bool signature_verify(const struct signature_key *key, const struct signature_algorithm *algorithm,
                      struct bytes message, struct bytes signature)
{
    uint8_t der[SIGNATURE_MAX];
    if (!signature_algorithm_fits(algorithm, key->kind) || signature.length == 0 ||
        signature.length > SIGNATURE_MAX) {
        return false;
    }
    if (algorithm->scheme == SCHEME_ECDSA_PLAIN) {
        signature = bytes_of(der, make_der(signature, half_length(key->kind), der));
        if (signature.length == 0) {
            return false;
        }
    }
    EVP_PKEY_CTX *padding;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL &&
                EVP_DigestVerifyInit_ex(context, &padding, library_hash(algorithm->hash), NULL,
                                        NULL, key->pkey, NULL) == 1 &&
                padding_set(padding, algorithm) &&
                EVP_DigestVerify(context, signature.data, signature.length, message.data,
                                 message.length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}
