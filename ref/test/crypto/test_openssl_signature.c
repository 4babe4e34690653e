/* Signatures by every algorithm, and what is none.
 */

#include "crypto_support.h"

#include <string.h>

#include "base/iana.h"
#include "test/crypto/pki_lab.h"

static const char message_text[] = "signed octets";
static const struct bytes message = {(const uint8_t *)message_text, sizeof(message_text) - 1};

static struct signature_key *key_new(enum pki_key kind)
{
    return pki_key(pki_peer(kind, "gw.example"));
}

static void test_kinds(void **state)
{
    (void)state;
    static const enum key_kind kinds[PKI_KEYS] = {
        [PKI_P256] = KEY_ECDSA_256,  [PKI_P384] = KEY_ECDSA_384,       [PKI_P521] = KEY_ECDSA_521,
        [PKI_ED25519] = KEY_ED25519, [PKI_ED448] = KEY_ED448,          [PKI_RSA_2048] = KEY_RSA,
        [PKI_RSA_4096] = KEY_RSA,    [PKI_RSA_1024] = KEY_UNSUPPORTED, [PKI_K256] = KEY_UNSUPPORTED,
    };
    for (enum pki_key i = 0; i < PKI_KEYS; i++) {
        struct signature_key *key = key_new(i);
        assert_int_equal(signature_key_kind(key), kinds[i]);
        signature_key_destroy(key);
    }
    signature_key_destroy(NULL);
}

static void check(const struct signature_key *key, const struct signature_algorithm *a)
{
    uint8_t octets[SIGNATURE_MAX];
    struct writer w = writer_over(octets, sizeof(octets));
    assert_int_equal(signature_sign(key, a, message, &w), STATUS_OK);
    struct bytes signature = writer_bytes(&w);
    assert_true(signature_verify(key, a, message, signature));
    assert_false(signature_verify(key, a, bytes_of("signed octet", 12), signature));
    assert_false(signature_verify(key, a, message, bytes_of(octets, signature.length - 1)));
    assert_false(signature_verify(key, a, message, bytes_of(octets, 0)));
    octets[signature.length] = 0;
    assert_false(signature_verify(key, a, message, bytes_of(octets, signature.length + 1)));
    for (size_t i = 0; i < signature.length; i += 7) {
        octets[i] ^= 0x10;
        assert_false(signature_verify(key, a, message, signature));
        octets[i] ^= 0x10;
    }
    assert_true(signature_verify(key, a, message, signature));
}

static void test_every_algorithm(void **state)
{
    (void)state;
    static const enum pki_key kinds[] = {PKI_P256,    PKI_P384,  PKI_P521,
                                         PKI_ED25519, PKI_ED448, PKI_RSA_2048};
    const struct signature_algorithm *a;
    unsigned fits = 0;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct signature_key *key = key_new(kinds[k]);
        for (size_t i = 0; (a = signature_algorithm_at(i)) != NULL; i++) {
            uint8_t octets[SIGNATURE_MAX];
            struct writer w = writer_over(octets, sizeof(octets));
            if (signature_algorithm_fits(a, signature_key_kind(key))) {
                check(key, a);
                fits++;
            } else {
                assert_int_equal(signature_sign(key, a, message, &w), STATUS_INTERNAL);
                assert_false(signature_verify(key, a, message, message));
            }
        }
        signature_key_destroy(key);
    }
    assert_int_equal(fits, 7 + 3 * 4 + 2);
}

/* A signature of one algorithm is none of another, though the key is the same. */
static void test_algorithms_are_apart(void **state)
{
    (void)state;
    struct signature_key *key = key_new(PKI_RSA_2048);
    const struct signature_algorithm *a, *b;
    for (size_t i = 0; (a = signature_algorithm_at(i)) != NULL; i++) {
        uint8_t octets[SIGNATURE_MAX];
        struct writer w = writer_over(octets, sizeof(octets));
        if (!signature_algorithm_fits(a, KEY_RSA)) {
            continue;
        }
        assert_int_equal(signature_sign(key, a, message, &w), STATUS_OK);
        for (size_t j = 0; (b = signature_algorithm_at(j)) != NULL; j++) {
            assert_int_equal(signature_verify(key, b, message, writer_bytes(&w)), a == b);
        }
    }
    signature_key_destroy(key);
}

/* RFC 4754 7: r and s have the length of the group's order, whatever their value. */
static void test_plain_lengths(void **state)
{
    (void)state;
    static const struct {
        enum pki_key kind;
        size_t length;
    } rows[] = {{PKI_P256, 64}, {PKI_P384, 96}, {PKI_P521, 132}};
    for (size_t i = 0; i < 3; i++) {
        struct signature_key *key = key_new(rows[i].kind);
        for (int n = 0; n < 8; n++) {
            uint8_t octets[SIGNATURE_MAX];
            struct writer w = writer_over(octets, sizeof(octets));
            const struct signature_algorithm *a =
                signature_algorithm_older(signature_key_kind(key));
            assert_int_equal(signature_sign(key, a, message, &w), STATUS_OK);
            assert_int_equal(w.length, rows[i].length);
        }
        signature_key_destroy(key);
    }
}

/* What a simulator or a vector may rely on: see crypto/signature.h. */
static void test_same_octets_twice(void **state)
{
    (void)state;
    static const struct {
        enum pki_key kind;
        bool pkcs1, same;
    } rows[] = {{PKI_RSA_2048, true, true},
                {PKI_ED25519, false, true},
                {PKI_ED448, false, true},
                {PKI_RSA_2048, false, false},
                {PKI_P256, false, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signature_key *key = key_new(rows[i].kind);
        const struct signature_algorithm *a = signature_algorithm_choose(
            signature_key_kind(key), HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_IDENTITY),
            rows[i].pkcs1);
        uint8_t first[SIGNATURE_MAX], second[SIGNATURE_MAX];
        struct writer one = writer_over(first, sizeof(first));
        struct writer two = writer_over(second, sizeof(second));
        assert_int_equal(signature_sign(key, a, message, &one), STATUS_OK);
        assert_int_equal(signature_sign(key, a, message, &two), STATUS_OK);
        assert_int_equal(bytes_equal(writer_bytes(&one), writer_bytes(&two)), rows[i].same);
        signature_key_destroy(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_every_algorithm),
        cmocka_unit_test(test_algorithms_are_apart),
        cmocka_unit_test(test_plain_lengths),
        cmocka_unit_test(test_same_octets_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
