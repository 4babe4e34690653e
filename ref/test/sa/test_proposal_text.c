/* Proposals as a person writes them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/config.h"

static void assert_text(const char *text, uint8_t protocol, const char *back)
{
    struct proposal p;
    const char *error;
    char out[PROPOSAL_TEXT_MAX];
    assert_true(proposal_parse_text(text, protocol, &p, &error));
    assert_null(error);
    assert_int_equal(p.protocol, protocol);
    assert_string_equal(proposal_format_text(&p, out), back);
}

static void assert_refused(const char *text, uint8_t protocol, const char *word)
{
    struct proposal p;
    const char *error = NULL;
    assert_false(proposal_parse_text(text, protocol, &p, &error));
    assert_non_null(error);
    assert_non_null(strstr(error, word)); /* names the remedy */
}

static void test_accepted(void **state)
{
    (void)state;
    assert_text("aes256gcm16-prfsha256-x25519", PROTOCOL_IKE, "aes256gcm16-prfsha256-x25519");
    assert_text("aes128-sha256-ecp256", PROTOCOL_IKE, "aes128-sha256-ecp256-prfsha256");
    assert_text("aes256-aes128-sha512-sha256-modp4096", PROTOCOL_IKE,
                "aes256-aes128-sha512-sha256-modp4096-prfsha512-prfsha256");
    assert_text("aes256-sha1-modp2048", PROTOCOL_IKE, "aes256-sha1-modp2048-prfsha1");
    assert_text("aes256gcm16-prfsha1-x25519", PROTOCOL_IKE, "aes256gcm16-prfsha1-x25519");
    assert_text("chacha20poly1305-esn", PROTOCOL_ESP, "chacha20poly1305-esn");
    assert_text("aes192-sha384", PROTOCOL_ESP, "aes192-sha384");
    assert_text("null-sha256-esn", PROTOCOL_ESP, "null-sha256-esn");
    assert_text("aes192gcm16-x448-esn-noesn", PROTOCOL_ESP, "aes192gcm16-x448-esn");
}

static void test_esn_defaults_to_none(void **state)
{
    struct proposal p;
    const char *error;
    (void)state;
    assert_true(proposal_parse_text("aes128gcm16", PROTOCOL_ESP, &p, &error));
    assert_int_equal(p.count, 2);
    assert_int_equal(p.transforms[1].type, TRANSFORM_ESN);
    assert_int_equal(p.transforms[1].id, ESN_NO);
    assert_int_equal(p.transforms[0].key_bits, 128);
}

static void test_refused(void **state)
{
    (void)state;
    assert_refused("", PROTOCOL_IKE, "cipher");
    assert_refused("rot13", PROTOCOL_IKE, "unknown word");
    assert_refused("aes128gcm16--x25519", PROTOCOL_IKE, "unknown word");
    assert_refused("aes128gcm16-", PROTOCOL_ESP, "unknown word");
    assert_refused("-aes128gcm16", PROTOCOL_ESP, "unknown word");
    assert_refused("prfsha256-x25519", PROTOCOL_IKE, "cipher");
    assert_refused("aes128-aes128gcm16-sha256", PROTOCOL_ESP, "two");
    assert_refused("aes128", PROTOCOL_ESP, "hash");
    assert_refused("null", PROTOCOL_ESP, "hash");
    assert_refused("null-aes128gcm16-sha256", PROTOCOL_ESP, "two");
    assert_refused("null-sha256-prfsha256-x25519", PROTOCOL_IKE, "ESP");
    assert_refused("aes128gcm16-sha256", PROTOCOL_ESP, "hash");
    assert_refused("aes128gcm16-prfsha256", PROTOCOL_ESP, "IKE");
    assert_refused("aes128gcm16-prfsha256-x25519-esn", PROTOCOL_IKE, "ESP");
    assert_refused("aes128gcm16-x25519", PROTOCOL_IKE, "prf");
    assert_refused("aes128gcm16-prfsha256", PROTOCOL_IKE, "key exchange");
}

/* Found by a fuzzer: words said over and over left no room for what goes without saying. */
static void test_a_word_said_twice(void **state)
{
    (void)state;
    assert_refused("aes128gcm16-x25519-x25519", PROTOCOL_ESP, "twice");
    assert_refused("aes256-sha384-sha384-ecp384", PROTOCOL_IKE, "twice");
    assert_refused("aes128-aes128-sha256", PROTOCOL_ESP, "twice");
}

static void test_all_words_together(void **state)
{
    static const char all[] = "null-aes128-aes192-aes256-sha1-sha256-sha384-sha512-x25519-x448-"
                              "ecp256-ecp384-ecp521-modp2048-modp3072-modp4096-esn";
    (void)state;
    assert_text(all, PROTOCOL_ESP, all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_esn_defaults_to_none),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_a_word_said_twice),
        cmocka_unit_test(test_all_words_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
