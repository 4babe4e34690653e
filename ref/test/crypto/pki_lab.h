/* A small public key infrastructure for tests: keys and certificates made on the spot, valid at one
 * fixed moment, so that no test ever expires. Everything lives until the program ends. */
#ifndef IKEREF_TEST_CRYPTO_PKI_LAB_H
#define IKEREF_TEST_CRYPTO_PKI_LAB_H

#include "crypto/certificate.h"

#define PKI_NOW_S                                                                                  \
    1800000000LL /* in January 2027: when all is valid, unless a test says otherwise */
#define PKI_DAY_S 86400LL

enum pki_key {
    PKI_P256,
    PKI_P384,
    PKI_P521,
    PKI_ED25519,
    PKI_ED448,
    PKI_RSA_2048,
    PKI_RSA_4096,
    PKI_RSA_1024, /* too small */
    PKI_K256,     /* secp256k1: a curve we do not know */
    PKI_KEYS,
};

struct pki_certificate;

struct pki_request {     /* what is left out is as a good certificate has it */
    const char *subject; /* as distinguished_name_parse reads it; NULL: empty */
    const char *names;   /* subjectAltName: "DNS:gw.example, IP:192.0.2.1, email:a@b"; NULL: none */
    enum pki_key key;
    unsigned number; /* of the key: two certificates with the same kind and number share one */
    const struct pki_certificate *issuer; /* NULL: self-signed */
    bool authority;
    const char *constraints;    /* basicConstraints; "" for none at all */
    const char *usage;          /* keyUsage; "" for none at all */
    const char *extended_usage; /* extendedKeyUsage */
    const char *unknown;        /* OID of a critical extension nobody knows */
    int64_t from_s, to_s;       /* 0: a day before, a month after PKI_NOW_S */
    bool sha1;                  /* signed with SHA-1 */
};

/* Aborts when the library refuses. */
const struct pki_certificate *pki_issue(const struct pki_request *request);

/* "CN=Test Authority", self-signed, on P-256; always the same one. */
const struct pki_certificate *pki_authority(void);

/* An end-entity certificate of pki_authority() with this key and dNSName. */
const struct pki_certificate *pki_peer(enum pki_key key, const char *name);

struct bytes pki_der(const struct pki_certificate *certificate);

/* PEM of up to three certificates one after the other (NULL: fewer), and of one's private key. */
struct bytes pki_pem(const struct pki_certificate *a, const struct pki_certificate *b,
                     const struct pki_certificate *c);
struct bytes pki_key_pem(const struct pki_certificate *certificate);
struct bytes pki_key_pem_encrypted(const struct pki_certificate *certificate);

/* What a daemon would make of them: with the key of the first. To be destroyed by the caller. */
struct credential *pki_credential(const struct pki_certificate *a, const struct pki_certificate *b,
                                  const struct pki_certificate *c);
struct authorities *pki_authorities(const struct pki_certificate *authority);

/* The private key, to be destroyed by the caller. */
struct signature_key *pki_key(const struct pki_certificate *certificate);

#endif
