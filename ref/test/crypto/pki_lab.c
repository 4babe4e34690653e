/* Keys and certificates for tests, made by the library. */

#include "test/crypto/pki_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/signature_key.h"

#define CERTIFICATES_MAX 1024
#define NUMBERS_MAX 8

struct pki_certificate {
    X509 *x509;
    EVP_PKEY *key;
    enum pki_key kind;
    struct bytes der;
};

static struct pki_certificate certificates[CERTIFICATES_MAX];
static size_t certificate_count;
static EVP_PKEY *keys[PKI_KEYS][NUMBERS_MAX];

static void require(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "pki_lab: %s\n", what);
        ERR_print_errors_fp(stderr);
        abort();
    }
}

static EVP_PKEY *key_make(enum pki_key kind)
{
    static const char *const curves[] = {
        [PKI_P256] = "P-256", [PKI_P384] = "P-384", [PKI_P521] = "P-521", [PKI_K256] = "secp256k1"};
    static const unsigned bits[] = {
        [PKI_RSA_2048] = 2048, [PKI_RSA_4096] = 4096, [PKI_RSA_1024] = 1024};
    switch (kind) {
    case PKI_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case PKI_ED448:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    case PKI_RSA_2048:
    case PKI_RSA_4096:
    case PKI_RSA_1024:
        return EVP_RSA_gen(bits[kind]);
    default:
        return EVP_EC_gen(curves[kind]);
    }
}

static EVP_PKEY *key_of(enum pki_key kind, unsigned number)
{
    require(number < NUMBERS_MAX, "too many keys");
    EVP_PKEY **key = &keys[kind][number];
    if (*key == NULL) {
        *key = key_make(kind);
    }
    require(*key != NULL, "no key");
    return *key;
}

static void set_name(X509 *x509, const char *text, bool issuer)
{
    uint8_t der[1024];
    struct writer w = writer_over(der, sizeof(der));
    X509_NAME *name = X509_NAME_new();
    if (text != NULL) {
        const uint8_t *at = der;
        require(distinguished_name_parse(text, &w), "a subject");
        X509_NAME_free(name);
        name = d2i_X509_NAME(NULL, &at, (long)w.length);
    }
    require((issuer ? X509_set_issuer_name : X509_set_subject_name)(x509, name) == 1, "a name");
    X509_NAME_free(name);
}

