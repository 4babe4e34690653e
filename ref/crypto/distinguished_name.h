/* X.501 names as ID_DER_ASN1_DN carries them (RFC 7296 3.5) and as a person writes them: "CN=gw,
 * O=Example", the parts in the order of the certificate, as OpenSSL and most IKE daemons show them.
 */
#ifndef IKEREF_CRYPTO_DISTINGUISHED_NAME_H
#define IKEREF_CRYPTO_DISTINGUISHED_NAME_H

#include "base/bytes.h"
#include "base/writer.h"

/* Appends the DER of the name. A backslash takes away what the character after it would mean; two
 * hexadecimal digits after one are an octet. False when it is no name, or empty. */
MUST_USE bool distinguished_name_parse(const char *text, struct writer *w);

#define DISTINGUISHED_NAME_TEXT_MAX 256

/* In printable ASCII, whatever the name holds; cut short when it is too long. "?" when it is none.
 * Returns `out`. */
char *distinguished_name_format(struct bytes der, char out[DISTINGUISHED_NAME_TEXT_MAX]);

/* Both are the same name: case, spaces and the kinds of strings aside, as RFC 5280 7.1 compares
 * them. False when one is no name. */
bool distinguished_name_equal(struct bytes a, struct bytes b);

/* The same for names that are the same, and seldom for others. 0 for what is no name. */
uint64_t distinguished_name_number(struct bytes der);

#endif
