/* What implementations of a key exchange share: the record and the head of every private key. */
#ifndef IKEREF_CRYPTO_KEY_EXCHANGE_H
#define IKEREF_CRYPTO_KEY_EXCHANGE_H

#include "crypto/crypto.h"

/* The first member of every implementation's own key. key_exchange_create() fills it. */
struct key_exchange {
    const struct key_exchange_algorithm *algorithm;
};

extern const struct key_exchange_algorithm key_exchange_modp_2048;
extern const struct key_exchange_algorithm key_exchange_modp_3072;
extern const struct key_exchange_algorithm key_exchange_modp_4096;
extern const struct key_exchange_algorithm key_exchange_ecp_256;
extern const struct key_exchange_algorithm key_exchange_ecp_384;
extern const struct key_exchange_algorithm key_exchange_ecp_521;
extern const struct key_exchange_algorithm key_exchange_x25519;
extern const struct key_exchange_algorithm key_exchange_x448;

#endif
