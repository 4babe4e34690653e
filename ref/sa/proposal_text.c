/* Proposals as a person writes them: words joined by hyphens, one table of words. */

#include "sa/config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "crypto/protection.h"

struct word {
    const char *text;
    uint8_t type;
    uint16_t id;
    uint16_t key_bits;
};

static const struct word words[] = {
    {"null", TRANSFORM_ENCR, ENCR_NULL, 0},
    {"aes128", TRANSFORM_ENCR, ENCR_AES_CBC, 128},
    {"aes192", TRANSFORM_ENCR, ENCR_AES_CBC, 192},
    {"aes256", TRANSFORM_ENCR, ENCR_AES_CBC, 256},
    {"aes128gcm16", TRANSFORM_ENCR, ENCR_AES_GCM_16, 128},
    {"aes192gcm16", TRANSFORM_ENCR, ENCR_AES_GCM_16, 192},
    {"aes256gcm16", TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
    {"chacha20poly1305", TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, 0},
    {"sha1", TRANSFORM_INTEG, AUTH_HMAC_SHA1_96, 0},
    {"sha256", TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0},
    {"sha384", TRANSFORM_INTEG, AUTH_HMAC_SHA2_384_192, 0},
    {"sha512", TRANSFORM_INTEG, AUTH_HMAC_SHA2_512_256, 0},
    {"prfsha1", TRANSFORM_PRF, PRF_HMAC_SHA1, 0},
    {"prfsha256", TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
    {"prfsha384", TRANSFORM_PRF, PRF_HMAC_SHA2_384, 0},
    {"prfsha512", TRANSFORM_PRF, PRF_HMAC_SHA2_512, 0},
    {"x25519", TRANSFORM_KE, KE_CURVE25519, 0},
    {"x448", TRANSFORM_KE, KE_CURVE448, 0},
    {"ecp256", TRANSFORM_KE, KE_ECP_256, 0},
    {"ecp384", TRANSFORM_KE, KE_ECP_384, 0},
    {"ecp521", TRANSFORM_KE, KE_ECP_521, 0},
    {"modp2048", TRANSFORM_KE, KE_MODP_2048, 0},
    {"modp3072", TRANSFORM_KE, KE_MODP_3072, 0},
    {"modp4096", TRANSFORM_KE, KE_MODP_4096, 0},
    {"esn", TRANSFORM_ESN, ESN_YES, 0},
    {"noesn", TRANSFORM_ESN, ESN_NO, 0},
};

#define WORD_COUNT (sizeof words / sizeof words[0])
static_assert(WORD_COUNT <= TRANSFORMS_MAX, "one of each has room");

static const struct word *word_find(const char *text, size_t length)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strlen(words[i].text) == length && memcmp(words[i].text, text, length) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

static void add(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
    p->transforms[p->count++] = (struct transform){.type = type, .id = id, .key_bits = key_bits};
}

static bool has(const struct proposal *p, const struct word *word)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct transform *t = &p->transforms[i];
        if (t->type == word->type && t->id == word->id && t->key_bits == word->key_bits) {
            return true;
        }
    }
    return false;
}

static bool has_type(const struct proposal *p, uint8_t type)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->transforms[i].type == type) {
            return true;
        }
    }
    return false;
}

/* With CBC the PRF follows the hash when none was named. */
static void prf_from_hash(struct proposal *p)
{
    static const uint16_t pairs[][2] = {
        {AUTH_HMAC_SHA1_96, PRF_HMAC_SHA1},
        {AUTH_HMAC_SHA2_256_128, PRF_HMAC_SHA2_256},
        {AUTH_HMAC_SHA2_384_192, PRF_HMAC_SHA2_384},
        {AUTH_HMAC_SHA2_512_256, PRF_HMAC_SHA2_512},
    };
    size_t count = p->count;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++) {
            if (p->transforms[i].type == TRANSFORM_INTEG && p->transforms[i].id == pairs[k][0]) {
                add(p, TRANSFORM_PRF, pairs[k][1], 0);
            }
        }
    }
}

