/* host/xfrm_algorithm: every algorithm of ours has a name in the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/xfrm_algorithm.h"

static void names(void **state)
{
    (void)state;
    static const uint16_t ciphers[] = {ENCR_AES_CBC, ENCR_AES_GCM_16, ENCR_CHACHA20_POLY1305,
                                       ENCR_NULL};
    static const char *const said[] = {"cbc(aes)", "rfc4106(gcm(aes))",
                                       "rfc7539esp(chacha20,poly1305)", "ecb(cipher_null)"};
    for (size_t i = 0; i < 4; i++) {
        struct protection p = {.cipher = cipher_algorithm_find(ciphers[i])};
        assert_string_equal(xfrm_cipher_name(p.cipher), said[i]);
        assert_true(xfrm_protection_modules(&p)[0] != '\0');
    }
    static const uint16_t hashes[] = {AUTH_HMAC_SHA2_256_128, AUTH_HMAC_SHA2_384_192,
                                      AUTH_HMAC_SHA2_512_256};
    static const char *const hash_names[] = {"hmac(sha256)", "hmac(sha384)", "hmac(sha512)"};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(xfrm_integrity_name(integrity_algorithm_find(hashes[i])),
                            hash_names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
