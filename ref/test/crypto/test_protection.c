/* What belongs together, and the lengths that follow. */

#include "crypto_support.h"

#include "crypto/protection.h"

static struct protection combine(uint16_t encr, uint16_t key_bits, uint16_t integ)
{
    return (struct protection){cipher_algorithm_find(encr), key_bits,
                               integrity_algorithm_find(integ)};
}

static void test_valid_combinations_and_their_lengths(void **state)
{
    (void)state;
    static const struct {
        uint16_t encr, key_bits, integ;
        size_t encryption_key, integrity_key, iv, icv, block;
    } rows[] = {
        {ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128, 16, 32, 16, 16, 16},
        {ENCR_AES_CBC, 192, AUTH_HMAC_SHA2_384_192, 24, 48, 16, 24, 16},
        {ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256, 32, 64, 16, 32, 16},
        {ENCR_AES_GCM_16, 128, AUTH_NONE, 20, 0, 8, 16, 1},
        {ENCR_AES_GCM_16, 192, AUTH_NONE, 28, 0, 8, 16, 1},
        {ENCR_AES_GCM_16, 256, AUTH_NONE, 36, 0, 8, 16, 1},
        {ENCR_CHACHA20_POLY1305, 256, AUTH_NONE, 36, 0, 8, 16, 1},
        {ENCR_NULL, 0, AUTH_HMAC_SHA2_256_128, 0, 32, 0, 16, 1},
        {ENCR_NULL, 0, AUTH_HMAC_SHA2_512_256, 0, 64, 0, 32, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct protection p = combine(rows[i].encr, rows[i].key_bits, rows[i].integ);
        assert_true(protection_valid(&p));
        assert_int_equal(protection_encryption_key_length(&p), rows[i].encryption_key);
        assert_int_equal(protection_integrity_key_length(&p), rows[i].integrity_key);
        assert_int_equal(protection_iv_length(&p), rows[i].iv);
        assert_int_equal(protection_icv_length(&p), rows[i].icv);
        assert_int_equal(protection_block_length(&p), rows[i].block);
    }
}

static void test_what_does_not_belong_together(void **state)
{
    (void)state;
    static const struct {
        uint16_t encr, key_bits, integ;
    } rows[] = {
        {0, 128, AUTH_HMAC_SHA2_256_128},
        {ENCR_AES_CBC, 128, AUTH_NONE},
        {ENCR_AES_CBC, 0, AUTH_HMAC_SHA2_256_128},
        {ENCR_AES_CBC, 64, AUTH_HMAC_SHA2_256_128},
        {ENCR_AES_CBC, 512, AUTH_HMAC_SHA2_256_128},
        {ENCR_AES_GCM_16, 128, AUTH_HMAC_SHA2_256_128},
        {ENCR_AES_GCM_16, 0, AUTH_NONE},
        {ENCR_CHACHA20_POLY1305, 128, AUTH_NONE},
        {ENCR_CHACHA20_POLY1305, 256, AUTH_HMAC_SHA2_256_128},
        {ENCR_NULL, 0, AUTH_NONE}, /* RFC 4303 3.2: not both */
        {ENCR_NULL, 256, AUTH_HMAC_SHA2_256_128},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct protection p = combine(rows[i].encr, rows[i].key_bits, rows[i].integ);
        assert_false(protection_valid(&p));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_combinations_and_their_lengths),
        cmocka_unit_test(test_what_does_not_belong_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
