/* The encryption and integrity algorithms we have, by transform ID. */

#include "crypto/protection.h"

/* id, name, aead, key length attribute, bits of key without one, salt, IV, ICV, block: RFC 2410,
 * RFC 3602, RFC 4106, RFC 7634. The key of ChaCha20-Poly1305 is always 256 bits (RFC 7634 4). */
static const struct cipher_algorithm ciphers[] = {
    {ENCR_NULL, "null", false, false, 0, 0, 0, 0, 1},
    {ENCR_AES_CBC, "aes", false, true, 0, 0, 16, 0, 16},
    {ENCR_AES_GCM_16, "aesgcm16", true, true, 0, 4, 8, 16, 1},
    {ENCR_CHACHA20_POLY1305, "chacha20poly1305", true, false, 256, 4, 8, 16, 1},
};

/* id, name, library's name of the hash, key length, ICV length: RFC 2404, RFC 4868 2.6. SHA-1 is
 * what everybody has to have (RFC 8247 2.3, RFC 8221 6); nothing of ours proposes it unasked. */
static const struct integrity_algorithm integrities[] = {
    {AUTH_HMAC_SHA1_96, "sha1", "SHA1", 20, 12},
    {AUTH_HMAC_SHA2_256_128, "sha256", "SHA2-256", 32, 16},
    {AUTH_HMAC_SHA2_384_192, "sha384", "SHA2-384", 48, 24},
    {AUTH_HMAC_SHA2_512_256, "sha512", "SHA2-512", 64, 32},
};

const struct cipher_algorithm *cipher_algorithm_find(uint16_t id)
{
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        if (ciphers[i].id == id) {
            return &ciphers[i];
        }
    }
    return NULL;
}

const struct integrity_algorithm *integrity_algorithm_find(uint16_t id)
{
    for (size_t i = 0; i < sizeof(integrities) / sizeof(integrities[0]); i++) {
        if (integrities[i].id == id) {
            return &integrities[i];
        }
    }
    return NULL;
}
