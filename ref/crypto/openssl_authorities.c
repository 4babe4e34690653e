/* The authorities we trust, and whether a peer's certificate leads to one: RFC 5280 6, RFC 4945 5.
 */

#include "crypto/certificate.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "crypto/known_certificates.h"
#include "crypto/signature_key.h"
#include "crypto/x509.h"

#define SECURITY_LEVEL 2 /* 112 bits: RSA from 2048 bits on, and no SHA-1 */

struct authorities {
    X509_STORE *store;
    struct known_certificates *known; /* of peers */
    size_t count;
    uint8_t hashes[AUTHORITIES_MAX][SHA1_LENGTH];
    const char *error; /* why the last one could not be added */
};

struct authorities *authorities_create(void)
{
    struct authorities *authorities = calloc(1, sizeof(*authorities));
    X509_STORE *store = X509_STORE_new();
    struct known_certificates *known = known_certificates_create();
    if (authorities == NULL || store == NULL || known == NULL) {
        known_certificates_destroy(known);
        X509_STORE_free(store);
        free(authorities);
        return NULL;
    }
    authorities->store = store;
    authorities->known = known;
    return authorities;
}

void authorities_destroy(struct authorities *authorities)
{
    if (authorities != NULL) {
        X509_STORE_free(authorities->store);
        known_certificates_destroy(authorities->known);
        free(authorities);
    }
}

static enum status public_key_hash(X509 *certificate, uint8_t out[SHA1_LENGTH])
{
    uint8_t *der = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    struct bytes part = bytes_of(der, length > 0 ? (size_t)length : 0);
    enum status status = length > 0 ? digest_sha1(&part, 1, out) : STATUS_INTERNAL;
    OPENSSL_free(der);
    return status;
}

/* RFC 4945 5.1.3.9: an authority says that it is one. */
static const char *add_one(struct authorities *authorities, X509 *certificate)
{
    if (authorities->count == AUTHORITIES_MAX) {
        return "expected at most 32 authorities";
    }
    if (X509_check_ca(certificate) == 0) {
        return "expected the certificate of an authority (basic constraints with CA true, key "
               "usage with keyCertSign), not that of a peer";
    }
    if (X509_STORE_add_cert(authorities->store, certificate) != 1 ||
        public_key_hash(certificate, authorities->hashes[authorities->count]) != STATUS_OK) {
        return "expected certificates that the library accepts";
    }
    authorities->count++;
    return NULL;
}

static bool take_one(void *context, X509 *certificate)
{
    struct authorities *authorities = context;
    authorities->error = add_one(authorities, certificate);
    X509_free(certificate); /* the store has its own reference */
    return authorities->error == NULL;
}

bool authorities_add(struct authorities *authorities, struct bytes pem, const char **error)
{
    authorities->error = NULL;
    int count = x509_read_pem(pem, take_one, authorities);
    *error = authorities->error;
    if (*error == NULL && count <= 0) {
        *error = "expected one or more certificates in PEM, each from -----BEGIN CERTIFICATE----- "
                 "on";
    }
    return *error == NULL;
}

size_t authorities_count(const struct authorities *authorities)
{
    return authorities != NULL ? authorities->count : 0;
}

struct bytes authorities_hash(const struct authorities *authorities, size_t index)
{
    return bytes_of(authorities->hashes[index], SHA1_LENGTH);
}

/* ---- a peer's certificate ---- */

static enum refusal refusal_of(int error)
{
    switch (error) {
    case X509_V_OK:
        return REFUSAL_NONE;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return REFUSAL_CERTIFICATE_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return REFUSAL_CERTIFICATE_NOT_YET_VALID;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
        return REFUSAL_CERTIFICATE_UNTRUSTED;
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        return REFUSAL_CERTIFICATE_CHAIN_TOO_LONG;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return REFUSAL_CERTIFICATE_WEAK;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
        return REFUSAL_CERTIFICATE_USAGE;
    default:
        return REFUSAL_CERTIFICATE_INVALID;
    }
}

/* Those after the first may be anything, also nothing we can read (RFC 4945 3.3.10). */
static STACK_OF(X509) * others_of(const struct bytes *certificates, size_t count)
{
    STACK_OF(X509) *others = sk_X509_new_null();
    for (size_t i = 1; others != NULL && i < count; i++) {
        X509 *certificate = x509_read(certificates[i]);
        if (certificate != NULL && sk_X509_push(others, certificate) == 0) {
            X509_free(certificate);
        }
    }
    return others;
}

