/* The random ECP groups, RFC 5903: the public value is x | y, the shared secret is x alone. */

#include "crypto/key_exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#define COORDINATE_MAX 66
#define DRAWS_MAX 64 /* a source that fails so often is none: each draw fails with at most 1/2 */
#define UNCOMPRESSED 0x04 /* the octet in front of x | y that RFC 5903 7 leaves out */

struct ecp_group {
    const struct key_exchange_algorithm *algorithm;
    int library_id;
    uint8_t top_mask; /* bits of the scalar's first octet that can be set in one below the order */
    EC_GROUP *curve;  /* made once */
};

static struct ecp_group groups[] = {
    {&key_exchange_ecp_256, NID_X9_62_prime256v1, 0xff, NULL},
    {&key_exchange_ecp_384, NID_secp384r1, 0xff, NULL},
    {&key_exchange_ecp_521, NID_secp521r1, 0x01, NULL},
};
static once_flag groups_once = ONCE_FLAG_INIT;

#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

struct ecp_key {
    struct key_exchange head;
    const struct ecp_group *group;
    BIGNUM *scalar;
    uint8_t public_value[2 * COORDINATE_MAX];
};

static void groups_create(void)
{
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        groups[i].curve = EC_GROUP_new_by_curve_name(groups[i].library_id);
    }
}

/* NULL when the library cannot do the group. */
static const struct ecp_group *group_of(const struct key_exchange_algorithm *algorithm)
{
    call_once(&groups_once, groups_create);
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if (groups[i].algorithm == algorithm && groups[i].curve != NULL) {
            return &groups[i];
        }
    }
    return NULL;
}

/* A scalar from 1 to the order less 1, each as likely: what is out of range is drawn anew. */
static BIGNUM *scalar_draw(const struct ecp_group *group, const struct random_source *random)
{
    size_t length = group->algorithm->shared_length;
    const BIGNUM *order = EC_GROUP_get0_order(group->curve);
    BIGNUM *scalar = BN_new();
    uint8_t octets[COORDINATE_MAX];
    bool drawn = false;
    for (size_t i = 0; scalar != NULL && !drawn && i < DRAWS_MAX; i++) {
        if (random_fill(random, octets, length) != STATUS_OK) {
            break;
        }
        octets[0] &= group->top_mask;
        drawn = BN_bin2bn(octets, (int)length, scalar) != NULL && !BN_is_zero(scalar) &&
                BN_cmp(scalar, order) < 0;
    }
    octets_wipe(octets, sizeof(octets));
    if (!drawn) {
        BN_clear_free(scalar);
        return NULL;
    }
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    return scalar;
}

static bool public_compute(struct ecp_key *ecp)
{
    const EC_GROUP *curve = ecp->group->curve;
    size_t length = ecp->group->algorithm->public_length;
    uint8_t encoded[1 + sizeof(ecp->public_value)];
    EC_POINT *point = EC_POINT_new(curve);
    bool computed = point != NULL &&
                    EC_POINT_mul(curve, point, ecp->scalar, NULL, NULL, NULL) == 1 &&
                    EC_POINT_point2oct(curve, point, POINT_CONVERSION_UNCOMPRESSED, encoded,
                                       sizeof(encoded), NULL) == 1 + length;
    EC_POINT_free(point);
    if (computed) {
        memcpy(ecp->public_value, encoded + 1, length);
    }
    return computed;
}

static void ecp_destroy(struct key_exchange *key)
{
    struct ecp_key *ecp = (struct ecp_key *)key;
    BN_clear_free(ecp->scalar);
    free(ecp);
}

static struct key_exchange *ecp_create(const struct key_exchange_algorithm *algorithm,
                                       const struct random_source *random)
{
    const struct ecp_group *group = group_of(algorithm);
    struct ecp_key *ecp = calloc(1, sizeof(*ecp));
    if (group == NULL || ecp == NULL) {
        free(ecp);
        return NULL;
    }
    ecp->group = group;
    ecp->scalar = scalar_draw(group, random);
    if (ecp->scalar == NULL || !public_compute(ecp)) {
        ERR_clear_error();
        ecp_destroy(&ecp->head);
        return NULL;
    }
    return &ecp->head;
}

static struct bytes ecp_public_value(const struct key_exchange *key)
{
    return bytes_of(((const struct ecp_key *)key)->public_value, key->algorithm->public_length);
}

/* RFC 6989 2.3: both coordinates below p and on the curve. The order is prime with cofactor 1, and
 * the point at infinity has no such encoding, so every such point is good. */
static enum status point_decode(const struct ecp_group *group, struct bytes peer, EC_POINT *point)
{
    uint8_t encoded[1 + 2 * COORDINATE_MAX];
    assert(peer.length < sizeof(encoded));
    encoded[0] = UNCOMPRESSED;
    memcpy(encoded + 1, peer.data, peer.length);
    if (EC_POINT_oct2point(group->curve, point, encoded, 1 + peer.length, NULL) != 1 ||
        EC_POINT_is_on_curve(group->curve, point, NULL) != 1) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return STATUS_OK;
}

static enum status point_multiply(const struct ecp_key *ecp, const EC_POINT *peer,
                                  struct shared_secret *out)
{
    const EC_GROUP *curve = ecp->group->curve;
    size_t length = ecp->group->algorithm->shared_length;
    EC_POINT *product = EC_POINT_new(curve);
    BIGNUM *x = BN_new();
    bool computed = product != NULL && x != NULL &&
                    EC_POINT_mul(curve, product, NULL, peer, ecp->scalar, NULL) == 1 &&
                    EC_POINT_get_affine_coordinates(curve, product, x, NULL, NULL) == 1 &&
                    BN_bn2binpad(x, out->data, (int)length) == (int)length;
    BN_clear_free(x);
    EC_POINT_clear_free(product);
    if (!computed) {
        return STATUS_INTERNAL;
    }
    out->length = length;
    return STATUS_OK;
}

static enum status ecp_derive(struct key_exchange *key, struct bytes peer,
                              struct shared_secret *out)
{
    const struct ecp_key *ecp = (const struct ecp_key *)key;
    EC_POINT *point = EC_POINT_new(ecp->group->curve);
    enum status status = STATUS_INTERNAL;
    if (point != NULL) {
        status = point_decode(ecp->group, peer, point);
    }
    if (status == STATUS_OK) {
        status = point_multiply(ecp, point, out);
    }
    if (status != STATUS_OK) {
        ERR_clear_error();
    }
    EC_POINT_free(point);
    return status;
}

const struct key_exchange_algorithm key_exchange_ecp_256 = {
    KE_ECP_256, "ecp256", 64, 32, ecp_create, ecp_public_value, ecp_derive, ecp_destroy,
};

const struct key_exchange_algorithm key_exchange_ecp_384 = {
    KE_ECP_384, "ecp384", 96, 48, ecp_create, ecp_public_value, ecp_derive, ecp_destroy,
};

const struct key_exchange_algorithm key_exchange_ecp_521 = {
    KE_ECP_521, "ecp521", 132, 66, ecp_create, ecp_public_value, ecp_derive, ecp_destroy,
};
