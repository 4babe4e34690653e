/* SHA-1 over parts, comparison. */

#include "crypto_support.h"

#include <string.h>

static void test_sha1_of_the_fips_180_examples(void **state)
{
    (void)state;
    assert_octets_hash_to(bytes_of("abc", 3), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_octets_hash_to(bytes_of("", 0), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_octets_hash_to(bytes_of(two_blocks, strlen(two_blocks)),
                          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

static void test_sha1_joins_its_parts(void **state)
{
    (void)state;
    const struct bytes parts[] = {bytes_of("a", 1), bytes_of("", 0), bytes_of("bc", 2)};
    uint8_t digest[SHA1_LENGTH];
    assert_int_equal(digest_sha1(parts, 3, digest), STATUS_OK);
    assert_octets_equal_hex(digest, sizeof(digest), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void test_equal_sees_every_octet(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    assert_true(crypto_equal(a, b, sizeof(a)));
    assert_true(crypto_equal(a, b, 0));
    for (size_t i = 0; i < sizeof(a); i++) {
        b[i] = 0x80;
        assert_false(crypto_equal(a, b, sizeof(a)));
        assert_true(crypto_equal(a, b, i));
        b[i] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha1_of_the_fips_180_examples),
        cmocka_unit_test(test_sha1_joins_its_parts),
        cmocka_unit_test(test_equal_sees_every_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
