/* Keys against a derivation that shares no code with ours: Python's hmac and hashlib, as follows.
 *
 *    prf(h, k, d)     = hmac.new(k, d, h).digest()
 *    plus(h, k, s, n) = the first n octets of T1 | T2 | ..., Ti = prf(h, k, T(i-1) | s | octet i)
 *    seq(a, n)        = bytes((a + i) & 255 for i in range(n))
 *    ni = seq(0x10, 32), nr = seq(0x80, 24), g = seq(1, 40), spis = 01..08 | 11..18
 *    SKEYSEED = prf(h, ni + nr, g); rekeyed: prf(old h, old SK_d, g + ni + nr)
 *    SK_* = plus(h, SKEYSEED, ni + nr + spis, n); KEYMAT = plus(h, SK_d, [g +] ni + nr, n)
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/keymat.h"
#include "test/wire/octets.h"

static const char gcm_sha256[] = "4c0763ad21c80257396756014db62809f3d7b36823852b2f2d0f6df0cd69adfd"
                                 "ad3c61cd46c94a4cca5477391dcf4298f20e5b3923d8508c490d05959470e2ff"
                                 "2371e3c667358d805e049854e7d8bc9e313446cc9b859786d24e407e3a1f439a"
                                 "d468972775aab647c6081eae98f70272931c3342308a35dd6c4442a118eb9135"
                                 "cb39e72f56dc3a10";

static const char cbc_sha512[] = "14dc4768df94e02c0c88ba2e43ec5867bfb36ac0c540b9360b266d0033e06e5f"
                                 "50afc7913691694514cf02d91b92463294a3c79c57890a719e2cfb61752e9087"
                                 "1f87fd2b5f0283086e50c95820f5aa4d0745ec855eead392171c346810a07fb3"
                                 "16c55336fd7d92deba1cb8dff39c4acc55a04fb42da2bd256038f55a592877aa"
                                 "93eaa8aaf35c50129b47a7dea59a097d99676706c85b073f2498757a90bda6c6"
                                 "8612d76aad4538b474cf0a634814af4f4fad943d5beedebd96d9ee784166af41"
                                 "a51e948d73272b748d3437be5c4c36e63589aac4b944d4d072d1deaf020422b7"
                                 "007d64c132474ef20133cee93c7a74812e46ac6a54a6edf267bacf78f5d3376c"
                                 "182e598aea47f5a4d0e3110b7e50d7ec4a53ff6334ea73b2905484ac88b063b1"
                                 "654729c34ac0cbe17bd4dcc3d1e91c990737a1662fb3c2b2713478489c8fc94f"
                                 "68c61e49b28f3fc111d4975cfa2b5c2caf6eaeb99c8cf4d3fcddbf51a77ddea8"
                                 "1298cd8ce831034352f3847bfde1ae83d44cb1cace324748b93c8271b0a7bf6c";

static const char rekeyed[] = "d28fcfa25a55265ae16a736c6e08d84a4a51d945b49719f6e5ea01a764fd0230"
                              "1bf57256b4b2f9e7d0c24c169052dae1daeb92d1222eda66a12b5da52d10c253"
                              "ed3fbf2355ea5e2c358c6f054f28460820cc48b4ba8991dbdc68b5f9e22f19b2"
                              "c07efd67c6c7aa97ace1875c4e05f0ac66118ead646e0182ba1dee70f46e7c4a"
                              "09e948801996b27cb3d405af9e1978ce968773260dc5f32ec56b07e9701f1e70"
                              "2caee401b2b4727f0642eafae0f2e1ecac9c15d6e68b2d0ba4582f11a0c37ab4";

static const char child_gcm[] = "d68cab3650953ed9b068909db3e508e8fc0df7dce971da4bbfcc2ce4947f1b71"
                                "20a6bd8cf6601d33";

static const char child_cbc_pfs[] =
    "eee767bfd901898d214cc1870a2c4ada16b525a9c4f8d5eba3b44bc05ca78ff9"
    "6e490fc95afe5c9fae354e5a5ed6dd81d1729bcd33c06013f26bdfc18d0a2b40"
    "41125a6f13bb5223e6f8a4a0fe2bebbf8f878718ffb70bee15749ecce8ab708e"
    "b0f819e6e97f6e3013648e3a3c7e1bb3cc2335e64613a3aa641ae281397ecf81"
    "99e4d9bb26aed6b6343bca70b0d0bfad731f4516b1e151742b5089866d051739"
    "3292b98bf38a23fcb679e83cd1965c4e58e36d30dff4b1d27bf75276ef2d9600";

static uint8_t ni_octets[32];
static uint8_t nr_octets[24];
static struct shared_secret g;
static struct bytes ni, nr;

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        g.data[i] = (uint8_t)(1 + i);
        if (i < sizeof ni_octets) {
            ni_octets[i] = (uint8_t)(0x10 + i);
        }
        if (i < sizeof nr_octets) {
            nr_octets[i] = (uint8_t)(0x80 + i);
        }
    }
    g.length = 40;
    ni = bytes_of(ni_octets, sizeof ni_octets);
    nr = bytes_of(nr_octets, sizeof nr_octets);
    return 0;
}

static struct protection protection_of(uint16_t cipher, uint16_t bits, uint16_t integrity)
{
    return (struct protection){.cipher = cipher_algorithm_find(cipher),
                               .key_bits = bits,
                               .integrity =
                                   integrity != 0 ? integrity_algorithm_find(integrity) : NULL};
}

static void assert_secrets(const struct secret *const *secrets, size_t count, const char *hex)
{
    struct bytes expected = octets_hex(hex);
    struct bytes rest = expected;
    for (size_t i = 0; i < count; i++) {
        struct bytes part;
        assert_true(bytes_take(&rest, secrets[i]->length, &part));
        assert_true(bytes_equal(secret_bytes(secrets[i]), part));
    }
    assert_int_equal(rest.length, 0);
    octets_free(expected);
}

static void assert_ike(const struct ike_keys *k, const char *hex)
{
    const struct secret *secrets[] = {&k->sk_d,  &k->sk_ai, &k->sk_ar, &k->sk_ei,
                                      &k->sk_er, &k->sk_pi, &k->sk_pr};
    assert_secrets(secrets, 7, hex);
}

static void assert_child(const struct child_keys *k, const char *hex)
{
    const struct secret *secrets[] = {&k->encryption_i, &k->integrity_i, &k->encryption_r,
                                      &k->integrity_r};
    assert_secrets(secrets, 4, hex);
}

static void derive(uint16_t prf, const struct protection *p, uint16_t old_prf,
                   const struct secret *old, struct ike_keys *out)
{
    assert_int_equal(keymat_derive_ike(prf_algorithm_find(prf), p, &g, ni, nr, 0x0102030405060708,
                                       0x1112131415161718,
                                       old != NULL ? prf_algorithm_find(old_prf) : NULL, old, out),
                     STATUS_OK);
}

static void test_ike(void **state)
{
    struct ike_keys keys;
    (void)state;
    struct protection gcm = protection_of(ENCR_AES_GCM_16, 128, 0);
    derive(PRF_HMAC_SHA2_256, &gcm, 0, NULL, &keys);
    assert_int_equal(keys.sk_ei.length, 20); /* with the salt, RFC 5282 7.1 */
    assert_int_equal(keys.sk_ai.length, 0);
    assert_ike(&keys, gcm_sha256);
    struct protection cbc = protection_of(ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256);
    derive(PRF_HMAC_SHA2_512, &cbc, 0, NULL, &keys);
    assert_ike(&keys, cbc_sha512);
    ike_keys_wipe(&keys);
    assert_int_equal(keys.sk_d.length, 0);
}

