/* PRF and prf+ against RFC 4231 (which RFC 4868 2.7.1 repeats) and an expansion done by hand. */

#include "crypto_support.h"

#include <string.h>

struct vector {
    const char *key, *data;
    const char *output[3]; /* SHA-256, SHA-384, SHA-512; test case 5 gives the first 16 octets */
};

static const struct vector vectors[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "4869205468657265",
     {"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f"
      "4af152e8b2fa9cb6",
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702"
      "038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"}},
    {"4a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     {"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c7"
      "8b3239ecfab21649",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a"
      "6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"}},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddd",
     {"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
      "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b9"
      "4e3ab6e101a34f27",
      "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c8"
      "06b485a47e67c807b946a337bee8942674278859e13292fb"}},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcdcdcdcdcdcdcdcdcd",
     {"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
      "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679"
      "ccf8a386c674cffb",
      "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4"
      "d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"}},
    {"0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
     "546573742057697468205472756e636174696f6e",
     {"a3b6167473100ee06e0c796c2955552b", "3abf34c3503b2a23a46efc619baef897",
      "415fad6271580a531d4179bc891d87a6"}},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
     "48617368204b6579204669727374",
     {"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe82"
      "96248df163f44952",
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598"
      "bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"}},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaa",
     "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
     "2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a652064"
     "6174612e20546865206b6579206e6565647320746f20626520686173686564206265666f72652062"
     "65696e6720757365642062792074686520484d414320616c676f726974686d2e",
     {"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
      "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d"
      "3860e6110c46523e",
      "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b1"
      "0d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58"}},
};

static const uint16_t ids[] = {PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512};

static void test_rfc_4231(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct test_octets key = test_octets_from_hex(vectors[i].key);
        struct test_octets data = test_octets_from_hex(vectors[i].data);
        struct bytes part = test_octets_bytes(&data);
        for (size_t j = 0; j < 3; j++) {
            const struct prf_algorithm *prf = prf_algorithm_find(ids[j]);
            uint8_t out[PRF_OUTPUT_MAX];
            assert_int_equal(prf_compute(prf, test_octets_bytes(&key), &part, 1, out), STATUS_OK);
            size_t length = strlen(vectors[i].output[j]) / 2;
            assert_true(length == prf->output_length || (i == 4 && length == 16));
            assert_octets_equal_hex(out, length, vectors[i].output[j]);
        }
    }
}

/* RFC 2202 3 */
static void test_sha1(void **state)
{
    (void)state;
    const struct prf_algorithm *prf = prf_algorithm_find(PRF_HMAC_SHA1);
    struct bytes part = bytes_of("what do ya want for nothing?", 28);
    uint8_t out[PRF_OUTPUT_MAX];
    assert_int_equal(prf_compute(prf, bytes_of("Jefe", 4), &part, 1, out), STATUS_OK);
    assert_octets_equal_hex(out, prf->output_length, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_int_equal(prf->key_length, 20);
}

static void test_parts_are_joined(void **state)
{
    (void)state;
    const struct bytes parts[] = {bytes_of("what do ya ", 11), bytes_of(NULL, 0),
                                  bytes_of("want for", 8), bytes_of(" nothing?", 9)};
    for (size_t j = 0; j < 3; j++) {
        const struct prf_algorithm *prf = prf_algorithm_find(ids[j]);
        uint8_t out[PRF_OUTPUT_MAX];
        assert_int_equal(prf_compute(prf, bytes_of("Jefe", 4), parts, 4, out), STATUS_OK);
        assert_octets_equal_hex(out, prf->output_length, vectors[1].output[j]);
    }
}

/* The expansion of RFC 7296 2.13 written out, each block from a buffer put together here. */
static void expand_by_hand(const struct prf_algorithm *prf, struct bytes key, struct bytes seed,
                           uint8_t *out, size_t blocks)
{
    uint8_t input[PRF_OUTPUT_MAX + 256 + 1];
    size_t step = prf->output_length;
    for (size_t n = 1; n <= blocks; n++) {
        size_t length = 0;
        if (n > 1) {
            memcpy(input, out + (n - 2) * step, step);
            length = step;
        }
        memcpy(input + length, seed.data, seed.length);
        length += seed.length;
        input[length++] = (uint8_t)n;
        struct bytes part = bytes_of(input, length);
        assert_int_equal(prf_compute(prf, key, &part, 1, out + (n - 1) * step), STATUS_OK);
    }
}

static void test_prf_plus_is_the_chain_of_2_13(void **state)
{
    (void)state;
    uint8_t seed[80];
    for (size_t i = 0; i < sizeof(seed); i++) {
        seed[i] = (uint8_t)(3 * i + 1);
    }
    struct bytes key = bytes_of("a key that is not too short, is it", 34);
    for (size_t j = 0; j < 3; j++) {
        const struct prf_algorithm *prf = prf_algorithm_find(ids[j]);
        static uint8_t expected[255 * PRF_OUTPUT_MAX];
        static uint8_t out[255 * PRF_OUTPUT_MAX + 1];
        expand_by_hand(prf, key, bytes_of(seed, sizeof(seed)), expected, 255);
        const size_t whole = prf->output_length;
        const size_t lengths[] = {0, 1, whole - 1, whole, whole + 1, 5 * whole, 300, 255 * whole};
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            memset(out, 0xa5, sizeof(out));
            assert_int_equal(prf_plus(prf, key, bytes_of(seed, sizeof(seed)), out, lengths[i]),
                             STATUS_OK);
            assert_memory_equal(out, expected, lengths[i]);
            assert_int_equal(out[lengths[i]], 0xa5);
        }
    }
}

