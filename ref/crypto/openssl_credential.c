/* Our own certificate and its private key. */

#include "crypto/certificate.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/signature_key.h"
#include "crypto/x509.h"

#define CERTIFICATES_MAX (1 + INTERMEDIATES_MAX)

struct credential {
    size_t count;
    X509 *certificates[CERTIFICATES_MAX];
    struct bytes der[CERTIFICATES_MAX]; /* owned */
    struct signature_key *key;
    bool too_many;
};

struct credential *credential_create(void)
{
    return calloc(1, sizeof(struct credential));
}

void credential_destroy(struct credential *credential)
{
    if (credential == NULL) {
        return;
    }
    for (size_t i = 0; i < credential->count; i++) {
        X509_free(credential->certificates[i]);
        free((void *)(uintptr_t)credential->der[i].data);
    }
    signature_key_destroy(credential->key);
    free(credential);
}

/* ---- PEM ---- */

static bool take_certificate(void *context, X509 *certificate)
{
    struct credential *credential = context;
    uint8_t *out = NULL;
    size_t count = credential->count;
    if (count > 0 && X509_self_signed(certificate, 0) == 1) {
        X509_free(certificate); /* an authority, which the peer has or does not trust */
        return true;
    }
    int length = i2d_X509(certificate, NULL);
    uint8_t *der = length > 0 && count < CERTIFICATES_MAX ? malloc((size_t)length) : NULL;
    credential->too_many = count == CERTIFICATES_MAX;
    if (der == NULL) {
        X509_free(certificate);
        return false;
    }
    out = der;
    (void)i2d_X509(certificate, &out);
    credential->certificates[count] = certificate;
    credential->der[count] = bytes_of(der, (size_t)length);
    credential->count++;
    return true;
}

bool credential_set_certificates(struct credential *credential, struct bytes pem,
                                 const char **error)
{
    if (x509_read_pem(pem, take_certificate, credential) < 1) {
        *error = "expected our certificate in PEM, from -----BEGIN CERTIFICATE----- on, followed "
                 "by those between it and the authority";
        return false;
    }
    *error = credential->too_many ? "expected our certificate and at most 4 between it and the "
                                    "authority"
                                  : NULL;
    return *error == NULL;
}

/* Asked for a password: nobody is there to type it. */
static int password_refuse(char *out, int capacity, int writing, void *asked)
{
    (void)out;
    (void)capacity;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

bool credential_set_key(struct credential *credential, struct bytes pem, const char **error)
{
    bool asked = false;
    BIO *bio = pem.length <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.length) : NULL;
    EVP_PKEY *pkey =
        bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, password_refuse, &asked) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (pkey == NULL) {
        *error = asked ? "expected a private key that is not encrypted; decrypt it with openssl "
                         "pkey -in FILE -out OTHER, and let only root read that"
                       : "expected a private key in PEM, from -----BEGIN PRIVATE KEY----- on";
        return false;
    }
    signature_key_destroy(credential->key);
    credential->key = signature_key_of(pkey);
    *error = credential->key == NULL ? "expected enough memory for the key" : NULL;
    return *error == NULL;
}

const char *credential_complete(const struct credential *credential)
{
    if (credential->count == 0) {
        return "a private key but no certificate; add certificate = \"...\"";
    }
    if (credential->key == NULL) {
        return "a certificate but no key; add private-key = \"...\"";
    }
    bool match = X509_check_private_key(credential->certificates[0], credential->key->pkey) == 1;
    ERR_clear_error();
    if (!match) {
        return "private-key does not belong to certificate; name the key that the certificate was "
               "issued for, and let our own certificate stand first in its file";
    }
    if (credential->key->kind == KEY_UNSUPPORTED) {
        return "the key is of a kind or size that is not supported; use RSA of 2048 to 8192 bits, "
               "ECDSA on P-256, P-384 or P-521, Ed25519 or Ed448";
    }
    return NULL;
}

/* ---- what is in it ---- */

const struct signature_key *credential_key(const struct credential *credential)
{
    return credential->key;
}

struct bytes credential_certificate(const struct credential *credential, size_t index)
{
    return index < credential->count ? credential->der[index] : bytes_of(NULL, 0);
}

struct bytes credential_subject(const struct credential *credential)
{
    return x509_subject(credential->certificates[0]);
}

bool credential_has_identity(const struct credential *credential, uint8_t id_type,
                             struct bytes data)
{
    return x509_has_identity(credential->certificates[0], id_type, data);
}

/* The ID type of a name in subjectAltName and its octets; 0: not one we go by. */
static uint8_t general_name(const GENERAL_NAME *name, struct bytes *out)
{
    int kind;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    if (kind != GEN_DNS && kind != GEN_EMAIL && kind != GEN_IPADD) {
        return 0;
    }
    *out = bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    if (kind == GEN_IPADD) {
        return out->length == 4 ? ID_IPV4_ADDR : out->length == 16 ? ID_IPV6_ADDR : 0;
    }
    return kind == GEN_DNS ? ID_FQDN : ID_RFC822_ADDR;
}

bool credential_identity(const struct credential *credential, uint8_t *id_type, uint8_t *data,
                         size_t capacity, size_t *length)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(credential->certificates[0], NID_subject_alt_name, NULL, NULL);
    struct bytes found = bytes_of(NULL, 0);
    *id_type = 0;
    for (int i = 0; names != NULL && *id_type == 0 && i < sk_GENERAL_NAME_num(names); i++) {
        *id_type = general_name(sk_GENERAL_NAME_value(names, i), &found);
    }
    if (*id_type == 0) {
        *id_type = ID_DER_ASN1_DN;
        found = credential_subject(credential);
    }
    /* what the peer could not find again is of no use: an empty subject, a wildcard */
    bool good =
        found.length <= capacity && x509_has_identity(credential->certificates[0], *id_type, found);
    if (good) {
        memcpy(data, found.data, found.length);
        *length = found.length;
    }
    GENERAL_NAMES_free(names);
    ERR_clear_error();
    return good;
}