static enum refusal chain_verify(const struct authorities *authorities, X509 *first,
                                 STACK_OF(X509) * others, int64_t utc_s)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    enum refusal refusal = REFUSAL_CERTIFICATE_INVALID;
    if (context != NULL && X509_STORE_CTX_init(context, authorities->store, first, others) == 1) {
        X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
        X509_VERIFY_PARAM_set_time(rules, (time_t)utc_s);
        X509_VERIFY_PARAM_set_depth(rules, INTERMEDIATES_MAX);
        X509_VERIFY_PARAM_set_auth_level(rules, SECURITY_LEVEL);
        /* an authority in the middle of somebody's chain may be whom we trust (RFC 4945 3.3) */
        X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
        int verified = X509_verify_cert(context);
        int error = X509_STORE_CTX_get_error(context);
        if (verified == 1 && error == X509_V_OK) {
            refusal = REFUSAL_NONE;
        } else if (error != X509_V_OK) {
            refusal = refusal_of(error);
        }
    }
    X509_STORE_CTX_free(context);
    return refusal;
}

static enum refusal key_take(X509 *certificate, struct signature_key **out)
{
    EVP_PKEY *pkey = X509_get_pubkey(certificate);
    *out = pkey != NULL ? signature_key_of(pkey) : NULL;
    if (*out != NULL && signature_key_kind(*out) != KEY_UNSUPPORTED) {
        return REFUSAL_NONE;
    }
    signature_key_destroy(*out);
    *out = NULL;
    return REFUSAL_CERTIFICATE_KEY;
}

static enum refusal judge(const struct authorities *authorities, const struct bytes *certificates,
                          size_t count, uint8_t id_type, struct bytes id, int64_t utc_s,
                          struct peer_certificate *out)
{
    out->read = out->read != NULL ? out->read : x509_read(certificates[0]);
    if (out->read == NULL) {
        return REFUSAL_CERTIFICATE_MALFORMED;
    }
    (void)distinguished_name_format(x509_subject(out->read), out->subject);
    STACK_OF(X509) *others = others_of(certificates, count);
    enum refusal refusal = chain_verify(authorities, out->read, others, utc_s);
    sk_X509_pop_free(others, X509_free);
    if (refusal == REFUSAL_NONE && !x509_serves_ike(out->read)) {
        refusal = REFUSAL_CERTIFICATE_USAGE;
    }
    if (refusal == REFUSAL_NONE && !x509_has_identity(out->read, id_type, id)) {
        refusal = REFUSAL_CERTIFICATE_NAME;
    }
    return refusal == REFUSAL_NONE ? key_take(out->read, &out->key) : refusal;
}

void authorities_recall(const struct authorities *authorities, struct bytes certificate,
                        struct peer_certificate *out)
{
    memset(out, 0, sizeof(*out));
    out->read = known_certificates_find(authorities->known, certificate);
}

enum refusal authorities_judge(const struct authorities *authorities,
                               const struct bytes *certificates, size_t count, uint8_t id_type,
                               struct bytes id, int64_t utc_s, struct peer_certificate *out)
{
    enum refusal refusal = judge(authorities, certificates, count, id_type, id, utc_s, out);
    ERR_clear_error();
    return refusal;
}

void authorities_remember(const struct authorities *authorities, struct bytes certificate,
                          const struct peer_certificate *out)
{
    if (out->key != NULL) { /* it was believed */
        known_certificates_add(authorities->known, certificate, out->read);
    }
}

void peer_certificate_release(struct peer_certificate *certificate)
{
    X509_free(certificate->read);
    signature_key_destroy(certificate->key);
    certificate->read = NULL;
    certificate->key = NULL;
}

enum refusal authorities_verify(const struct authorities *authorities,
                                const struct bytes *certificates, size_t count, uint8_t id_type,
                                struct bytes id, int64_t utc_s, struct peer_certificate *out)
{
    if (count == 0) {
        memset(out, 0, sizeof(*out));
        return REFUSAL_CERTIFICATE_MISSING;
    }
    authorities_recall(authorities, certificates[0], out);
    enum refusal refusal =
        authorities_judge(authorities, certificates, count, id_type, id, utc_s, out);
    authorities_remember(authorities, certificates[0], out);
    X509_free(out->read);
    out->read = NULL;
    return refusal;
}
