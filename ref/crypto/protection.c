/* What a negotiated cipher, key length and integrity algorithm need of KEYMAT and of a packet. */

#include "crypto/protection.h"

bool protection_valid(const struct protection *p)
{
    if (p->cipher == NULL) {
        return false;
    }
    bool key_bits_valid = p->cipher->has_key_length
                              ? p->key_bits == 128 || p->key_bits == 192 || p->key_bits == 256
                              : p->key_bits == p->cipher->key_bits;
    /* RFC 7296 3.3.2: an AEAD goes without a separate integrity algorithm, all else needs one. */
    return key_bits_valid && p->cipher->aead == (p->integrity == NULL);
}

size_t protection_encryption_key_length(const struct protection *p)
{
    return p->key_bits / 8 + p->cipher->salt_length;
}

size_t protection_integrity_key_length(const struct protection *p)
{
    return p->integrity == NULL ? 0 : p->integrity->key_length;
}

size_t protection_iv_length(const struct protection *p)
{
    return p->cipher->iv_length;
}

size_t protection_icv_length(const struct protection *p)
{
    return p->integrity == NULL ? p->cipher->icv_length : p->integrity->icv_length;
}

size_t protection_block_length(const struct protection *p)
{
    return p->cipher->block_length;
}
