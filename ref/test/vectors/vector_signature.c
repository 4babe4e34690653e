/* Signatures as AUTH carries them, and the AlgorithmIdentifiers in front of them. */

#include "test/vectors/vector.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "crypto/signature_key.h"
#include "sa/auth_signature.h"
#include "test/vectors/signature_draw.h"
#include "test/vectors/vector_suite.h"
#include "wire/payloads.h"

/* ---- keys ---- */

static EVP_PKEY *pkey_from_numbers(struct bytes n, struct bytes e)
{
    EVP_PKEY *pkey = NULL;
    BIGNUM *modulus = BN_bin2bn(n.data, (int)n.length, NULL);
    BIGNUM *exponent = BN_bin2bn(e.data, (int)e.length, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    if (EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        pkey = NULL;
    }
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

static EVP_PKEY *pkey_from_der(struct bytes der)
{
    const uint8_t *at = der.data;
    return der.length > 0 ? d2i_PUBKEY(NULL, &at, (long)der.length) : NULL;
}

/* The key of the test, or of its group; NULL: none that may stand in a certificate of ours. */
static struct signature_key *key_of(const struct vector *vector)
{
    struct bytes raw = octets_of(vector->test, "publicKeyRaw");
    EVP_PKEY *pkey;
    if (raw.length > 0) {
        pkey = EVP_PKEY_new_raw_public_key(raw.length == 32 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448,
                                           NULL, raw.data, raw.length);
    } else if (*text_of(vector->group, "modulus") != '\0') {
        pkey = pkey_from_numbers(octets_of(vector->group, "modulus"),
                                 octets_of(vector->group, "exponent"));
    } else {
        struct bytes der = octets_of(vector->group, "publicKeyDer");
        pkey = pkey_from_der(der.length > 0 ? der : octets_of(vector->group, "keyDer"));
    }
    struct signature_key *key = pkey != NULL ? signature_key_of(pkey) : NULL;
    if (key != NULL && signature_key_kind(key) == KEY_UNSUPPORTED) {
        signature_key_destroy(key);
        key = NULL;
    }
    return key;
}

/* ---- signatures ---- */

static uint16_t hash_of(const char *name)
{
    static const struct {
        const char *name;
        uint16_t hash;
    } names[] = {{"SHA-1", HASH_SHA1},
                 {"SHA-256", HASH_SHA2_256},
                 {"SHA-384", HASH_SHA2_384},
                 {"SHA-512", HASH_SHA2_512}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].hash;
        }
    }
    return 0;
}

static const struct signature_algorithm *algorithm_of(enum signature_scheme scheme, uint16_t hash,
                                                      enum key_kind key)
{
    const struct signature_algorithm *a;
    for (size_t i = 0; (a = signature_algorithm_at(i)) != NULL; i++) {
        if (a->scheme == scheme && a->hash == hash && signature_algorithm_fits(a, key)) {
            return a;
        }
    }
    return NULL;
}

static struct outcome verify(const struct vector *vector, enum signature_scheme scheme,
                             uint16_t hash)
{
    struct signature_key *key = key_of(vector);
    if (key == NULL) {
        return outcome_not_applicable("the reference takes no such key");
    }
    const struct signature_algorithm *a = algorithm_of(scheme, hash, signature_key_kind(key));
    bool accepted = a != NULL && signature_verify(key, a, octets_of(vector->test, "msg"),
                                                  octets_of(vector->test, "sig"));
    signature_key_destroy(key);
    return a != NULL ? outcome_of(vector, accepted)
                     : outcome_not_applicable("the reference has no such signatures");
}

static struct outcome verify_hashed(const struct vector *vector, enum signature_scheme scheme)
{
    return verify(vector, scheme, hash_of(text_of(vector->group, "sha")));
}

struct outcome ecdsa_run(const struct vector *vector)
{
    return verify_hashed(vector, SCHEME_ECDSA);
}

struct outcome ecdsa_plain_run(const struct vector *vector)
{
    return verify_hashed(vector, SCHEME_ECDSA_PLAIN);
}

