/* The records of all signature algorithms, and which of them to use. */

#include "crypto/signature.h"

/* ---- AlgorithmIdentifier ---- */

#define PKCS_1                                                                                     \
    "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" /* 1.2.840.113549.1.1., one more octet              \
                                                */
#define PARAMETERS_NULL "\x05\x00"

/* RFC 7427 A.1, RFC 4055 5 */
static const uint8_t rsa_sha256[] = "\x30\x0d" PKCS_1 "\x0b" PARAMETERS_NULL;
static const uint8_t rsa_sha384[] = "\x30\x0d" PKCS_1 "\x0c" PARAMETERS_NULL;
static const uint8_t rsa_sha512[] = "\x30\x0d" PKCS_1 "\x0d" PARAMETERS_NULL;

/* RSASSA-PSS with hash [0], MGF1 with the same hash [1], length of the salt [2]: RFC 4055 3.1. A
 * trailer field [3] of 1 must be left out there, though RFC 7427 A.4.3 shows one. */
#define SHA2 "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" /* one more octet, NULL */
#define PSS "\x30\x41" PKCS_1 "\x0a\x30\x34\xa0\x0f" SHA2
#define PSS_MGF1 PARAMETERS_NULL "\xa1\x1c\x30\x1a" PKCS_1 "\x08" SHA2
#define PSS_SALT PARAMETERS_NULL "\xa2\x03\x02\x01"
static const uint8_t rsapss_sha256[] = PSS "\x01" PSS_MGF1 "\x01" PSS_SALT "\x20";
static const uint8_t rsapss_sha384[] = PSS "\x02" PSS_MGF1 "\x02" PSS_SALT "\x30";
static const uint8_t rsapss_sha512[] = PSS "\x03" PSS_MGF1 "\x03" PSS_SALT "\x40";

/* RFC 7427 A.3: no parameters */
#define ECDSA_SHA2 "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03"
static const uint8_t ecdsa_sha256[] = ECDSA_SHA2 "\x02";
static const uint8_t ecdsa_sha384[] = ECDSA_SHA2 "\x03";
static const uint8_t ecdsa_sha512[] = ECDSA_SHA2 "\x04";

/* RFC 8420 A: no parameters */
static const uint8_t ed25519[] = "\x30\x05\x06\x03\x2b\x65\x70";
static const uint8_t ed448[] = "\x30\x05\x06\x03\x2b\x65\x71";

/* ---- the records ---- */

#define NEW AUTH_METHOD_DIGITAL_SIGNATURE
#define ANY_CURVE KEY_UNSUPPORTED

/* Where several fit, the first is taken; of RSA, PSS goes before PKCS#1 (RFC 8247 3.2). */
static const struct signature_algorithm algorithms[] = {
    {"rsapss-sha256", NEW, HASH_SHA2_256, SCHEME_RSA_PSS, KEY_RSA, {rsapss_sha256, 67}},
    {"rsapss-sha512", NEW, HASH_SHA2_512, SCHEME_RSA_PSS, KEY_RSA, {rsapss_sha512, 67}},
    {"rsapss-sha384", NEW, HASH_SHA2_384, SCHEME_RSA_PSS, KEY_RSA, {rsapss_sha384, 67}},
    {"rsa-sha256", NEW, HASH_SHA2_256, SCHEME_RSA_PKCS1, KEY_RSA, {rsa_sha256, 15}},
    {"rsa-sha512", NEW, HASH_SHA2_512, SCHEME_RSA_PKCS1, KEY_RSA, {rsa_sha512, 15}},
    {"rsa-sha384", NEW, HASH_SHA2_384, SCHEME_RSA_PKCS1, KEY_RSA, {rsa_sha384, 15}},
    {"ecdsa-sha256", NEW, HASH_SHA2_256, SCHEME_ECDSA, ANY_CURVE, {ecdsa_sha256, 12}},
    {"ecdsa-sha384", NEW, HASH_SHA2_384, SCHEME_ECDSA, ANY_CURVE, {ecdsa_sha384, 12}},
    {"ecdsa-sha512", NEW, HASH_SHA2_512, SCHEME_ECDSA, ANY_CURVE, {ecdsa_sha512, 12}},
    {"ed25519", NEW, HASH_IDENTITY, SCHEME_EDDSA, KEY_ED25519, {ed25519, 7}},
    {"ed448", NEW, HASH_IDENTITY, SCHEME_EDDSA, KEY_ED448, {ed448, 7}},
    /* the older methods */
    {"rsa-sha1", AUTH_METHOD_RSA, HASH_SHA1, SCHEME_RSA_PKCS1, KEY_RSA, {NULL, 0}},
    {"ecdsa256-sha256",
     AUTH_METHOD_ECDSA_256,
     HASH_SHA2_256,
     SCHEME_ECDSA_PLAIN,
     KEY_ECDSA_256,
     {NULL, 0}},
    {"ecdsa384-sha384",
     AUTH_METHOD_ECDSA_384,
     HASH_SHA2_384,
     SCHEME_ECDSA_PLAIN,
     KEY_ECDSA_384,
     {NULL, 0}},
    {"ecdsa521-sha512",
     AUTH_METHOD_ECDSA_521,
     HASH_SHA2_512,
     SCHEME_ECDSA_PLAIN,
     KEY_ECDSA_521,
     {NULL, 0}},
};

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

const struct signature_algorithm *signature_algorithm_at(size_t index)
{
    return index < ALGORITHMS ? &algorithms[index] : NULL;
}

bool signature_algorithm_fits(const struct signature_algorithm *algorithm, enum key_kind key)
{
    if (algorithm->key != ANY_CURVE) {
        return algorithm->key == key;
    }
    return key == KEY_ECDSA_256 || key == KEY_ECDSA_384 || key == KEY_ECDSA_521;
}

/* The hash that is as strong as the curve; with RSA and EdDSA there is nothing to match. */
static uint16_t hash_of_curve(enum key_kind key)
{
    switch (key) {
    case KEY_ECDSA_256:
        return HASH_SHA2_256;
    case KEY_ECDSA_384:
        return HASH_SHA2_384;
    case KEY_ECDSA_521:
        return HASH_SHA2_512;
    default:
        return 0;
    }
}

const struct signature_algorithm *signature_algorithm_choose(enum key_kind key, uint16_t hashes,
                                                             bool pkcs1)
{
    const struct signature_algorithm *chosen = NULL;
    for (size_t i = 0; i < ALGORITHMS; i++) {
        const struct signature_algorithm *a = &algorithms[i];
        bool wanted = a->scheme != (pkcs1 ? SCHEME_RSA_PSS : SCHEME_RSA_PKCS1);
        if (a->method != NEW || !wanted || (HASH_BIT(a->hash) & hashes) == 0 ||
            !signature_algorithm_fits(a, key)) {
            continue;
        }
        if (chosen == NULL || a->hash == hash_of_curve(key)) {
            chosen = a;
        }
    }
    return chosen;
}

const struct signature_algorithm *signature_algorithm_older(enum key_kind key)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (algorithms[i].method != NEW && algorithms[i].key == key) {
            return &algorithms[i];
        }
    }
    return NULL;
}