/* 2.18: SKEYSEED of the new one comes from the old one's PRF, all else from its own. */
static void test_rekeyed_ike(void **state)
{
    struct ike_keys old;
    struct ike_keys keys;
    (void)state;
    struct protection cbc = protection_of(ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256);
    derive(PRF_HMAC_SHA2_512, &cbc, 0, NULL, &old);
    struct protection next = protection_of(ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128);
    derive(PRF_HMAC_SHA2_256, &next, PRF_HMAC_SHA2_512, &old.sk_d, &keys);
    assert_ike(&keys, rekeyed);
}

static void test_child(void **state)
{
    struct ike_keys keys;
    struct child_keys child;
    (void)state;
    struct protection gcm = protection_of(ENCR_AES_GCM_16, 128, 0);
    derive(PRF_HMAC_SHA2_256, &gcm, 0, NULL, &keys);
    assert_int_equal(keymat_derive_child(prf_algorithm_find(PRF_HMAC_SHA2_256), &keys.sk_d, &gcm,
                                         NULL, ni, nr, &child),
                     STATUS_OK);
    assert_child(&child, child_gcm);
    struct protection cbc = protection_of(ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256);
    derive(PRF_HMAC_SHA2_512, &cbc, 0, NULL, &keys);
    assert_int_equal(keymat_derive_child(prf_algorithm_find(PRF_HMAC_SHA2_512), &keys.sk_d, &cbc,
                                         &g, ni, nr, &child),
                     STATUS_OK);
    assert_child(&child, child_cbc_pfs);
    child_keys_wipe(&child);
    assert_int_equal(child.encryption_i.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ike),
        cmocka_unit_test(test_rekeyed_ike),
        cmocka_unit_test(test_child),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
