/* AlgorithmIdentifiers: those of RFC 7427 A and RFC 8420 A, other encodings of the same, and what
 * must not be taken for one. */

#include "crypto_support.h"

#include <string.h>

#include "crypto/signature.h"

#define PSS_HEAD "06092a864886f70d01010a"

static void test_encodings(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        const char *name; /* NULL: refused */
    } rows[] = {
        /* RFC 7427 A.1 to A.4, as they stand there */
        {"300d06092a864886f70d01010b0500", "rsa-sha256"},
        {"300d06092a864886f70d01010c0500", "rsa-sha384"},
        {"300d06092a864886f70d01010d0500", "rsa-sha512"},
        {"300a06082a8648ce3d040302", "ecdsa-sha256"},
        {"300a06082a8648ce3d040303", "ecdsa-sha384"},
        {"300a06082a8648ce3d040304", "ecdsa-sha512"},
        {"3046" PSS_HEAD "3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
         "300d06096086480165030402010500a203020120a303020101",
         "rsapss-sha256"},
        {"300506032b6570", "ed25519"},
        {"300506032b6571", "ed448"},
        /* SHA-1, and what is SHA-1 by default */
        {"300d06092a864886f70d0101050500", NULL},
        {"300906072a8648ce3d0401", NULL},
        {"300d" PSS_HEAD "3000", NULL},
        {"303e" PSS_HEAD "3031a00b300906052b0e03021a0500a118301606092a864886f70d010108"
         "300906052b0e03021a0500a203020114a303020101",
         NULL},
        /* DSA */
        {"300b0609608648016503040302", NULL},
        /* the other form of "no parameters" (RFC 7427 3) */
        {"300b06092a864886f70d01010b", "rsa-sha256"},
        {"300c06082a8648ce3d0403020500", "ecdsa-sha256"},
        {"300706032b65700500", NULL}, /* but not for EdDSA */
        /* parameters that are none */
        {"300e06092a864886f70d01010b020101", NULL},
        /* PSS: no trailer field, no NULL behind the hashes (RFC 4055 2.1) */
        {"3041" PSS_HEAD "3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
         "300d06096086480165030402010500a203020120",
         "rsapss-sha256"},
        {"303d" PSS_HEAD "3030a00d300b0609608648016503040201a11a301806092a864886f70d010108"
         "300b0609608648016503040201a203020120",
         "rsapss-sha256"},
        /* PSS: a salt of another length; MGF1 with another hash; another trailer; no salt length */
        {"3041" PSS_HEAD "3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
         "300d06096086480165030402010500a203020114",
         NULL},
        {"3041" PSS_HEAD "3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
         "300d06096086480165030402020500a203020120",
         NULL},
        {"3046" PSS_HEAD "3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
         "300d06096086480165030402010500a203020120a303020102",
         NULL},
        {"303c" PSS_HEAD "302fa00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
         "300d06096086480165030402010500",
         NULL},
        {"300b" PSS_HEAD, NULL},
        /* not DER, cut short, too long */
        {"", NULL},
        {"30", NULL},
        {"3000", NULL},
        {"300506032b657000", NULL},
        {"300506032b65", NULL},
        {"0500", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct test_octets der = test_octets_from_hex(rows[i].hex);
        const struct signature_algorithm *a =
            signature_algorithm_of_identifier(test_octets_bytes(&der));
        const char *name = a != NULL ? a->name : NULL;
        if ((name == NULL) != (rows[i].name == NULL) ||
            (name != NULL && strcmp(name, rows[i].name) != 0)) {
            fail_msg("row %zu: %s", i, name != NULL ? name : "none");
        }
    }
}

static void test_ours_come_back(void **state)
{
    (void)state;
    const struct signature_algorithm *a;
    for (size_t i = 0; (a = signature_algorithm_at(i)) != NULL; i++) {
        if (a->identifier.length > 0) {
            assert_ptr_equal(signature_algorithm_of_identifier(a->identifier), a);
        }
    }
}

/* Every octet of every identifier set to everything: nothing breaks, and what is still taken for
 * one says so in one of the encodings above. */
static void test_every_octet(void **state)
{
    (void)state;
    const struct signature_algorithm *a;
    size_t accepted = 0, tried = 0;
    for (size_t i = 0; (a = signature_algorithm_at(i)) != NULL; i++) {
        for (size_t at = 0; at < a->identifier.length; at++) {
            for (unsigned value = 0; value < 256; value++) {
                uint8_t octets[80];
                memcpy(octets, a->identifier.data, a->identifier.length);
                octets[at] = (uint8_t)value;
                accepted += signature_algorithm_of_identifier(
                                bytes_of(octets, a->identifier.length)) != NULL;
                tried++;
            }
        }
    }
    if (accepted < tried / 256 || accepted > tried / 200) {
        fail_msg("%zu of %zu", accepted, tried);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_ours_come_back),
        cmocka_unit_test(test_every_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
