/* A pair of protectors of one suite, and randomness that counts. */
#include "test/protect/seal_lab.h"

#include <assert.h>
#include <string.h>

const uint16_t seal_lab_suites[SEAL_LAB_SUITES][3] = {
    {ENCR_AES_GCM_16, 128, 0},
    {ENCR_CHACHA20_POLY1305, 256, 0},
    {ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128},
    {ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256},
};

static uint8_t next_octet;

static bool fill(void *context, uint8_t *out, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        out[i] = next_octet++;
    }
    return true;
}

const struct random_source seal_lab_random = {fill, NULL};

void seal_lab_begin(struct seal_lab *lab, const uint16_t suite[3])
{
    uint8_t key[128];
    memset(key, 7, sizeof key);
    lab->protection =
        (struct protection){.cipher = cipher_algorithm_find(suite[0]),
                            .key_bits = suite[1],
                            .integrity = suite[2] != 0 ? integrity_algorithm_find(suite[2]) : NULL};
    struct bytes encryption = bytes_of(key, protection_encryption_key_length(&lab->protection));
    struct bytes mac = bytes_of(key, protection_integrity_key_length(&lab->protection));
    lab->seal = protector_create(&lab->protection, encryption, mac, PROTECTOR_SEAL);
    lab->open = protector_create(&lab->protection, encryption, mac, PROTECTOR_OPEN);
    assert(lab->seal != NULL && lab->open != NULL);
}

void seal_lab_end(struct seal_lab *lab)
{
    protector_destroy(lab->seal);
    protector_destroy(lab->open);
}
