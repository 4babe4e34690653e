/* crypto/signature.c: which algorithm for which key and which hashes. */

#include "crypto_support.h"

#include <string.h>

#include "base/iana.h"
#include "crypto/signature.h"

#define ALL                                                                                        \
    (HASH_BIT(HASH_SHA1) | HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) |                     \
     HASH_BIT(HASH_SHA2_512) | HASH_BIT(HASH_IDENTITY))

static void test_choice(void **state)
{
    (void)state;
    static const struct {
        enum key_kind key;
        uint16_t hashes;
        bool pkcs1;
        const char *name; /* NULL: none */
    } rows[] = {
        {KEY_RSA, ALL, false, "rsapss-sha256"},
        {KEY_RSA, ALL, true, "rsa-sha256"},
        {KEY_RSA, HASH_BIT(HASH_SHA2_384), false, "rsapss-sha384"},
        {KEY_RSA, HASH_BIT(HASH_SHA2_512) | HASH_BIT(HASH_SHA2_384), true, "rsa-sha512"},
        {KEY_RSA, HASH_BIT(HASH_SHA1), false, NULL}, /* RFC 8247 3.2 */
        {KEY_RSA, HASH_BIT(HASH_IDENTITY), false, NULL},
        {KEY_ECDSA_256, ALL, false, "ecdsa-sha256"},
        {KEY_ECDSA_384, ALL, false, "ecdsa-sha384"},
        {KEY_ECDSA_521, ALL, false, "ecdsa-sha512"},
        {KEY_ECDSA_521, HASH_BIT(HASH_SHA2_256), false, "ecdsa-sha256"},
        {KEY_ECDSA_256, HASH_BIT(HASH_SHA2_512), true, "ecdsa-sha512"},
        {KEY_ECDSA_256, HASH_BIT(HASH_SHA1) | HASH_BIT(HASH_IDENTITY), false, NULL},
        {KEY_ED25519, ALL, false, "ed25519"},
        {KEY_ED448, ALL, true, "ed448"},
        {KEY_ED448, ALL & ~HASH_BIT(HASH_IDENTITY), false, NULL}, /* RFC 8420 2 */
        {KEY_RSA, 0, false, NULL},
        {KEY_UNSUPPORTED, ALL, false, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct signature_algorithm *chosen =
            signature_algorithm_choose(rows[i].key, rows[i].hashes, rows[i].pkcs1);
        const char *name = chosen != NULL ? chosen->name : NULL;
        if ((name == NULL) != (rows[i].name == NULL) ||
            (name != NULL && strcmp(name, rows[i].name) != 0)) {
            fail_msg("row %zu: %s", i, name != NULL ? name : "none");
        }
    }
}

static void test_older_methods(void **state)
{
    (void)state;
    assert_int_equal(signature_algorithm_older(KEY_RSA)->method, AUTH_METHOD_RSA);
    assert_int_equal(signature_algorithm_older(KEY_ECDSA_256)->method, AUTH_METHOD_ECDSA_256);
    assert_int_equal(signature_algorithm_older(KEY_ECDSA_384)->method, AUTH_METHOD_ECDSA_384);
    assert_int_equal(signature_algorithm_older(KEY_ECDSA_521)->method, AUTH_METHOD_ECDSA_521);
    assert_null(signature_algorithm_older(KEY_ED25519));
    assert_null(signature_algorithm_older(KEY_UNSUPPORTED));
}

/* Each record is whole: method 14 has an identifier that is as long as it says, others have none.
 */
static void test_records(void **state)
{
    (void)state;
    const struct signature_algorithm *a;
    size_t count = 0;
    for (; (a = signature_algorithm_at(count)) != NULL; count++) {
        bool digital = a->method == AUTH_METHOD_DIGITAL_SIGNATURE;
        assert_int_equal(digital, a->identifier.length > 0);
        if (digital) {
            assert_int_equal(a->identifier.data[0], 0x30);
            assert_int_equal(a->identifier.data[1], a->identifier.length - 2);
            assert_int_equal(a->identifier.data[a->identifier.length], 0); /* the array's end */
        }
    }
    assert_int_equal(count, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_older_methods),
        cmocka_unit_test(test_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
