/* Sealing and opening with keyed contexts: for each packet only the IV is set. They are made of the
 * keys when they are needed and given back by who has no use for them for a while: the keys take
 * 144 octets, the library's contexts ten times that. */

#include "crypto/protection.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/hmac.h"
#include "crypto/iv_counter.h"

#define NONCE_LENGTH 12 /* salt | IV: RFC 4106 4, RFC 7634 2 */
#define BLOCK_MAX 16

struct protector {
    struct protection protection;
    enum protector_direction direction;
    struct secret encryption; /* the salt at its end */
    struct secret integrity;
    struct iv_counter counter; /* AEAD */
    bool ready;                /* the two below are there */
    EVP_CIPHER_CTX *cipher;    /* NULL: ENCR_NULL */
    struct hmac *hmac;         /* NULL: AEAD */
};

struct library_cipher {
    uint16_t id;
    uint16_t key_bits;
    const char *library_name;
    EVP_CIPHER *cipher; /* fetched once */
};

static struct library_cipher ciphers[] = {
    {ENCR_AES_CBC, 128, "AES-128-CBC", NULL},
    {ENCR_AES_CBC, 192, "AES-192-CBC", NULL},
    {ENCR_AES_CBC, 256, "AES-256-CBC", NULL},
    {ENCR_AES_GCM_16, 128, "AES-128-GCM", NULL},
    {ENCR_AES_GCM_16, 192, "AES-192-GCM", NULL},
    {ENCR_AES_GCM_16, 256, "AES-256-GCM", NULL},
    {ENCR_CHACHA20_POLY1305, 256, "ChaCha20-Poly1305", NULL},
};
static once_flag ciphers_once = ONCE_FLAG_INIT;

#define CIPHER_COUNT (sizeof(ciphers) / sizeof(ciphers[0]))

static void ciphers_fetch(void)
{
    for (size_t i = 0; i < CIPHER_COUNT; i++) {
        ciphers[i].cipher = EVP_CIPHER_fetch(NULL, ciphers[i].library_name, NULL);
    }
}

/* NULL when the library does not offer it. */
static const EVP_CIPHER *library_cipher_of(const struct protection *p)
{
    call_once(&ciphers_once, ciphers_fetch);
    for (size_t i = 0; i < CIPHER_COUNT; i++) {
        if (ciphers[i].id == p->cipher->id && ciphers[i].key_bits == p->key_bits) {
            return ciphers[i].cipher;
        }
    }
    return NULL;
}

