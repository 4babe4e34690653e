/* Key exchange methods by transform ID, and the calls every one of them answers. */

#include "crypto/key_exchange.h"

#include <assert.h>

#define PRIVATE_ID_FIRST 32768 /* the registry leaves IDs from here on to us */
#define STAND_INS_MAX 8

static const struct key_exchange_algorithm *const algorithms[] = {
    &key_exchange_modp_2048, &key_exchange_modp_3072, &key_exchange_modp_4096,
    &key_exchange_ecp_256,   &key_exchange_ecp_384,   &key_exchange_ecp_521,
    &key_exchange_x25519,    &key_exchange_x448,
};

static const struct key_exchange_algorithm *stand_ins[STAND_INS_MAX];
static size_t stand_in_count;

static const struct key_exchange_algorithm *
find(const struct key_exchange_algorithm *const *records, size_t count, uint16_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (records[i]->id == id) {
            return records[i];
        }
    }
    return NULL;
}

const struct key_exchange_algorithm *key_exchange_algorithm_find(uint16_t id)
{
    if (id >= PRIVATE_ID_FIRST) {
        return find(stand_ins, stand_in_count, id);
    }
    return find(algorithms, sizeof(algorithms) / sizeof(algorithms[0]), id);
}

void key_exchange_algorithm_register(const struct key_exchange_algorithm *algorithm)
{
    if (algorithm == NULL) {
        stand_in_count = 0;
        return;
    }
    assert(algorithm->id >= PRIVATE_ID_FIRST);
    assert(find(stand_ins, stand_in_count, algorithm->id) == NULL);
    assert(stand_in_count < STAND_INS_MAX);
    stand_ins[stand_in_count++] = algorithm;
}

struct key_exchange *key_exchange_create(const struct key_exchange_algorithm *algorithm,
                                         const struct random_source *random)
{
    assert(algorithm->public_length <= KEY_EXCHANGE_MAX);
    assert(algorithm->shared_length <= KEY_EXCHANGE_MAX);
    struct key_exchange *key = algorithm->create(algorithm, random);
    if (key != NULL) {
        key->algorithm = algorithm;
    }
    return key;
}

struct bytes key_exchange_public(const struct key_exchange *key)
{
    return key->algorithm->public_value(key);
}

const struct key_exchange_algorithm *key_exchange_algorithm_of(const struct key_exchange *key)
{
    return key->algorithm;
}

enum status key_exchange_derive(struct key_exchange *key, struct bytes peer_public,
                                struct shared_secret *out)
{
    out->length = 0;
    if (peer_public.length != key->algorithm->public_length) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    enum status status = key->algorithm->derive(key, peer_public, out);
    if (status != STATUS_OK) {
        shared_secret_wipe(out);
    }
    return status;
}

void key_exchange_destroy(struct key_exchange *key)
{
    if (key != NULL) {
        key->algorithm->destroy(key);
    }
}

void shared_secret_wipe(struct shared_secret *secret)
{
    octets_wipe(secret, sizeof(*secret));
}
