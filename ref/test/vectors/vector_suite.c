/* Algorithms by the names the vector files use. */

#include "test/vectors/vector_suite.h"

#include <string.h>

#include "test/vectors/scripted_random.h"
#include "test/vectors/vector.h"

struct name {
    const char *text;
    uint16_t id;
};

static uint16_t find(const struct name *names, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].text, text) == 0) {
            return names[i].id;
        }
    }
    return UINT16_MAX;
}

bool suite_of(const json_t *object, struct protection *out)
{
    static const struct name ciphers[] = {{"ENCR_NULL", ENCR_NULL},
                                          {"ENCR_AES_CBC", ENCR_AES_CBC},
                                          {"ENCR_AES_GCM_16", ENCR_AES_GCM_16},
                                          {"ENCR_CHACHA20_POLY1305", ENCR_CHACHA20_POLY1305}};
    static const struct name integrities[] = {{"AUTH_HMAC_SHA2_256_128", AUTH_HMAC_SHA2_256_128},
                                              {"AUTH_HMAC_SHA2_384_192", AUTH_HMAC_SHA2_384_192},
                                              {"AUTH_HMAC_SHA2_512_256", AUTH_HMAC_SHA2_512_256}};
    const char *integrity = text_of(object, "integrity");
    *out = (struct protection){
        .cipher = cipher_algorithm_find(find(ciphers, 4, text_of(object, "encryption")))};
    if (*integrity != '\0') {
        out->integrity = integrity_algorithm_find(find(integrities, 3, integrity));
    }
    if (out->cipher == NULL) {
        return false;
    }
    size_t length = octets_of(object, "key").length;
    length -= length < out->cipher->salt_length ? length : out->cipher->salt_length;
    out->key_bits = (uint16_t)(length * 8);
    return protection_valid(out) &&
           octets_of(object, "integrityKey").length == protection_integrity_key_length(out);
}

const struct prf_algorithm *prf_named(const char *name)
{
    static const struct name names[] = {{"PRF_HMAC_SHA2_256", PRF_HMAC_SHA2_256},
                                        {"PRF_HMAC_SHA2_384", PRF_HMAC_SHA2_384},
                                        {"PRF_HMAC_SHA2_512", PRF_HMAC_SHA2_512}};
    return prf_algorithm_find(find(names, sizeof names / sizeof names[0], name));
}

const struct key_exchange_algorithm *key_exchange_named(const char *name)
{
    static const struct name names[] = {
        {"curve25519", KE_CURVE25519}, {"curve448", KE_CURVE448},  {"secp256r1", KE_ECP_256},
        {"secp384r1", KE_ECP_384},     {"secp521r1", KE_ECP_521},  {"modp2048", KE_MODP_2048},
        {"modp3072", KE_MODP_3072},    {"modp4096", KE_MODP_4096},
    };
    return key_exchange_algorithm_find(find(names, sizeof names / sizeof names[0], name));
}

struct key_exchange *key_exchange_from(const struct key_exchange_algorithm *algorithm,
                                       struct bytes private_key)
{
    struct scripted_random random;
    scripted_random_init(&random);
    scripted_random_add(&random, private_key);
    return key_exchange_create(algorithm, &random.source);
}
