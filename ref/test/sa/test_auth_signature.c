/* AUTH by signature: its octets, and what is none. RFC 7427 3, B; RFC 4754 7. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/iana.h"
#include "sa/auth_signature.h"
#include "test/crypto/pki_lab.h"

static const struct bytes octets = {(const uint8_t *)"signed octets", 13};

static const struct signature_algorithm *named(const char *name)
{
    const struct signature_algorithm *a;
    for (size_t i = 0; (a = signature_algorithm_at(i)) != NULL; i++) {
        if (strcmp(a->name, name) == 0) {
            return a;
        }
    }
    fail_msg("no %s", name);
    return NULL;
}

static struct signature_key *key_new(enum pki_key kind)
{
    return pki_key(pki_peer(kind, "gw.example"));
}

/* RFC 7427 B: length, identifier, signature. */
static void test_digital_signature(void **state)
{
    (void)state;
    static const uint8_t head[] = {0x0f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                   0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
    uint8_t data[SIGNATURE_MAX];
    struct writer w = writer_over(data, sizeof data);
    const struct signature_algorithm *used;
    struct signature_key *key = key_new(PKI_RSA_2048);
    assert_int_equal(auth_signature_build(key, named("rsa-sha256"), octets, &w), STATUS_OK);
    assert_int_equal(w.length, sizeof head + 256);
    assert_memory_equal(data, head, sizeof head);
    assert_int_equal(
        auth_signature_verify(key, AUTH_METHOD_DIGITAL_SIGNATURE, writer_bytes(&w), octets, &used),
        REFUSAL_NONE);
    assert_string_equal(used->name, "rsa-sha256");
    assert_int_equal(auth_signature_verify(key, AUTH_METHOD_DIGITAL_SIGNATURE, writer_bytes(&w),
                                           bytes_of("other octets", 12), &used),
                     REFUSAL_SIGNATURE);
    assert_int_equal(auth_signature_verify(key, AUTH_METHOD_RSA, writer_bytes(&w), octets, &used),
                     REFUSAL_SIGNATURE);
    assert_int_equal(
        auth_signature_verify(key, AUTH_METHOD_ECDSA_256, writer_bytes(&w), octets, &used),
        REFUSAL_SIGNATURE_ALGORITHM);
    for (size_t length = 0; length < sizeof head; length++) {
        assert_int_equal(auth_signature_verify(key, AUTH_METHOD_DIGITAL_SIGNATURE,
                                               bytes_of(data, length), octets, &used),
                         REFUSAL_SIGNATURE_ALGORITHM);
    }
    assert_int_equal(auth_signature_verify(key, AUTH_METHOD_DIGITAL_SIGNATURE,
                                           bytes_of(data, sizeof head), octets, &used),
                     REFUSAL_SIGNATURE);
    data[0] = 0xff; /* longer than all there is, with or without the signature */
    assert_int_equal(
        auth_signature_verify(key, AUTH_METHOD_DIGITAL_SIGNATURE, writer_bytes(&w), octets, &used),
        REFUSAL_SIGNATURE_ALGORITHM);
    signature_key_destroy(key);
}

/* RFC 4754 7: nothing but r and s. */
static void test_older_method(void **state)
{
    (void)state;
    uint8_t data[SIGNATURE_MAX];
    struct writer w = writer_over(data, sizeof data);
    const struct signature_algorithm *used;
    struct signature_key *key = key_new(PKI_P384);
    assert_int_equal(auth_signature_build(key, named("ecdsa384-sha384"), octets, &w), STATUS_OK);
    assert_int_equal(w.length, 96);
    assert_int_equal(
        auth_signature_verify(key, AUTH_METHOD_ECDSA_384, writer_bytes(&w), octets, &used),
        REFUSAL_NONE);
    assert_string_equal(used->name, "ecdsa384-sha384");
    assert_int_equal(
        auth_signature_verify(key, AUTH_METHOD_ECDSA_256, writer_bytes(&w), octets, &used),
        REFUSAL_SIGNATURE_ALGORITHM);
    assert_int_equal(
        auth_signature_verify(key, AUTH_METHOD_SHARED_KEY, writer_bytes(&w), octets, &used),
        REFUSAL_SIGNATURE_ALGORITHM);
    signature_key_destroy(key);
}

/* An identifier of one kind of key over a key of another. */
static void test_another_key(void **state)
{
    (void)state;
    uint8_t data[SIGNATURE_MAX];
    struct writer w = writer_over(data, sizeof data);
    const struct signature_algorithm *used;
    struct signature_key *key = key_new(PKI_ED25519);
    struct signature_key *other = key_new(PKI_ED448);
    assert_int_equal(auth_signature_build(key, named("ed25519"), octets, &w), STATUS_OK);
    assert_int_equal(w.length, 8 + 64);
    assert_int_equal(auth_signature_verify(other, AUTH_METHOD_DIGITAL_SIGNATURE, writer_bytes(&w),
                                           octets, &used),
                     REFUSAL_SIGNATURE_ALGORITHM);
    assert_int_equal(auth_signature_build(other, named("ed25519"), octets, &w), STATUS_INTERNAL);
    signature_key_destroy(key);
    signature_key_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digital_signature),
        cmocka_unit_test(test_older_method),
        cmocka_unit_test(test_another_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
