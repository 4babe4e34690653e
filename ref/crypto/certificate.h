/* X.509 certificates: ours with its key, the peer's, and the authorities we trust. Reading, chain
 * building and every check is the library's: RFC 5280 through X509_verify_cert, RFC 4945. */
#ifndef IKEREF_CRYPTO_CERTIFICATE_H
#define IKEREF_CRYPTO_CERTIFICATE_H

#include "base/iana.h"
#include "base/refusal.h"
#include "crypto/crypto.h"
#include "crypto/distinguished_name.h"
#include "crypto/signature.h"

/* ---- openssl_credential.c: our certificate, those between it and the authority, and the key ----
 */

struct credential; /* owned by who created it */

struct credential *credential_create(void);             /* NULL: no memory */
void credential_destroy(struct credential *credential); /* wipes the key; NULL is fine */

/* Takes what a PEM file holds: our certificate first, then at most INTERMEDIATES_MAX others, of
 * which a self-signed one is left out (RFC 4945 3.3); or the private key, not encrypted. False:
 * *error says what was expected (static storage). */
MUST_USE bool credential_set_certificates(struct credential *credential, struct bytes pem,
                                          const char **error);
MUST_USE bool credential_set_key(struct credential *credential, struct bytes pem,
                                 const char **error);

/* NULL when certificate and key are there, belong together and can be used; else what is wrong. */
const char *credential_complete(const struct credential *credential);

const struct signature_key *credential_key(const struct credential *credential);

/* The DER of the index-th certificate to send, ours first; no data past the end. Valid as long as
 * the credential. */
struct bytes credential_certificate(const struct credential *credential, size_t index);

/* The identity our certificate is best known by (RFC 4945 3.1.8): the first dNSName, rfc822Name or
 * iPAddress of its subjectAltName, else its subject. False when it has none of at most `capacity`
 * octets. */
MUST_USE bool credential_identity(const struct credential *credential, uint8_t *id_type,
                                  uint8_t *data, size_t capacity, size_t *length);

/* Our certificate holds this identity. */
bool credential_has_identity(const struct credential *credential, uint8_t id_type,
                             struct bytes data);

/* The DER of our subject; valid as long as the credential. */
struct bytes credential_subject(const struct credential *credential);

/* ---- openssl_authorities.c: whom we trust, and the peer's certificate ---- */

struct authorities; /* owned by who created it */

struct authorities *authorities_create(void);              /* NULL: no memory */
void authorities_destroy(struct authorities *authorities); /* NULL is fine */

/* Adds every certificate of a PEM file. False: *error says what was expected (static storage). */
MUST_USE bool authorities_add(struct authorities *authorities, struct bytes pem,
                              const char **error);

size_t authorities_count(const struct authorities *authorities);

/* SHA-1 of the index-th authority's SubjectPublicKeyInfo, SHA1_LENGTH octets: what CERTREQ asks
 * by (RFC 7296 3.7). Valid as long as the authorities. */
struct bytes authorities_hash(const struct authorities *authorities, size_t index);

struct x509_st; /* the library's certificate */

struct peer_certificate {
    struct x509_st *read;      /* as the library has read it; NULL: not yet. Owned */
    struct signature_key *key; /* to be destroyed by who asked */
    char subject[DISTINGUISHED_NAME_TEXT_MAX];
};

/* REFUSAL_NONE when the first of `certificates` (each the DER of one) leads, perhaps through some
 * of the others, to one of our authorities, all of them are valid at `utc_s` (seconds since 1970),
 * may be used for IKE (RFC 4945 5.1.3), and it holds the identity. Else why not; out->subject is
 * set whenever it could be read, out->key on success only; out->read is NULL. */
MUST_USE enum refusal authorities_verify(const struct authorities *authorities,
                                         const struct bytes *certificates, size_t count,
                                         uint8_t id_type, struct bytes id, int64_t utc_s,
                                         struct peer_certificate *out);

/* The same in three steps. The first and the last are for who owns the authorities; the one between
 * them, which takes the time, touches nothing that another thread could, and may be done by any:
 * what has been read before need not be read again; the judgement, in `out` as the first step has
 * left it; and, of a certificate that was believed, the reading is kept for the next time. */
void authorities_recall(const struct authorities *authorities, struct bytes certificate,
                        struct peer_certificate *out);
MUST_USE enum refusal authorities_judge(const struct authorities *authorities,
                                        const struct bytes *certificates, size_t count,
                                        uint8_t id_type, struct bytes id, int64_t utc_s,
                                        struct peer_certificate *out);
void authorities_remember(const struct authorities *authorities, struct bytes certificate,
                          const struct peer_certificate *out);

/* Frees the key and the reading. */
void peer_certificate_release(struct peer_certificate *certificate);

#endif
