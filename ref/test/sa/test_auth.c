/* AUTH of a shared key, RFC 7296 2.15, against Python: prf(h, k, d) = hmac.new(k, d, h).digest(),
 *    prf(prf(b"a shared key", b"Key Pad for IKEv2"), message + nonce + prf(SK_p, id_body))
 * with message = bytes 0x20, 0x21, ... (100 of them), nonce = bytes 0x80, 0x81, ... (24), SK_p and
 * id_body as below. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/auth.h"
#include "test/wire/octets.h"

static const char sk_p_hex[] = "5e049854e7d8bc9e313446cc9b859786d24e407e3a1f439ad468972775aab647";

static const char auth_hex[] = "fa61e3fc674a496c799133349ef1110594764ededbee077facb61c4717c422a0";

static uint8_t message_octets[100];
static uint8_t nonce_octets[24];
static const uint8_t id_body[] = {2, 0, 0, 0, 'g', 'w', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e'};
static const char psk[] = "a shared key";

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof message_octets; i++) {
        message_octets[i] = (uint8_t)(0x20 + i);
    }
    for (size_t i = 0; i < sizeof nonce_octets; i++) {
        nonce_octets[i] = (uint8_t)(0x80 + i);
    }
    return 0;
}

static enum status verify(const char *key, size_t message_length, const uint8_t *auth,
                          size_t auth_length)
{
    struct secret sk_p;
    struct bytes octets = octets_hex(sk_p_hex);
    secret_set(&sk_p, octets);
    octets_free(octets);
    return auth_shared_key_verify(prf_algorithm_find(PRF_HMAC_SHA2_256), bytes_of(key, strlen(key)),
                                  bytes_of(message_octets, message_length),
                                  bytes_of(nonce_octets, sizeof nonce_octets), &sk_p,
                                  bytes_of(id_body, sizeof id_body), bytes_of(auth, auth_length));
}

static void test_value(void **state)
{
    struct secret sk_p;
    uint8_t out[PRF_OUTPUT_MAX];
    (void)state;
    struct bytes octets = octets_hex(sk_p_hex);
    struct bytes expected = octets_hex(auth_hex);
    secret_set(&sk_p, octets);
    assert_int_equal(auth_shared_key_compute(prf_algorithm_find(PRF_HMAC_SHA2_256),
                                             bytes_of(psk, sizeof psk - 1),
                                             bytes_of(message_octets, sizeof message_octets),
                                             bytes_of(nonce_octets, sizeof nonce_octets), &sk_p,
                                             bytes_of(id_body, sizeof id_body), out),
                     STATUS_OK);
    assert_int_equal(expected.length, 32);
    assert_memory_equal(out, expected.data, expected.length);
    octets_free(octets);
    octets_free(expected);
}

static void test_verify(void **state)
{
    (void)state;
    struct bytes good = octets_hex(auth_hex);
    uint8_t bad[33];
    memcpy(bad, good.data, 32);
    bad[32] = 0;
    octets_free(good);
    assert_int_equal(verify(psk, 100, bad, 32), STATUS_OK);
    assert_int_equal(verify(psk, 99, bad, 32), STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_int_equal(verify("another key", 100, bad, 32), STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_int_equal(verify(psk, 100, bad, 31), STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_int_equal(verify(psk, 100, bad, 33), STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_int_equal(verify(psk, 100, bad, 0), STATUS_NOTIFY(AUTHENTICATION_FAILED));
    for (unsigned bit = 0; bit < 256; bit++) {
        bad[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(verify(psk, 100, bad, 32), STATUS_NOTIFY(AUTHENTICATION_FAILED));
        bad[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

/* What a signature is over: the same three pieces. */
static void test_signed_octets(void **state)
{
    (void)state;
    uint8_t octets[100 + 24 + 32];
    struct secret sk_p;
    struct bytes key = octets_hex(sk_p_hex);
    struct bytes id = bytes_of(id_body, sizeof id_body);
    const struct prf_algorithm *prf = prf_algorithm_find(PRF_HMAC_SHA2_256);
    uint8_t maced_id[32];
    secret_set(&sk_p, key);
    assert_int_equal(prf_compute(prf, key, &id, 1, maced_id), STATUS_OK);
    octets_free(key);
    for (size_t capacity = sizeof octets - 1; capacity <= sizeof octets; capacity++) {
        struct writer w = writer_over(octets, capacity);
        enum status expected = capacity == sizeof octets ? STATUS_OK : STATUS_INTERNAL;
        assert_int_equal(auth_signed_octets(prf, bytes_of(message_octets, 100),
                                            bytes_of(nonce_octets, 24), &sk_p, id, &w),
                         expected);
    }
    assert_memory_equal(octets, message_octets, 100);
    assert_memory_equal(octets + 100, nonce_octets, 24);
    assert_memory_equal(octets + 124, maced_id, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_signed_octets),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
