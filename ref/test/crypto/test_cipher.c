/* The tables of encryption and integrity algorithms against the RFCs' numbers. */

#include "crypto_support.h"

#include "crypto/protection.h"

static void test_ciphers_have_their_rfcs_lengths(void **state)
{
    (void)state;
    const struct cipher_algorithm *cbc = cipher_algorithm_find(12);
    assert_string_equal(cbc->name, "aes");
    assert_false(cbc->aead);
    assert_true(cbc->has_key_length);
    assert_int_equal(cbc->salt_length, 0);
    assert_int_equal(cbc->iv_length, 16);
    assert_int_equal(cbc->block_length, 16);

    const struct cipher_algorithm *gcm = cipher_algorithm_find(20);
    assert_string_equal(gcm->name, "aesgcm16");
    assert_true(gcm->aead);
    assert_true(gcm->has_key_length);
    assert_int_equal(gcm->salt_length, 4);
    assert_int_equal(gcm->iv_length, 8);
    assert_int_equal(gcm->icv_length, 16);
    assert_int_equal(gcm->block_length, 1);

    const struct cipher_algorithm *chacha = cipher_algorithm_find(28);
    assert_string_equal(chacha->name, "chacha20poly1305");
    assert_true(chacha->aead);
    assert_false(chacha->has_key_length);
    assert_int_equal(chacha->salt_length, 4);
    assert_int_equal(chacha->iv_length, 8);
    assert_int_equal(chacha->icv_length, 16);
    assert_int_equal(chacha->block_length, 1);
    assert_int_equal(chacha->key_bits, 256);

    const struct cipher_algorithm *null = cipher_algorithm_find(11); /* RFC 2410 */
    assert_string_equal(null->name, "null");
    assert_false(null->aead || null->has_key_length);
    assert_int_equal(null->key_bits, 0);
    assert_int_equal(null->iv_length, 0);
    assert_int_equal(null->block_length, 1);
}

static void test_integrity_has_the_rfcs_lengths(void **state)
{
    (void)state;
    static const struct {
        uint16_t id;
        const char *name;
        size_t key_length;
        size_t icv_length;
    } rows[] = {{2, "sha1", 20, 12},
                {12, "sha256", 32, 16},
                {13, "sha384", 48, 24},
                {14, "sha512", 64, 32}}; /* RFC 2404 5, RFC 4868 2.6 */
    for (size_t i = 0; i < 4; i++) {
        const struct integrity_algorithm *found = integrity_algorithm_find(rows[i].id);
        assert_int_equal(found->id, rows[i].id);
        assert_string_equal(found->name, rows[i].name);
        assert_int_equal(found->key_length, rows[i].key_length);
        assert_int_equal(found->icv_length, rows[i].icv_length);
        assert_true(found->key_length <= SECRET_MAX);
        assert_true(found->icv_length <= PROTECTION_ICV_MAX);
    }
}

static void test_what_we_do_not_have_is_null(void **state)
{
    (void)state;
    assert_null(cipher_algorithm_find(0));
    assert_null(cipher_algorithm_find(3));
    assert_null(cipher_algorithm_find(65535));
    assert_null(integrity_algorithm_find(AUTH_NONE));
    assert_null(integrity_algorithm_find(1)); /* RFC 8221 6, RFC 8247 2.3 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ciphers_have_their_rfcs_lengths),
        cmocka_unit_test(test_integrity_has_the_rfcs_lengths),
        cmocka_unit_test(test_what_we_do_not_have_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