/* Expanded once with python's hmac: key 0..31, seed "ikelab". */
static void test_prf_plus_of_a_known_answer(void **state)
{
    (void)state;
    uint8_t key[32];
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)i;
    }
    uint8_t out[80];
    assert_int_equal(prf_plus(prf_algorithm_find(PRF_HMAC_SHA2_256), bytes_of(key, sizeof(key)),
                              bytes_of("ikelab", 6), out, sizeof(out)),
                     STATUS_OK);
    assert_octets_equal_hex(out, sizeof(out),
                            "86950754bf401c872c91c17d77c7bad911fe893e9b625fb3bd3d73ae563d20a2"
                            "9cfeb9f271f26aac1b93a3086f95fc236a7e29a36b18ec60a9ff1deb7cd4012a"
                            "641ac0912fe636732fbc6455685fe7af");
}

static void test_prf_plus_ends_after_255_outputs(void **state)
{
    (void)state;
    static uint8_t out[255 * PRF_OUTPUT_MAX + 1];
    for (size_t j = 0; j < 3; j++) {
        const struct prf_algorithm *prf = prf_algorithm_find(ids[j]);
        assert_int_equal(
            prf_plus(prf, bytes_of("k", 1), bytes_of("s", 1), out, 255 * prf->output_length + 1),
            STATUS_INTERNAL);
    }
}

static void test_table(void **state)
{
    (void)state;
    static const struct {
        uint16_t id;
        const char *name;
        size_t length;
    } rows[] = {
        {2, "prfsha1", 20}, {5, "prfsha256", 32}, {6, "prfsha384", 48}, {7, "prfsha512", 64}};
    for (size_t i = 0; i < 4; i++) {
        const struct prf_algorithm *prf = prf_algorithm_find(rows[i].id);
        assert_int_equal(prf->id, rows[i].id);
        assert_string_equal(prf->name, rows[i].name);
        assert_int_equal(prf->key_length, rows[i].length);
        assert_int_equal(prf->output_length, rows[i].length);
    }
    assert_null(prf_algorithm_find(0));
    assert_null(prf_algorithm_find(1)); /* RFC 8247 2.2 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_4231),
        cmocka_unit_test(test_sha1),
        cmocka_unit_test(test_parts_are_joined),
        cmocka_unit_test(test_prf_plus_is_the_chain_of_2_13),
        cmocka_unit_test(test_prf_plus_of_a_known_answer),
        cmocka_unit_test(test_prf_plus_ends_after_255_outputs),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
