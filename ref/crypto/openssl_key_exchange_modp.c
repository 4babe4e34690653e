/* The MODP groups with generator 2, RFC 3526: values are as long as the prime, zeros in front. */

#include "crypto/key_exchange.h"

#include <stdlib.h>
#include <threads.h>

#include <openssl/bn.h>
#include <openssl/err.h>

#define DRAWS_MAX 64

struct modp_group {
    const struct key_exchange_algorithm *algorithm;
    BIGNUM *(*prime)(BIGNUM *);
    size_t exponent_length; /* octets: at least the larger estimate of RFC 3526 8 */
    BIGNUM *p;              /* these three are made once */
    BIGNUM *p_less_1;
    BN_MONT_CTX *montgomery;
};

static struct modp_group groups[] = {
    {&key_exchange_modp_2048, BN_get_rfc3526_prime_2048, 40, NULL, NULL, NULL},
    {&key_exchange_modp_3072, BN_get_rfc3526_prime_3072, 56, NULL, NULL, NULL},
    {&key_exchange_modp_4096, BN_get_rfc3526_prime_4096, 64, NULL, NULL, NULL},
};
static once_flag groups_once = ONCE_FLAG_INIT;

#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

struct modp_key {
    struct key_exchange head;
    const struct modp_group *group;
    BIGNUM *exponent;
    uint8_t public_value[KEY_EXCHANGE_MAX];
};

static bool group_create(struct modp_group *group, BN_CTX *scratch)
{
    group->p = group->prime(NULL);
    group->p_less_1 = group->prime(NULL);
    group->montgomery = BN_MONT_CTX_new();
    return group->p != NULL && group->p_less_1 != NULL && group->montgomery != NULL &&
           BN_sub_word(group->p_less_1, 1) == 1 &&
           BN_MONT_CTX_set(group->montgomery, group->p, scratch) == 1;
}

static void groups_create(void)
{
    BN_CTX *scratch = BN_CTX_new();
    for (size_t i = 0; scratch != NULL && i < GROUP_COUNT; i++) {
        if (!group_create(&groups[i], scratch)) {
            BN_MONT_CTX_free(groups[i].montgomery);
            groups[i].montgomery = NULL; /* the mark of a group we cannot do */
        }
    }
    BN_CTX_free(scratch);
}

/* NULL when the library cannot do the group. */
static const struct modp_group *group_of(const struct key_exchange_algorithm *algorithm)
{
    call_once(&groups_once, groups_create);
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if (groups[i].algorithm == algorithm && groups[i].montgomery != NULL) {
            return &groups[i];
        }
    }
    return NULL;
}

/* base ^ exponent mod p, padded to the prime's length (RFC 7296 2.14). */
static bool power(const struct modp_group *group, const BIGNUM *base, const BIGNUM *exponent,
                  uint8_t *out)
{
    int length = (int)group->algorithm->public_length;
    BN_CTX *scratch = BN_CTX_new();
    BIGNUM *result = BN_new();
    bool computed = scratch != NULL && result != NULL &&
                    BN_mod_exp_mont_consttime(result, base, exponent, group->p, scratch,
                                              group->montgomery) == 1 &&
                    BN_bn2binpad(result, out, length) == length;
    BN_clear_free(result);
    BN_CTX_free(scratch);
    return computed;
}

/* An exponent of at least 2: 0 and 1 give public values that the peer must refuse or can read. */
static BIGNUM *exponent_draw(const struct modp_group *group, const struct random_source *random)
{
    BIGNUM *exponent = BN_new();
    struct secret octets = {.length = group->exponent_length};
    bool drawn = false;
    for (size_t i = 0; exponent != NULL && !drawn && i < DRAWS_MAX; i++) {
        if (random_fill(random, octets.data, octets.length) != STATUS_OK) {
            break;
        }
        drawn = BN_bin2bn(octets.data, (int)octets.length, exponent) != NULL &&
                BN_num_bits(exponent) > 1;
    }
    secret_wipe(&octets);
    if (!drawn) {
        BN_clear_free(exponent);
        return NULL;
    }
    BN_set_flags(exponent, BN_FLG_CONSTTIME);
    return exponent;
}

static bool public_compute(struct modp_key *modp)
{
    BIGNUM *generator = BN_new();
    bool computed = generator != NULL && BN_set_word(generator, 2) == 1 &&
                    power(modp->group, generator, modp->exponent, modp->public_value);
    BN_free(generator);
    return computed;
}

static void modp_destroy(struct key_exchange *key)
{
    struct modp_key *modp = (struct modp_key *)key;
    BN_clear_free(modp->exponent);
    free(modp);
}

static struct key_exchange *modp_create(const struct key_exchange_algorithm *algorithm,
                                        const struct random_source *random)
{
    const struct modp_group *group = group_of(algorithm);
    struct modp_key *modp = calloc(1, sizeof(*modp));
    if (group == NULL || modp == NULL) {
        free(modp);
        return NULL;
    }
    modp->group = group;
    modp->exponent = exponent_draw(group, random);
    if (modp->exponent == NULL || !public_compute(modp)) {
        ERR_clear_error();
        modp_destroy(&modp->head);
        return NULL;
    }
    return &modp->head;
}

static struct bytes modp_public_value(const struct key_exchange *key)
{
    return bytes_of(((const struct modp_key *)key)->public_value, key->algorithm->public_length);
}

static enum status modp_derive(struct key_exchange *key, struct bytes peer,
                               struct shared_secret *out)
{
    const struct modp_key *modp = (const struct modp_key *)key;
    BIGNUM *value = BN_bin2bn(peer.data, (int)peer.length, NULL);
    enum status status = STATUS_INTERNAL;
    if (value == NULL) {
        status = STATUS_INTERNAL;
    } else if (BN_num_bits(value) <= 1 || BN_cmp(value, modp->group->p_less_1) >= 0) {
        status = STATUS_NOTIFY(INVALID_SYNTAX); /* RFC 6989 2.1: 1 < r < p - 1 */
    } else if (power(modp->group, value, modp->exponent, out->data)) {
        out->length = key->algorithm->shared_length;
        status = STATUS_OK;
    }
    if (status != STATUS_OK) {
        ERR_clear_error();
    }
    BN_free(value);
    return status;
}

const struct key_exchange_algorithm key_exchange_modp_2048 = {
    KE_MODP_2048, "modp2048", 256, 256, modp_create, modp_public_value, modp_derive, modp_destroy,
};

const struct key_exchange_algorithm key_exchange_modp_3072 = {
    KE_MODP_3072, "modp3072", 384, 384, modp_create, modp_public_value, modp_derive, modp_destroy,
};

const struct key_exchange_algorithm key_exchange_modp_4096 = {
    KE_MODP_4096, "modp4096", 512, 512, modp_create, modp_public_value, modp_derive, modp_destroy,
};
