/* By IANA transform ID, as everywhere. */
#include "host/xfrm_algorithm.h"

#include <assert.h>
#include <stddef.h>

struct kernel_name {
    uint16_t id;
    const char *name, *modules;
};

static const struct kernel_name ciphers[] = {
    {ENCR_NULL, "ecb(cipher_null)", "authenc authencesn crypto_null"},
    {ENCR_AES_CBC, "cbc(aes)", "authenc authencesn cbc aes"},
    {ENCR_AES_GCM_16, "rfc4106(gcm(aes))", "gcm seqiv aes"},
    {ENCR_CHACHA20_POLY1305, "rfc7539esp(chacha20,poly1305)", "chacha20poly1305"},
};

static const struct kernel_name integrities[] = {
    {AUTH_HMAC_SHA1_96, "hmac(sha1)", ""},
    {AUTH_HMAC_SHA2_256_128, "hmac(sha256)", ""},
    {AUTH_HMAC_SHA2_384_192, "hmac(sha384)", ""},
    {AUTH_HMAC_SHA2_512_256, "hmac(sha512)", ""},
};

static const struct kernel_name *find(const struct kernel_name *table, size_t count, uint16_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].id == id) {
            return &table[i];
        }
    }
    assert(!"an algorithm without the kernel's name for it");
    return &table[0];
}

const char *xfrm_cipher_name(const struct cipher_algorithm *cipher)
{
    return find(ciphers, sizeof(ciphers) / sizeof(ciphers[0]), cipher->id)->name;
}

const char *xfrm_integrity_name(const struct integrity_algorithm *integrity)
{
    return find(integrities, sizeof(integrities) / sizeof(integrities[0]), integrity->id)->name;
}

const char *xfrm_protection_modules(const struct protection *protection)
{
    return find(ciphers, sizeof(ciphers) / sizeof(ciphers[0]), protection->cipher->id)->modules;
}
