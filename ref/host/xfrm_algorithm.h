/* What the kernel calls the algorithms of ESP. */
#ifndef IKEREF_HOST_XFRM_ALGORITHM_H
#define IKEREF_HOST_XFRM_ALGORITHM_H

#include "crypto/protection.h"

/* "rfc4106(gcm(aes))", "cbc(aes)", ...; asserts that we have the algorithm at all. Static storage.
 */
const char *xfrm_cipher_name(const struct cipher_algorithm *cipher);
const char *xfrm_integrity_name(const struct integrity_algorithm *integrity);

/* The kernel's modules that bring it, for a person who lacks them. Static storage. */
const char *xfrm_protection_modules(const struct protection *protection);

#endif