static void add_extension(X509 *x509, X509V3_CTX *context, int nid, const char *value)
{
    if (value == NULL || *value == '\0') {
        return;
    }
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
    require(extension != NULL && X509_add_ext(x509, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static void add_unknown(X509 *x509, const char *oid)
{
    if (oid == NULL) {
        return;
    }
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    require(ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00", 2) == 1, "a value");
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    require(extension != NULL && X509_add_ext(x509, extension, -1) == 1, oid);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static void add_extensions(X509 *x509, const struct pki_request *r, X509 *issuer)
{
    X509V3_CTX context;
    const char *constraints = r->authority ? "critical,CA:TRUE" : "critical,CA:FALSE";
    const char *usage = r->authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    add_extension(x509, &context, NID_basic_constraints,
                  r->constraints != NULL ? r->constraints : constraints);
    add_extension(x509, &context, NID_key_usage, r->usage != NULL ? r->usage : usage);
    add_extension(x509, &context, NID_ext_key_usage, r->extended_usage);
    add_extension(x509, &context, NID_subject_alt_name, r->names);
    add_extension(x509, &context, NID_subject_key_identifier, "hash");
    add_extension(x509, &context, NID_authority_key_identifier, "keyid");
    add_unknown(x509, r->unknown);
}

static const EVP_MD *digest_of(enum pki_key kind, bool sha1)
{
    if (kind == PKI_ED25519 || kind == PKI_ED448) {
        return NULL;
    }
    return sha1 ? EVP_sha1() : EVP_sha256();
}

const struct pki_certificate *pki_issue(const struct pki_request *r)
{
    require(certificate_count < CERTIFICATES_MAX, "too many certificates");
    struct pki_certificate *made = &certificates[certificate_count++];
    X509 *x509 = X509_new();
    EVP_PKEY *key = key_of(r->key, r->number);
    X509 *issuer = r->issuer != NULL ? r->issuer->x509 : x509;
    *made = (struct pki_certificate){.x509 = x509, .key = key, .kind = r->key};
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), (long)certificate_count);
    ASN1_TIME_set(X509_getm_notBefore(x509), r->from_s != 0 ? r->from_s : PKI_NOW_S - PKI_DAY_S);
    ASN1_TIME_set(X509_getm_notAfter(x509), r->to_s != 0 ? r->to_s : PKI_NOW_S + 30 * PKI_DAY_S);
    set_name(x509, r->subject, false);
    if (r->issuer == NULL) {
        set_name(x509, r->subject, true);
    } else {
        X509_set_issuer_name(x509, X509_get_subject_name(issuer));
    }
    X509_set_pubkey(x509, key);
    add_extensions(x509, r, issuer);
    const struct pki_certificate *signer = r->issuer != NULL ? r->issuer : made;
    require(X509_sign(x509, signer->key, digest_of(signer->kind, r->sha1)) > 0, "a signature");
    uint8_t *der = NULL;
    int length = i2d_X509(x509, &der);
    require(length > 0, "DER");
    made->der = bytes_of(der, (size_t)length);
    return made;
}

const struct pki_certificate *pki_authority(void)
{
    static const struct pki_certificate *authority;
    if (authority == NULL) {
        authority = pki_issue(&(struct pki_request){
            .subject = "CN=Test Authority", .key = PKI_P256, .number = 7, .authority = true});
    }
    return authority;
}

const struct pki_certificate *pki_peer(enum pki_key key, const char *name)
{
    char names[300], subject[300];
    snprintf(names, sizeof(names), "DNS:%s", name);
    snprintf(subject, sizeof(subject), "C=AT, O=ikelab, CN=%s", name);
    return pki_issue(&(struct pki_request){
        .subject = subject, .names = names, .key = key, .issuer = pki_authority()});
}

struct bytes pki_der(const struct pki_certificate *certificate)
{
    return certificate->der;
}

/* ---- PEM ---- */

#define TEXTS_MAX 4096

static char *texts[TEXTS_MAX]; /* kept, so that nothing leaks */
static size_t text_count;

static struct bytes text_keep(BIO *bio)
{
    char *data;
    long length = BIO_get_mem_data(bio, &data);
    char *copy = malloc((size_t)length + 1);
    require(copy != NULL && text_count < TEXTS_MAX, "room for a text");
    memcpy(copy, data, (size_t)length);
    copy[length] = '\0';
    texts[text_count++] = copy;
    BIO_free(bio);
    return bytes_of(copy, (size_t)length);
}

struct bytes pki_pem(const struct pki_certificate *a, const struct pki_certificate *b,
                     const struct pki_certificate *c)
{
    const struct pki_certificate *all[] = {a, b, c};
    BIO *bio = BIO_new(BIO_s_mem());
    for (size_t i = 0; i < 3; i++) {
        require(all[i] == NULL || PEM_write_bio_X509(bio, all[i]->x509) == 1, "PEM");
    }
    return text_keep(bio);
}

struct bytes pki_key_pem(const struct pki_certificate *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    require(PEM_write_bio_PrivateKey(bio, certificate->key, NULL, NULL, 0, NULL, NULL) == 1, "PEM");
    return text_keep(bio);
}

struct bytes pki_key_pem_encrypted(const struct pki_certificate *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    require(PEM_write_bio_PrivateKey(bio, certificate->key, EVP_aes_128_cbc(),
                                     (const unsigned char *)"password", 8, NULL, NULL) == 1,
            "PEM");
    return text_keep(bio);
}

struct credential *pki_credential(const struct pki_certificate *a, const struct pki_certificate *b,
                                  const struct pki_certificate *c)
{
    const char *error = NULL;
    struct credential *credential = credential_create();
    require(credential_set_certificates(credential, pki_pem(a, b, c), &error) &&
                credential_set_key(credential, pki_key_pem(a), &error),
            error);
    return credential;
}

struct authorities *pki_authorities(const struct pki_certificate *authority)
{
    const char *error = NULL;
    struct authorities *authorities = authorities_create();
    require(authorities_add(authorities, pki_pem(authority, NULL, NULL), &error), error);
    return authorities;
}

struct signature_key *pki_key(const struct pki_certificate *certificate)
{
    require(EVP_PKEY_up_ref(certificate->key) == 1, "a reference");
    return signature_key_of(certificate->key);
}
