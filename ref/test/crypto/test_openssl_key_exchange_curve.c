/* X25519 and X448 against RFC 7748. */

#include "crypto_support.h"

struct pair {
    uint16_t id;
    const char *private_a, *public_a, *private_b, *public_b, *shared;
};

/* RFC 7748 6.1 and 6.2 */
static const struct pair pairs[] = {
    {KE_CURVE25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
     "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
     "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
     "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
     "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
    {KE_CURVE448,
     "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
     "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
     "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
     "22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
     "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d"
     "6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
     "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
     "27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
     "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b"
     "b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d"},
};

struct product {
    uint16_t id;
    const char *scalar, *u, *result;
};

/* RFC 7748 5.2; the second of X25519 has the top bit set, which is to be masked (RFC 8031 3.2) */
static const struct product products[] = {
    {KE_CURVE25519, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
     "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
     "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
    {KE_CURVE25519, "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
     "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
     "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
    {KE_CURVE448,
     "3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121"
     "700a779c984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3",
     "06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9"
     "814dc031ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086",
     "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239f"
     "e14fbaadeb445fc66a01b0779d98223961111e21766282f73dd96b6f"},
    {KE_CURVE448,
     "203d494428b8399352665ddca42f9de8fef600908e0d461cb021f8c5"
     "38345dd77c3e4806e25f46d3315c44e0a5b4371282dd2c8d5be3095f",
     "0fbcc2f993cd56d3305b0b7d9e55d4c1a8fb5dbb52f8e9a1e9b6201b"
     "165d015894e56c4d3570bee52fe205e28a78b91cdfbde71ce8d157db",
     "884a02576239ff7a2f2f63b2db6a9ff37047ac13568e1e30fe63c4a7"
     "ad1b3ee3a5700df34321d62077e63633c575c1c954514e99da7c179d"},
};

static void assert_product(uint16_t id, const char *scalar, const char *u, const char *result)
{
    struct key_exchange *key = test_key_from_hex(id, scalar);
    struct test_octets peer = test_octets_from_hex(u);
    struct shared_secret secret;
    assert_int_equal(key_exchange_derive(key, test_octets_bytes(&peer), &secret), STATUS_OK);
    assert_octets_equal_hex(secret.data, secret.length, result);
    key_exchange_destroy(key);
}

static void assert_public(uint16_t id, const char *scalar, const char *public_value)
{
    struct key_exchange *key = test_key_from_hex(id, scalar);
    struct bytes value = key_exchange_public(key);
    assert_octets_equal_hex(value.data, value.length, public_value);
    key_exchange_destroy(key);
}

static void test_rfc_7748_key_agreement(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const struct pair *pair = &pairs[i];
        assert_public(pair->id, pair->private_a, pair->public_a);
        assert_public(pair->id, pair->private_b, pair->public_b);
        assert_product(pair->id, pair->private_a, pair->public_b, pair->shared);
        assert_product(pair->id, pair->private_b, pair->public_a, pair->shared);
    }
}

static void test_rfc_7748_products(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
        const struct product *product = &products[i];
        assert_product(product->id, product->scalar, product->u, product->result);
    }
}

/* u = 9 + p is 9 in another dress, and must be taken (RFC 8031 3.2). */
static void test_a_value_above_p_is_reduced(void **state)
{
    (void)state;
    assert_product(KE_CURVE25519, pairs[0].private_a,
                   "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                   pairs[0].public_a);
}

struct point {
    uint16_t id;
    const char *u;
};

/* Every u of small order on the curve and its twist, and the same plus p where it fits. */
static const struct point small_order[] = {
    {KE_CURVE25519, "0000000000000000000000000000000000000000000000000000000000000000"},
    {KE_CURVE25519, "0100000000000000000000000000000000000000000000000000000000000000"},
    {KE_CURVE25519, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"},
    {KE_CURVE25519, "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"},
    {KE_CURVE25519, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {KE_CURVE25519, "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {KE_CURVE25519, "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {KE_CURVE25519, "0000000000000000000000000000000000000000000000000000000000000080"},
    {KE_CURVE448, "00000000000000000000000000000000000000000000000000000000"
                  "00000000000000000000000000000000000000000000000000000000"},
    {KE_CURVE448, "01000000000000000000000000000000000000000000000000000000"
                  "00000000000000000000000000000000000000000000000000000000"},
    {KE_CURVE448, "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
                  "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {KE_CURVE448, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
                  "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {KE_CURVE448, "00000000000000000000000000000000000000000000000000000000"
                  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
};

static void test_small_order_is_invalid_syntax(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(small_order) / sizeof(small_order[0]); i++) {
        const struct key_exchange_algorithm *algorithm =
            key_exchange_algorithm_find(small_order[i].id);
        struct key_exchange *key = key_exchange_create(algorithm, &random_system);
        struct test_octets peer = test_octets_from_hex(small_order[i].u);
        struct shared_secret secret;
        assert_int_equal(key_exchange_derive(key, test_octets_bytes(&peer), &secret),
                         STATUS_NOTIFY(INVALID_SYNTAX));
        assert_int_equal(secret.length, 0);
        key_exchange_destroy(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_7748_key_agreement),
        cmocka_unit_test(test_rfc_7748_products),
        cmocka_unit_test(test_a_value_above_p_is_reduced),
        cmocka_unit_test(test_small_order_is_invalid_syntax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
