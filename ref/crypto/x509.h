/* What crypto/openssl_*.c share about one certificate. */
#ifndef IKEREF_CRYPTO_X509_H
#define IKEREF_CRYPTO_X509_H

#include "crypto/certificate.h"

struct x509_st; /* the library's */

/* The certificate whose DER this is, nothing left over; NULL: none, or larger than CERTIFICATE_MAX.
 * To be freed by the library's X509_free. */
struct x509_st *x509_read(struct bytes der);

/* Calls `take` with each certificate of a PEM text, which then owns it, until it returns false.
 * The number of certificates taken, or -1 when one could not be read. */
int x509_read_pem(struct bytes pem, bool (*take)(void *context, struct x509_st *certificate),
                  void *context);

/* It may prove an IKE peer's identity: key usage and extended key usage, RFC 4945 5.1.3.2 and
 * 5.1.3.12. */
bool x509_serves_ike(struct x509_st *certificate);

/* The identity stands in its subjectAltName, or is its subject: RFC 4945 3.1. */
bool x509_has_identity(struct x509_st *certificate, uint8_t id_type, struct bytes id);

/* The DER of the subject; valid as long as the certificate. */
struct bytes x509_subject(struct x509_st *certificate);

#endif
