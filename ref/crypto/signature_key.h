/* A key as crypto/openssl_*.c share it. */
#ifndef IKEREF_CRYPTO_SIGNATURE_KEY_H
#define IKEREF_CRYPTO_SIGNATURE_KEY_H

#include "crypto/signature.h"

struct evp_pkey_st; /* the library's */

struct signature_key {
    struct evp_pkey_st *pkey; /* owned */
    enum key_kind kind;
};

/* Takes `pkey` over, also on failure. NULL: no memory. */
struct signature_key *signature_key_of(struct evp_pkey_st *pkey);

#endif