static bool cipher_init(struct protector *protector)
{
    if (protector->protection.cipher->id == ENCR_NULL) {
        return true;
    }
    int encrypt = protector->direction == PROTECTOR_SEAL;
    protector->cipher = EVP_CIPHER_CTX_new();
    return protector->cipher != NULL &&
           EVP_CipherInit_ex2(protector->cipher, library_cipher_of(&protector->protection),
                              protector->encryption.data, NULL, encrypt, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(protector->cipher, 0) == 1;
}

static bool integrity_init(struct protector *protector)
{
    const struct integrity_algorithm *integrity = protector->protection.integrity;
    if (integrity == NULL) {
        return true;
    }
    protector->hmac = malloc(sizeof *protector->hmac);
    return protector->hmac != NULL &&
           hmac_init(protector->hmac, integrity->library_name, secret_bytes(&protector->integrity));
}

/* Seldom: it stays out of the way of packets. */
__attribute__((noinline, cold)) static bool make_ready(struct protector *protector)
{
    if (!cipher_init(protector) || !integrity_init(protector)) {
        ERR_clear_error();
        protector_rest(protector);
        return false;
    }
    protector->ready = true;
    return true;
}

bool protector_is_ready(const struct protector *protector)
{
    return protector->ready;
}

void protector_rest(struct protector *protector)
{
    EVP_CIPHER_CTX_free(protector->cipher); /* the library wipes the key schedule */
    if (protector->hmac != NULL) {
        hmac_wipe(protector->hmac);
        free(protector->hmac);
    }
    protector->cipher = NULL;
    protector->hmac = NULL;
    protector->ready = false;
}

/* The library has what it takes. */
static bool is_offered(const struct protection *p)
{
    return p->cipher->id == ENCR_NULL || library_cipher_of(p) != NULL;
}

struct protector *protector_create(const struct protection *p, struct bytes encryption_key,
                                   struct bytes integrity_key, enum protector_direction direction)
{
    if (!protection_valid(p) || encryption_key.length != protection_encryption_key_length(p) ||
        integrity_key.length != protection_integrity_key_length(p) || !is_offered(p)) {
        return NULL;
    }
    struct protector *protector = calloc(1, sizeof(*protector));
    if (protector != NULL) {
        protector->protection = *p;
        protector->direction = direction;
        secret_set(&protector->encryption, encryption_key);
        secret_set(&protector->integrity, integrity_key);
    }
    return protector;
}

void protector_destroy(struct protector *protector)
{
    if (protector != NULL) {
        protector_rest(protector);
        octets_wipe(protector, sizeof(*protector));
        free(protector);
    }
}

enum status protector_next_iv(struct protector *protector, const struct random_source *random,
                              uint8_t *iv)
{
    if (protector->protection.cipher->aead) {
        return iv_counter_next(&protector->counter, iv) ? STATUS_OK : STATUS_INTERNAL;
    }
    return random_fill(random, iv, protector->protection.cipher->iv_length); /* RFC 3602 3 */
}

/* ---- AEAD ---- */

/* Give the context the nonce and the additional authenticated data, then run the text through. */
static bool aead_run(struct protector *protector, struct bytes aad, const uint8_t *iv,
                     uint8_t *text, size_t length)
{
    EVP_CIPHER_CTX *context = protector->cipher;
    uint8_t nonce[NONCE_LENGTH];
    memcpy(nonce, protector->encryption.data + protector->protection.key_bits / 8,
           NONCE_LENGTH - IV_COUNTER_LENGTH);
    memcpy(nonce + NONCE_LENGTH - IV_COUNTER_LENGTH, iv, IV_COUNTER_LENGTH);
    int written;
    return EVP_CipherInit_ex2(context, NULL, NULL, nonce, -1, NULL) == 1 &&
           (aad.length == 0 ||
            EVP_CipherUpdate(context, NULL, &written, aad.data, (int)aad.length) == 1) &&
           (length == 0 || EVP_CipherUpdate(context, text, &written, text, (int)length) == 1);
}

static enum status aead_seal(struct protector *protector, struct bytes aad, const uint8_t *iv,
                             uint8_t *text, size_t length, uint8_t *icv)
{
    uint8_t nothing[BLOCK_MAX];
    int written;
    if (!aead_run(protector, aad, iv, text, length) ||
        EVP_EncryptFinal_ex(protector->cipher, nothing, &written) != 1 ||
        EVP_CIPHER_CTX_ctrl(protector->cipher, EVP_CTRL_AEAD_GET_TAG,
                            (int)protector->protection.cipher->icv_length, icv) != 1) {
        return STATUS_INTERNAL;
    }
    return STATUS_OK;
}

static enum status aead_open(struct protector *protector, struct bytes aad, const uint8_t *iv,
                             uint8_t *text, size_t length, const uint8_t *icv)
{
    uint8_t nothing[BLOCK_MAX];
    uint8_t expected[PROTECTION_ICV_MAX]; /* the library wants it writable */
    int expected_length = (int)protector->protection.cipher->icv_length;
    int written;
    memcpy(expected, icv, (size_t)expected_length);
    if (!aead_run(protector, aad, iv, text, length) ||
        EVP_CIPHER_CTX_ctrl(protector->cipher, EVP_CTRL_AEAD_SET_TAG, expected_length, expected) !=
            1) {
        return STATUS_INTERNAL;
    }
    bool authentic = EVP_DecryptFinal_ex(protector->cipher, nothing, &written) == 1;
    return authentic ? STATUS_OK : STATUS_DROP;
}

/* ---- AES-CBC or nothing (RFC 2410) with HMAC, encrypt then MAC ---- */

static enum status text_run(struct protector *protector, const uint8_t *iv, uint8_t *text,
                            size_t length)
{
    int written = 0;
    if (protector->cipher == NULL) {
        return STATUS_OK;
    }
    if (EVP_CipherInit_ex2(protector->cipher, NULL, NULL, iv, -1, NULL) != 1 ||
        (length > 0 &&
         EVP_CipherUpdate(protector->cipher, text, &written, text, (int)length) != 1) ||
        (size_t)written != length) {
        return STATUS_INTERNAL;
    }
    return STATUS_OK;
}

/* The whole HMAC; the ICV is its first octets (RFC 4868 2.1.2). */
static void hmac_authenticate(const struct protector *protector, struct bytes aad,
                              const uint8_t *iv, const uint8_t *text, size_t length,
                              struct bytes aad_tail, uint8_t out[HMAC_OUTPUT_MAX])
{
    const struct bytes parts[] = {
        aad, {iv, protector->protection.cipher->iv_length}, {text, length}, aad_tail};
    hmac_compute(protector->hmac, parts, sizeof(parts) / sizeof(parts[0]), out);
}

static enum status hmac_seal(struct protector *protector, struct bytes aad, const uint8_t *iv,
                             uint8_t *text, size_t length, struct bytes aad_tail, uint8_t *icv)
{
    if (length % protector->protection.cipher->block_length != 0) {
        return STATUS_INTERNAL;
    }
    TRY(text_run(protector, iv, text, length));
    uint8_t mac[HMAC_OUTPUT_MAX];
    hmac_authenticate(protector, aad, iv, text, length, aad_tail, mac);
    memcpy(icv, mac, protector->protection.integrity->icv_length);
    return STATUS_OK;
}

static enum status hmac_open(struct protector *protector, struct bytes aad, const uint8_t *iv,
                             uint8_t *text, size_t length, struct bytes aad_tail,
                             const uint8_t *icv)
{
    if (length % protector->protection.cipher->block_length != 0) {
        return STATUS_DROP;
    }
    uint8_t mac[HMAC_OUTPUT_MAX];
    hmac_authenticate(protector, aad, iv, text, length, aad_tail, mac);
    if (!crypto_equal(mac, icv, protector->protection.integrity->icv_length)) {
        return STATUS_DROP;
    }
    return text_run(protector, iv, text, length);
}

/* ---- both ---- */

enum status protector_seal(struct protector *protector, struct bytes aad, const uint8_t *iv,
                           uint8_t *text, size_t length, struct bytes aad_tail, uint8_t *icv)
{
    assert(protector->direction == PROTECTOR_SEAL);
    if (length > INT_MAX || aad.length > INT_MAX || !(protector->ready || make_ready(protector))) {
        return STATUS_INTERNAL;
    }
    if (!protector->protection.cipher->aead) {
        return hmac_seal(protector, aad, iv, text, length, aad_tail, icv);
    }
    return aad_tail.length > 0 ? STATUS_INTERNAL : aead_seal(protector, aad, iv, text, length, icv);
}

enum status protector_open(struct protector *protector, struct bytes aad, const uint8_t *iv,
                           uint8_t *text, size_t length, struct bytes aad_tail, const uint8_t *icv)
{
    assert(protector->direction == PROTECTOR_OPEN);
    if (length > INT_MAX || aad.length > INT_MAX || !(protector->ready || make_ready(protector))) {
        return STATUS_INTERNAL;
    }
    if (!protector->protection.cipher->aead) {
        return hmac_open(protector, aad, iv, text, length, aad_tail, icv);
    }
    return aad_tail.length > 0 ? STATUS_INTERNAL : aead_open(protector, aad, iv, text, length, icv);
}
