/* Signatures that were written down before, where the reference itself would draw one. */
#ifndef IKEREF_TEST_VECTORS_STATED_SIGNATURE_H
#define IKEREF_TEST_VECTORS_STATED_SIGNATURE_H

#include <jansson.h>

/* From now on a signature with ECDSA or RSASSA-PSS is the one of "auth" in `test` that verifies
 * with its key over its message; none does: one is made as ever. NULL: forget them. PKCS#1 v1.5 and
 * EdDSA always make their own, which is always the same. */
void stated_signatures_set(const json_t *test);

#endif
