/* AEADs and AES-CBC through the protector that SK and ESP use. */

#include "test/vectors/vector.h"

#include <string.h>

#include "crypto/protection.h"

#define SALT_LENGTH 4
#define NONCE_LENGTH 12
#define TAG_LENGTH 16

static uint16_t aead_id(const char *algorithm)
{
    if (strcmp(algorithm, "AES-GCM") == 0) {
        return ENCR_AES_GCM_16;
    }
    return strcmp(algorithm, "CHACHA20-POLY1305") == 0 ? ENCR_CHACHA20_POLY1305 : 0;
}

/* The ciphertext and tag that sealing gives are the stated ones. */
static bool seals(const struct vector *v, const struct protection *p, struct bytes key,
                  struct bytes iv)
{
    struct bytes text = octets_of(v->test, "msg");
    struct bytes ct = octets_of(v->test, "ct");
    uint8_t tag[TAG_LENGTH];
    struct protector *protector = protector_create(p, key, bytes_of("", 0), PROTECTOR_SEAL);
    bool same = protector != NULL &&
                protector_seal(protector, octets_of(v->test, "aad"), iv.data, (uint8_t *)text.data,
                               text.length, bytes_of(NULL, 0), tag) == STATUS_OK &&
                bytes_equal(text, ct) &&
                bytes_equal(bytes_of(tag, sizeof tag), octets_of(v->test, "tag"));
    protector_destroy(protector);
    return same;
}

static bool opens(const struct vector *v, const struct protection *p, struct bytes key,
                  struct bytes iv)
{
    struct bytes text = octets_of(v->test, "ct");
    struct bytes tag = octets_of(v->test, "tag");
    struct protector *protector = protector_create(p, key, bytes_of("", 0), PROTECTOR_OPEN);
    bool good = protector != NULL && tag.length == TAG_LENGTH &&
                protector_open(protector, octets_of(v->test, "aad"), iv.data, (uint8_t *)text.data,
                               text.length, bytes_of(NULL, 0), tag.data) == STATUS_OK;
    if (good && json_object_get(v->test, "msg") != NULL) {
        good = bytes_equal(text, octets_of(v->test, "msg"));
    }
    protector_destroy(protector);
    return good;
}

struct outcome aead_run(const struct vector *v)
{
    struct bytes nonce = octets_of(v->test, "iv");
    struct bytes key = octets_of(v->test, "key");
    uint16_t id = aead_id(v->algorithm);
    struct protection p = {.cipher = cipher_algorithm_find(id),
                           .key_bits = (uint16_t)(key.length * 8)};
    if (id == 0) {
        return outcome_not_applicable("the reference has no %s yet", v->algorithm);
    }
    if (nonce.length != NONCE_LENGTH) {
        return outcome_not_applicable("IPsec nonces have 12 octets");
    }
    if (number_of(v->group, "tagSize") != TAG_LENGTH * 8) {
        return outcome_not_applicable("the reference has ICVs of 16 octets only");
    }
    if (!protection_valid(&p)) {
        return outcome_of(v, false);
    }
    struct bytes with_salt = octets_join(key, bytes_of(nonce.data, SALT_LENGTH));
    struct bytes iv = bytes_of(nonce.data + SALT_LENGTH, NONCE_LENGTH - SALT_LENGTH);
    bool accepted = opens(v, &p, with_salt, iv);
    if (accepted && json_object_get(v->test, "msg") != NULL && !seals(v, &p, with_salt, iv)) {
        return outcome_failed("opens, but seals to other octets");
    }
    return outcome_of(v, accepted);
}

static struct bytes pad(struct bytes text)
{
    uint8_t padding[16];
    size_t length = sizeof padding - text.length % sizeof padding;
    memset(padding, (int)length, length);
    return octets_join(text, bytes_of(padding, length));
}

/* The reference has CBC with an HMAC only: the HMAC gets a key of our own and is not looked at. */
struct outcome cbc_run(const struct vector *v)
{
    static const uint8_t integrity_key[32];
    struct bytes key = octets_of(v->test, "key");
    struct bytes iv = octets_of(v->test, "iv");
    struct bytes text = octets_of(v->test, "msg");
    struct protection p = {.cipher = cipher_algorithm_find(ENCR_AES_CBC),
                           .key_bits = (uint16_t)(key.length * 8),
                           .integrity = integrity_algorithm_find(AUTH_HMAC_SHA2_256_128)};
    uint8_t icv[PROTECTION_ICV_MAX];
    if (strncmp(v->algorithm, "AES-CBC", 7) != 0) {
        return outcome_not_applicable("the reference has no %s yet", v->algorithm);
    }
    if (strcmp(v->result, "valid") != 0) {
        return outcome_not_applicable("PKCS #5 padding is neither IKE's nor ESP's");
    }
    if (strstr(v->algorithm, "PKCS5") != NULL) {
        text = pad(text);
    }
    uint8_t *work = (uint8_t *)octets_join(text, bytes_of("", 0)).data;
    struct bytes integrity = bytes_of(integrity_key, sizeof integrity_key);
    struct bytes none = bytes_of(NULL, 0);
    struct protector *sealer = protector_create(&p, key, integrity, PROTECTOR_SEAL);
    struct protector *opener = protector_create(&p, key, integrity, PROTECTOR_OPEN);
    bool good = sealer != NULL && opener != NULL && iv.length == 16 &&
                protector_seal(sealer, none, iv.data, work, text.length, none, icv) == STATUS_OK &&
                bytes_equal(bytes_of(work, text.length), octets_of(v->test, "ct")) &&
                protector_open(opener, none, iv.data, work, text.length, none, icv) == STATUS_OK &&
                bytes_equal(bytes_of(work, text.length), text);
    protector_destroy(sealer);
    protector_destroy(opener);
    return outcome_of(v, good);
}
