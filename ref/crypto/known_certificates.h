/* Certificates that were believed before, as they were read then: to read one, with its key, costs
 * the library more than to verify a signature by it. Nothing but the reading is spared: whether a
 * certificate is believed is asked anew each time. */
#ifndef IKEREF_CRYPTO_KNOWN_CERTIFICATES_H
#define IKEREF_CRYPTO_KNOWN_CERTIFICATES_H

#include "crypto/x509.h"

#define KNOWN_CERTIFICATES 64 /* each some ten KiB; a later one takes an earlier one's place */

struct known_certificates;

struct known_certificates *known_certificates_create(void);        /* NULL: no memory */
void known_certificates_destroy(struct known_certificates *known); /* NULL is fine */

/* The certificate whose DER this is, octet by octet, with a reference for who asked; NULL: it is
 * not known. */
struct x509_st *known_certificates_find(const struct known_certificates *known, struct bytes der);

/* That one has been believed. Without memory it stays unknown. */
void known_certificates_add(struct known_certificates *known, struct bytes der,
                            struct x509_st *certificate);

#endif
