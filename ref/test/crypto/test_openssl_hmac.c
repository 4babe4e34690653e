/* HMAC as the integrity algorithms use it: RFC 2202 3, RFC 4868 2.7.2, and a keyed state that can
 * be reused. */

#include "crypto_support.h"

#include <string.h>

#include "crypto/hmac.h"
#include "crypto/protection.h"

struct vector {
    uint16_t id;
    const char *key, *data, *output;
};

/* The RFC prints 16 octets too many in front of the last key; its remark (64 octets) and its output
 * hold for what stands here. */
static const struct vector vectors[] = {
    {AUTH_HMAC_SHA1_96, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b617318655057264e28bc0b6fb378c8ef146be00"},
    {AUTH_HMAC_SHA1_96, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddd",
     "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
    {AUTH_HMAC_SHA2_256_128, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "4869205468657265", "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7"},
    {AUTH_HMAC_SHA2_256_128, "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "167f928588c5cc2eef8e3093caa0e87c9ff566a14794aa61648d81621a2a40c6"},
    {AUTH_HMAC_SHA2_256_128, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddd",
     "cdcb1220d1ecccea91e53aba3092f962e549fe6ce9ed7fdc43191fbde45c30b0"},
    {AUTH_HMAC_SHA2_256_128, "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcdcdcdcdcdcdcdcdcd",
     "372efcf9b40b35c2115b1346903d2ef42fced46f0846e7257bb156d3d7b30d3f"},
    {AUTH_HMAC_SHA2_384_192,
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
     "0b0b0b0b0b0b0b0b",
     "4869205468657265",
     "b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee9737a959796489bddbc4c5df61d5b3297b4"
     "fb68dab9f1b582c2"},
    {AUTH_HMAC_SHA2_384_192,
     "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665"
     "4a6566654a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "2c7353974f1842fd66d53c452ca42122b28c0b594cfb184da86a368e9b8e16f5349524ca4e82400c"
     "bde0686d403371c9"},
    {AUTH_HMAC_SHA2_384_192,
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddd",
     "809f439be00274321d4a538652164b53554a508184a0c3160353e3428597003d35914a18770f9443"
     "987054944b7c4b4a"},
    {AUTH_HMAC_SHA2_384_192,
     "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f200a0b0c0d0e0f1011"
     "1213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcdcdcdcdcdcdcdcdcd",
     "5b540085c6e6358096532b2493609ed1cb298f774f87bb5c2ebf182c83cc7428707fb92eab2536a5"
     "812258228bc96687"},
    {AUTH_HMAC_SHA2_512_256,
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "4869205468657265",
     "637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8ac2878ebd5803f6f"
     "0b61dbce5e251ff8789a4722c1be65aea45fd464e89f8f5b"},
    {AUTH_HMAC_SHA2_512_256,
     "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665"
     "4a6566654a6566654a6566654a6566654a6566654a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b154546aa334ae9fb9afc2"
     "184932d8695e397bfa0ffb93466cfcceaae38c833b7dba38"},
    {AUTH_HMAC_SHA2_512_256,
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddd",
     "2ee7acd783624ca9398710f3ee05ae41b9f9b0510c87e49e586cc9bf961733d8623c7b55cebefccf"
     "02d5581acc1c9d5fb1ff68a1de45509fbe4da9a433922655"},
    {AUTH_HMAC_SHA2_512_256,
     "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728"
     "292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcdcdcdcdcdcdcdcdcd",
     "5e6688e5a3daec826ca32eaea224eff5e700628947470e13ad01302561bab108b8c48cbc6b807dcf"
     "bd850521a685babc7eae4a2a2e660dc0e86b931d65503fd2"},
};

#define VECTOR_COUNT (sizeof(vectors) / sizeof(vectors[0]))

static struct hmac keyed(const struct vector *vector)
{
    struct test_octets key = test_octets_from_hex(vector->key);
    struct hmac hmac;
    assert_true(hmac_init(&hmac, integrity_algorithm_find(vector->id)->library_name,
                          test_octets_bytes(&key)));
    return hmac;
}

static void test_the_rfcs_again_and_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct hmac hmac = keyed(&vectors[i]);
        struct test_octets data = test_octets_from_hex(vectors[i].data);
        struct bytes part = test_octets_bytes(&data);
        for (int round = 0; round < 3; round++) {
            uint8_t out[HMAC_OUTPUT_MAX] = {0};
            hmac_compute(&hmac, &part, 1, out);
            assert_octets_equal_hex(out, hmac_output_length(&hmac), vectors[i].output);
        }
        hmac_wipe(&hmac);
    }
}

static void test_a_copy_computes_the_same(void **state)
{
    (void)state;
    struct hmac hmac = keyed(&vectors[0]);
    struct hmac copy = hmac;
    hmac_wipe(&hmac);
    struct bytes part = bytes_of("Hi There", 8);
    uint8_t out[HMAC_OUTPUT_MAX];
    hmac_compute(&copy, &part, 1, out);
    assert_octets_equal_hex(out, hmac_output_length(&copy), vectors[0].output);
}

/* A key of exactly one block is taken as it is, one octet more is hashed: RFC 2104 2. The digests
 * are those of python's hmac over the empty message. */
static void test_keys_around_the_block_length(void **state)
{
    (void)state;
    static const struct {
        const char *library_name;
        size_t key_length;
        const char *output;
    } rows[] = {
        {"SHA1", 0, "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"},
        {"SHA1", 64, "9f796d7beb9aea9823b5d946299024c94bc1d842"},
        {"SHA1", 65, "eb36bcce253d8404b28fd02a64452c0729cc4adb"},
        {"SHA2-256", 0, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
        {"SHA2-256", 64, "bf64e6883dbe3b4b2668390800cedbf8d96dce1b3a66688efd3d75593f3eeed0"},
        {"SHA2-256", 65, "0cd32c17fa060eceba1d248a6a0eab380520fa14f89d1d1a34e3dc53c061d282"},
        {"SHA2-384", 0,
         "6c1f2ee938fad2e24bd91298474382ca218c75db3d83e114b3d4367776d14d35"
         "51289e75e8209cd4b792302840234adc"},
        {"SHA2-384", 128,
         "5ac3839c21083784459f25fbf26171055ca9cdba7b94c193911c5a892b0b9d18"
         "4b045fc27bdf327de9a24ef0dfa19978"},
        {"SHA2-384", 129,
         "f0e1d7f1ef937cc495f6511176af167c74884fe182f9d05ed1302c7f106a0fa5"
         "6346f823aa84591149771936eb51c4d9"},
        {"SHA2-512", 0,
         "b936cee86c9f87aa5d3c6f2e84cb5a4239a5fe50480a6ec66b70ab5b1f4ac673"
         "0c6c515421b327ec1d69402e53dfb49ad7381eb067b338fd7b0cb22247225d47"},
        {"SHA2-512", 128,
         "327f533638b7bbf0473258c9ff0689c8e7688d19fdaa5041b56e33587b1ab28b"
         "4f8aa2f77cc947f5fb889164dd52cc7af56b463cf577e9745d5c499de992dbfc"},
        {"SHA2-512", 129,
         "f0f92e15c2e8f0647ac8381ecba2f9c67cc0f94c669043089826c210bbb92928"
         "1b6ab12129d5e81b5173321c199f57a6fc7418ea288ae0aeff5b7e202589b29f"},
    };
    uint8_t key[129];
    memset(key, 0x42, sizeof(key));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hmac hmac;
        uint8_t out[HMAC_OUTPUT_MAX];
        assert_true(hmac_init(&hmac, rows[i].library_name, bytes_of(key, rows[i].key_length)));
        hmac_compute(&hmac, NULL, 0, out);
        assert_octets_equal_hex(out, hmac_output_length(&hmac), rows[i].output);
    }
}

static void test_wipe_leaves_no_key_behind(void **state)
{
    (void)state;
    struct hmac hmac = keyed(&vectors[0]);
    hmac_wipe(&hmac);
    static const struct hmac zeros;
    assert_memory_equal(hmac.inner, zeros.inner, sizeof(zeros.inner));
    assert_memory_equal(hmac.outer, zeros.outer, sizeof(zeros.outer));
}

static void test_an_unknown_hash_is_refused(void **state)
{
    (void)state;
    struct hmac hmac;
    assert_false(hmac_init(&hmac, "MD5", bytes_of("key", 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rfcs_again_and_again),
        cmocka_unit_test(test_a_copy_computes_the_same),
        cmocka_unit_test(test_keys_around_the_block_length),
        cmocka_unit_test(test_wipe_leaves_no_key_behind),
        cmocka_unit_test(test_an_unknown_hash_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