/* Every cipher of the proposal is an AEAD (or none is). */
static bool ciphers_of_kind(const struct proposal *p, bool aead)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct transform *t = &p->transforms[i];
        if (t->type == TRANSFORM_ENCR && cipher_algorithm_find(t->id)->aead != aead) {
            return false;
        }
    }
    return true;
}

static bool has_null(const struct proposal *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->transforms[i].type == TRANSFORM_ENCR && p->transforms[i].id == ENCR_NULL) {
            return true;
        }
    }
    return false;
}

static const char *complete(struct proposal *p, uint8_t protocol)
{
    if (!has_type(p, TRANSFORM_ENCR)) {
        return "a cipher is missing: add one such as aes256gcm16";
    }
    if (!ciphers_of_kind(p, true) && !ciphers_of_kind(p, false)) {
        return "AES-CBC or null and AEAD ciphers cannot share a proposal: write two";
    }
    if (ciphers_of_kind(p, true) == has_type(p, TRANSFORM_INTEG)) {
        return "AES-CBC and null need a hash (sha256, sha384, sha512); "
               "GCM and ChaCha20-Poly1305 take none";
    }
    if (protocol == PROTOCOL_ESP) {
        if (has_type(p, TRANSFORM_PRF)) {
            return "a prf belongs into an IKE proposal, not into an ESP one";
        }
        if (!has_type(p, TRANSFORM_ESN)) {
            add(p, TRANSFORM_ESN, ESN_NO, 0);
        }
        return NULL;
    }
    if (has_null(p)) {
        return "null belongs into an ESP proposal: IKE is always encrypted"; /* RFC 8247 2.1 */
    }
    if (has_type(p, TRANSFORM_ESN)) {
        return "esn and noesn belong into an ESP proposal, not into an IKE one";
    }
    if (!has_type(p, TRANSFORM_PRF)) {
        prf_from_hash(p);
    }
    if (!has_type(p, TRANSFORM_PRF)) {
        return "a prf is missing: add prfsha256, prfsha384 or prfsha512";
    }
    return has_type(p, TRANSFORM_KE) ? NULL : "a key exchange is missing: add one such as x25519";
}

bool proposal_parse_text(const char *text, uint8_t protocol, struct proposal *out,
                         const char **error)
{
    memset(out, 0, sizeof *out);
    out->protocol = protocol;
    *error = "unknown word: expected words such as aes256gcm16, aes128, sha256, prfsha256, x25519, "
             "ecp256, modp3072, esn, joined by hyphens";
    while (*text != '\0') {
        size_t length = strcspn(text, "-");
        const struct word *word = word_find(text, length);
        if (word == NULL) {
            return false;
        }
        if (has(out, word)) { /* so all of them have room, and each can be written out again */
            *error = "a word stands there twice: name each algorithm once";
            return false;
        }
        add(out, word->type, word->id, word->key_bits);
        text += length;
        if (*text == '-') {
            text++;
            if (*text == '\0') {
                return false;
            }
        }
    }
    *error = complete(out, protocol);
    return *error == NULL;
}

char *proposal_format_text(const struct proposal *p, char out[PROPOSAL_TEXT_MAX])
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < p->count; i++) {
        const struct transform *t = &p->transforms[i];
        if (t->type == TRANSFORM_ESN && t->id == ESN_NO) {
            continue; /* the default goes without saying */
        }
        for (size_t k = 0; k < WORD_COUNT; k++) {
            if (words[k].type == t->type && words[k].id == t->id &&
                words[k].key_bits == t->key_bits) {
                size_t need = strlen(words[k].text) + (at > 0);
                if (at + need + 1 > PROPOSAL_TEXT_MAX) {
                    return out;
                }
                at += (size_t)sprintf(out + at, "%s%s", at > 0 ? "-" : "", words[k].text);
            }
        }
    }
    return out;
}