/* EdDSA draws nothing: a private key makes the very signature. */
static bool eddsa_signs(const struct vector *vector, struct bytes private_key)
{
    int type = private_key.length == 32 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448;
    uint8_t octets[SIGNATURE_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(type, NULL, private_key.data, private_key.length);
    struct signature_key *key = pkey != NULL ? signature_key_of(pkey) : NULL;
    const struct signature_algorithm *a = algorithm_of(
        SCHEME_EDDSA, HASH_IDENTITY, key != NULL ? signature_key_kind(key) : KEY_UNSUPPORTED);
    bool same = a != NULL &&
                signature_sign(key, a, octets_of(vector->test, "msg"), &w) == STATUS_OK &&
                octets_differ(vector->test, "sig", writer_bytes(&w)) == NULL;
    signature_key_destroy(key);
    return same;
}

struct outcome eddsa_run(const struct vector *vector)
{
    struct bytes private_key = octets_of(vector->test, "private");
    if (private_key.length > 0 && !eddsa_signs(vector, private_key)) {
        return outcome_failed("private makes another signature");
    }
    if (*text_of(vector->test, "context") != '\0') {
        return outcome_not_applicable("RFC 8420 2 leaves the context empty");
    }
    return verify(vector, SCHEME_EDDSA, HASH_IDENTITY);
}

struct outcome rsa_pkcs1_run(const struct vector *vector)
{
    return verify_hashed(vector, SCHEME_RSA_PKCS1);
}

/* MGF1 with the same hash and a salt of its length are all that the reference does. */
struct outcome rsa_pss_run(const struct vector *vector)
{
    static const long long lengths[] = {
        [HASH_SHA2_256] = 32, [HASH_SHA2_384] = 48, [HASH_SHA2_512] = 64};
    uint16_t hash = hash_of(text_of(vector->group, "sha"));
    if (hash < HASH_SHA2_256 || hash != hash_of(text_of(vector->group, "mgfSha")) ||
        number_of(vector->group, "sLen") != lengths[hash]) {
        return outcome_not_applicable("the reference has no such parameters of PSS");
    }
    return verify(vector, SCHEME_RSA_PSS, hash);
}

/* ---- AlgorithmIdentifier ---- */

/* Those of SHA-1 and DSA are not to be taken for one of ours. */
struct outcome identifier_run(const struct vector *vector)
{
    static const char *const names[][2] = {
        {"sha256WithRSAEncryption", "rsa-sha256"},
        {"sha384WithRSAEncryption", "rsa-sha384"},
        {"sha512WithRSAEncryption", "rsa-sha512"},
        {"ecdsa-with-sha256", "ecdsa-sha256"},
        {"ecdsa-with-sha384", "ecdsa-sha384"},
        {"ecdsa-with-sha512", "ecdsa-sha512"},
        {"id-Ed25519", "ed25519"},
        {"id-Ed448", "ed448"},
    };
    const char *name = text_of(vector->test, "name");
    const char *expected = NULL;
    const struct signature_algorithm *found =
        signature_algorithm_of_identifier(octets_of(vector->test, "der"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i][0], name) == 0) {
            expected = names[i][1];
        }
    }
    if (strcmp(name, "id-RSASSA-PSS") == 0 && found != NULL) {
        expected = "rsapss-sha256";
    }
    if (expected == NULL) {
        return found == NULL ? outcome_not_applicable("the reference does not do %s", name)
                             : outcome_failed("%s is taken for %s", name, found->name);
    }
    return found != NULL && strcmp(found->name, expected) == 0
               ? outcome_passed()
               : outcome_failed("%s is not recognised", name);
}

/* ---- whole AUTH payloads of RFC 4754 ---- */

static struct signature_key *key_on(const char *curve, struct bytes public_value)
{
    /* the library's own name for this one */
    const char *name = strcmp(curve, "secp256r1") == 0 ? "prime256v1" : curve;
    EVP_PKEY *pkey = NULL;
    struct bytes point = octets_join(bytes_of("\4", 1), public_value);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point.data,
                                          point.length),
        OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    bool made = EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
    EVP_PKEY_CTX_free(context);
    return made ? signature_key_of(pkey) : NULL;
}

static bool public_belongs(const json_t *test)
{
    struct key_exchange *key =
        key_exchange_from(key_exchange_named(text_of(test, "curve")), octets_of(test, "private"));
    bool same = key != NULL && octets_differ(test, "public", key_exchange_public(key)) == NULL;
    key_exchange_destroy(key);
    return same;
}

static const char *auth_payload_differs(const json_t *test, const struct signature_key *key)
{
    struct bytes payload = octets_of(test, "payload");
    struct bytes message = octets_of(test, "msg");
    const struct signature_algorithm *used;
    struct auth_payload auth;
    uint8_t header[] = {0, 0, (uint8_t)(payload.length >> 8), (uint8_t)payload.length};
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int hash_length = 0;
    if (payload.length < 4 || memcmp(payload.data, header, sizeof header) != 0 ||
        auth_payload_parse(bytes_of(payload.data + 4, payload.length - 4), &auth) != STATUS_OK ||
        auth.method != number_of(test, "method") || octets_differ(test, "sig", auth.data) != NULL) {
        return "payload is another";
    }
    if (auth_signature_verify(key, auth.method, auth.data, message, &used) != REFUSAL_NONE) {
        return "the signature is none";
    }
    if (!signature_drew_number(signature_key_kind(key), auth.data, octets_of(test, "k"))) {
        return "k is another";
    }
    if (EVP_Digest(message.data, message.length, hash, &hash_length,
                   EVP_get_digestbyname(text_of(test, "sha")), NULL) != 1) {
        return "sha is none";
    }
    return octets_differ(test, "h", bytes_of(hash, hash_length));
}

struct outcome auth_payload_run(const struct vector *vector)
{
    struct signature_key *key =
        key_on(text_of(vector->test, "curve"), octets_of(vector->test, "public"));
    const char *reason = key == NULL                    ? "public is no key"
                         : public_belongs(vector->test) ? auth_payload_differs(vector->test, key)
                                                        : "public is not that of private";
    signature_key_destroy(key);
    return reason == NULL ? outcome_of(vector, true) : outcome_failed("%s", reason);
}
