/*
 * What a daemon derives with NSS as IKEv2 keying material (prf+, RFC 7296 2.13), told on its
 * standard error: preloaded into pluto, which has no key log of its own. It changes nothing.
 *
 *     ike-keymat HASH SEED KEYMAT
 *
 * HASH: that of the PRF, as "sha256". SEED, KEYMAT: hexadecimal. An IKE SA's seed is Ni | Nr | SPIi
 * | SPIr (RFC 7296 2.14), so it names its SA; a Child SA's is only the nonces.
 *
 * NSS's own declarations are repeated here, so that building the lab needs no NSS; they are part of
 * its binary interface.
 */

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

typedef unsigned long ck_ulong;

struct sec_item {
    unsigned type;
    uint8_t *data;
    unsigned length;
};

struct prf_plus_params { /* CK_NSS_IKE_PRF_PLUS_DERIVE_PARAMS */
    ck_ulong prf;
    uint8_t has_seed_key;
    ck_ulong seed_key;
    uint8_t *seed;
    ck_ulong seed_length;
};

#define CKM_NSS_IKE_PRF_PLUS_DERIVE (0x80000000UL + 0x4E534350UL + 34)
#define CKM_SHA256_HMAC 0x251UL
#define CKM_SHA384_HMAC 0x261UL
#define CKM_SHA512_HMAC 0x271UL

void *PK11_DeriveWithFlags(void *base, ck_ulong mechanism, struct sec_item *params, ck_ulong target,
                           ck_ulong operation, int size, ck_ulong flags);
int PK11_ExtractKeyValue(void *key);
struct sec_item *PK11_GetKeyData(void *key);

static const char *hash_of(ck_ulong prf)
{
    switch (prf) {
    case CKM_SHA256_HMAC:
        return "sha256";
    case CKM_SHA384_HMAC:
        return "sha384";
    case CKM_SHA512_HMAC:
        return "sha512";
    default:
        return "unknown";
    }
}

static size_t put_hex(char *out, size_t room, const uint8_t *octets, size_t length)
{
    size_t at = 0;
    for (size_t i = 0; i < length && at + 3 < room; i++) {
        at += (size_t)snprintf(out + at, room - at, "%02x", octets[i]);
    }
    return at;
}

static void tell(const struct prf_plus_params *params, const struct sec_item *keymat)
{
    char line[4096];
    size_t at = (size_t)snprintf(line, sizeof line, "ike-keymat %s ", hash_of(params->prf));
    at += put_hex(line + at, sizeof line - 2 - at, params->seed, params->seed_length);
    line[at++] = ' ';
    at += put_hex(line + at, sizeof line - 1 - at, keymat->data, keymat->length);
    line[at++] = '\n';
    if (write(STDERR_FILENO, line, at) < 0) {
        return; /* the log is gone: nobody to tell */
    }
}

void *PK11_DeriveWithFlags(void *base, ck_ulong mechanism, struct sec_item *params, ck_ulong target,
                           ck_ulong operation, int size, ck_ulong flags)
{
    static void *(*real)(void *, ck_ulong, struct sec_item *, ck_ulong, ck_ulong, int, ck_ulong);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "PK11_DeriveWithFlags");
    }
    void *key = real(base, mechanism, params, target, operation, size, flags);
    if (key != NULL && mechanism == CKM_NSS_IKE_PRF_PLUS_DERIVE && PK11_ExtractKeyValue(key) == 0) {
        tell((const struct prf_plus_params *)(void *)params->data, PK11_GetKeyData(key));
    }
    return key;
}
