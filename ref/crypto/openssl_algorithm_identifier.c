/* The AlgorithmIdentifier in front of a signature, read: RFC 7427 3, RFC 4055, RFC 8420 A. */

#include "crypto/signature.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static uint16_t hash_of(int nid)
{
    switch (nid) {
    case NID_sha256:
        return HASH_SHA2_256;
    case NID_sha384:
        return HASH_SHA2_384;
    case NID_sha512:
        return HASH_SHA2_512;
    default:
        return 0;
    }
}

static const struct signature_algorithm *find(enum signature_scheme scheme, uint16_t hash)
{
    const struct signature_algorithm *a;
    for (size_t i = 0; (a = signature_algorithm_at(i)) != NULL; i++) {
        if (a->identifier.length > 0 && a->scheme == scheme && a->hash == hash) {
            return a;
        }
    }
    return NULL;
}

static const struct signature_algorithm *find_eddsa(enum key_kind key)
{
    const struct signature_algorithm *a;
    for (size_t i = 0; (a = signature_algorithm_at(i)) != NULL; i++) {
        if (a->scheme == SCHEME_EDDSA && a->key == key) {
            return a;
        }
    }
    return NULL;
}

static int nid_of(const X509_ALGOR *identifier)
{
    const ASN1_OBJECT *object;
    X509_ALGOR_get0(&object, NULL, NULL, identifier);
    return OBJ_obj2nid(object);
}

/* Absent or NULL, which mean the same (RFC 7427 3, RFC 4055 2.1). */
static bool without_parameters(const X509_ALGOR *identifier)
{
    int type;
    X509_ALGOR_get0(NULL, &type, NULL, identifier);
    return type == V_ASN1_UNDEF || type == V_ASN1_NULL;
}

/* The hash inside MGF1's AlgorithmIdentifier. */
static int mgf1_hash(const X509_ALGOR *mgf1)
{
    X509_ALGOR *hash = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR), mgf1->parameter);
    bool good = hash != NULL && nid_of(mgf1) == NID_mgf1 && without_parameters(hash);
    int nid = good ? nid_of(hash) : NID_undef;
    X509_ALGOR_free(hash);
    return nid;
}

/* The hash of PSS parameters as we know them: MGF1 with the same hash, salt of its length, trailer
 * field 1. What is left out means SHA-1 (RFC 4055 3.1), which we do not do. 0: anything else. */
static uint16_t pss_hash(const ASN1_TYPE *parameters)
{
    RSA_PSS_PARAMS *pss = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), parameters);
    uint16_t hash = 0;
    if (pss != NULL && pss->hashAlgorithm != NULL && pss->maskGenAlgorithm != NULL &&
        pss->saltLength != NULL) {
        int nid = nid_of(pss->hashAlgorithm);
        const EVP_MD *digest = EVP_get_digestbynid(nid);
        if (digest != NULL && without_parameters(pss->hashAlgorithm) &&
            mgf1_hash(pss->maskGenAlgorithm) == nid &&
            ASN1_INTEGER_get(pss->saltLength) == EVP_MD_get_size(digest) &&
            (pss->trailerField == NULL || ASN1_INTEGER_get(pss->trailerField) == 1)) {
            hash = hash_of(nid);
        }
    }
    RSA_PSS_PARAMS_free(pss);
    return hash;
}

static const struct signature_algorithm *identify(const X509_ALGOR *identifier)
{
    int type, digest, key;
    X509_ALGOR_get0(NULL, &type, NULL, identifier);
    int nid = nid_of(identifier);
    if (nid == NID_rsassaPss) {
        uint16_t hash = pss_hash(identifier->parameter);
        return hash != 0 ? find(SCHEME_RSA_PSS, hash) : NULL;
    }
    if (nid == NID_ED25519 || nid == NID_ED448) { /* never with parameters */
        return type == V_ASN1_UNDEF ? find_eddsa(nid == NID_ED25519 ? KEY_ED25519 : KEY_ED448)
                                    : NULL;
    }
    if (!without_parameters(identifier)) {
        return NULL;
    }
    if (OBJ_find_sigid_algs(nid, &digest, &key) != 1 || hash_of(digest) == 0) {
        return NULL;
    }
    switch (key) {
    case NID_rsaEncryption:
        return find(SCHEME_RSA_PKCS1, hash_of(digest));
    case NID_X9_62_id_ecPublicKey:
        return find(SCHEME_ECDSA, hash_of(digest));
    default:
        return NULL;
    }
}

const struct signature_algorithm *signature_algorithm_of_identifier(struct bytes der)
{
    const uint8_t *end = der.data;
    X509_ALGOR *identifier =
        der.length <= UINT8_MAX ? d2i_X509_ALGOR(NULL, &end, (long)der.length) : NULL;
    const struct signature_algorithm *algorithm = NULL;
    if (identifier != NULL && end == der.data + der.length) {
        algorithm = identify(identifier);
    }
    X509_ALGOR_free(identifier);
    ERR_clear_error();
    return algorithm;
}
