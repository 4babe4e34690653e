/* The Encrypted payload around a message, RFC 7296 3.14, RFC 5282. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "protect/sk_message.h"

static uint8_t next_octet;

static bool fill(void *context, uint8_t *out, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        out[i] = next_octet++;
    }
    return true;
}

static const struct random_source source = {fill, NULL};

struct lab {
    struct protection protection;
    struct protector *seal, *open;
    uint8_t octets[512];
    size_t length;
};

static void lab_open(struct lab *lab, uint16_t cipher, uint16_t bits, uint16_t integrity)
{
    uint8_t key[128];
    memset(lab, 0, sizeof *lab);
    memset(key, 7, sizeof key);
    lab->protection = (struct protection){
        .cipher = cipher_algorithm_find(cipher),
        .key_bits = bits,
        .integrity = integrity != 0 ? integrity_algorithm_find(integrity) : NULL};
    struct bytes encryption = bytes_of(key, protection_encryption_key_length(&lab->protection));
    struct bytes mac = bytes_of(key, protection_integrity_key_length(&lab->protection));
    lab->seal = protector_create(&lab->protection, encryption, mac, PROTECTOR_SEAL);
    lab->open = protector_create(&lab->protection, encryption, mac, PROTECTOR_OPEN);
    assert_non_null(lab->seal);
    assert_non_null(lab->open);
}

static void lab_close(struct lab *lab)
{
    protector_destroy(lab->seal);
    protector_destroy(lab->open);
}

static void seal(struct lab *lab, size_t inner_length, size_t capacity, enum status expected)
{
    uint8_t inner[300];
    struct ike_header header = {.spi_i = 1, .spi_r = 2, .exchange_type = INFORMATIONAL};
    struct writer w = writer_over(lab->octets, capacity);
    for (size_t i = 0; i < inner_length; i++) {
        inner[i] = (uint8_t)i;
    }
    assert_int_equal(sk_message_seal(&lab->protection, lab->seal, &source, &header, PAYLOAD_NOTIFY,
                                     bytes_of(inner, inner_length), &w),
                     expected);
    lab->length = w.length;
}

/* The datagram in memory of exactly its size. */
static enum status open(struct lab *lab, size_t *inner_length)
{
    uint8_t plain[512];
    uint8_t first;
    struct bytes inner;
    struct payload_chain chain;
    uint8_t *copy = malloc(lab->length);
    memcpy(copy, lab->octets, lab->length);
    enum status status =
        payload_chain_parse(PAYLOAD_SK, bytes_of(copy + 28, lab->length - 28), &chain);
    if (status == STATUS_OK) {
        status = sk_message_open(&lab->protection, lab->open, bytes_of(copy, lab->length),
                                 &chain.items[chain.count - 1], plain, &inner, &first);
    }
    if (status == STATUS_OK) {
        assert_int_equal(first, PAYLOAD_NOTIFY);
        *inner_length = inner.length;
        for (size_t i = 0; i < inner.length; i++) {
            assert_int_equal(inner.data[i], (uint8_t)i);
        }
    }
    free(copy);
    return status;
}

static const uint16_t suites[][3] = {
    {ENCR_AES_GCM_16, 128, 0},
    {ENCR_CHACHA20_POLY1305, 256, 0},
    {ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128},
    {ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256},
};

#define SUITES (sizeof suites / sizeof suites[0])

static void test_every_length(void **state)
{
    struct lab lab;
    size_t length;
    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        lab_open(&lab, suites[s][0], suites[s][1], suites[s][2]);
        size_t block = protection_block_length(&lab.protection);
        for (size_t n = 0; n < 100; n++) {
            seal(&lab, n, sizeof lab.octets, STATUS_OK);
            /* the Length field and SK's own, 3.14 */
            assert_int_equal(lab.octets[26] << 8 | lab.octets[27], lab.length);
            assert_int_equal(lab.octets[30] << 8 | lab.octets[31], lab.length - 28);
            assert_int_equal(lab.octets[16], PAYLOAD_SK);
            size_t text = lab.length - 32 - protection_iv_length(&lab.protection) -
                          protection_icv_length(&lab.protection);
            assert_int_equal(text % block, 0);
            assert_true(text >= n + 1 && text <= n + block);
            assert_int_equal(open(&lab, &length), STATUS_OK);
            assert_int_equal(length, n);
        }
        lab_close(&lab);
    }
}

/* RFC 8019 7.2.2: PS stands in front of SK, where anybody can read it and nobody can change it. */
static void test_behind_a_solution(void **state)
{
    static const uint8_t keys[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        struct lab lab;
        struct payload_chain chain;
        struct bytes inner;
        uint8_t plain[512];
        uint8_t first;
        struct ike_header header = {.exchange_type = IKE_AUTH};
        lab_open(&lab, suites[s][0], suites[s][1], suites[s][2]);
        struct writer w = writer_over(lab.octets, sizeof lab.octets);
        assert_int_equal(sk_message_seal_behind(&lab.protection, lab.seal, &source, &header,
                                                bytes_of(keys, sizeof keys), PAYLOAD_IDI,
                                                bytes_of("inner", 5), &w),
                         STATUS_OK);
        assert_int_equal(lab.octets[26] << 8 | lab.octets[27], w.length);
        assert_int_equal(w.length, sk_message_length(&lab.protection, 5) + 12);
        assert_int_equal(
            payload_chain_parse(lab.octets[16], bytes_of(lab.octets + 28, w.length - 28), &chain),
            STATUS_OK);
        assert_int_equal(chain.count, 2);
        assert_int_equal(chain.items[0].type, PAYLOAD_PS);
        assert_true(bytes_equal(chain.items[0].body, bytes_of(keys, sizeof keys)));
        assert_int_equal(sk_message_open(&lab.protection, lab.open, writer_bytes(&w),
                                         &chain.items[1], plain, &inner, &first),
                         STATUS_OK);
        assert_true(bytes_equal(inner, bytes_of("inner", 5)));
        lab.octets[28 + 4 + 3] ^= 1;
        assert_int_equal(sk_message_open(&lab.protection, lab.open, writer_bytes(&w),
                                         &chain.items[1], plain, &inner, &first),
                         STATUS_DROP);
        lab_close(&lab);
    }
}

/* Everything is authenticated, the header too. */
static void test_any_bit(void **state)
{
    struct lab lab;
    size_t length;
    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        lab_open(&lab, suites[s][0], suites[s][1], suites[s][2]);
        seal(&lab, 20, sizeof lab.octets, STATUS_OK);
        for (size_t bit = 0; bit < 8 * lab.length; bit++) {
            lab.octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_not_equal(open(&lab, &length), STATUS_OK);
            lab.octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_int_equal(open(&lab, &length), STATUS_OK);
        lab_close(&lab);
    }
}

static void test_too_short(void **state)
{
    struct lab lab;
    size_t length;
    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        lab_open(&lab, suites[s][0], suites[s][1], suites[s][2]);
        seal(&lab, 20, sizeof lab.octets, STATUS_OK);
        for (size_t n = lab.length - 1; n >= 32; n--) {
            lab.length = n;
            lab.octets[30] = (uint8_t)((n - 28) >> 8);
            lab.octets[31] = (uint8_t)(n - 28);
            assert_int_equal(open(&lab, &length), STATUS_DROP);
        }
        lab_close(&lab);
    }
}

static void test_does_not_fit(void **state)
{
    struct lab lab;
    (void)state;
    lab_open(&lab, ENCR_AES_GCM_16, 128, 0);
    for (size_t capacity = 0; capacity < 28 + 4 + 8 + 21 + 16; capacity++) {
        seal(&lab, 20, capacity, STATUS_INTERNAL);
    }
    seal(&lab, 20, 28 + 4 + 8 + 21 + 16, STATUS_OK);
    lab_close(&lab);
}

/* Authentic, but Pad Length is more than there is: the peer is told. */
static void test_bad_padding(void **state)
{
    struct lab lab;
    uint8_t iv[PROTECTION_IV_MAX];
    size_t length;
    (void)state;
    lab_open(&lab, ENCR_AES_GCM_16, 128, 0);
    seal(&lab, 0, sizeof lab.octets, STATUS_OK); /* one octet of text: Pad Length */
    for (unsigned pad = 0; pad < 4; pad++) {
        assert_int_equal(protector_next_iv(lab.seal, &source, iv), STATUS_OK);
        memcpy(lab.octets + 32, iv, 8);
        lab.octets[40] = (uint8_t)pad;
        assert_int_equal(protector_seal(lab.seal, bytes_of(lab.octets, 32), iv, lab.octets + 40, 1,
                                        bytes_of(NULL, 0), lab.octets + 41),
                         STATUS_OK);
        assert_int_equal(open(&lab, &length), pad == 0 ? STATUS_OK : STATUS_NOTIFY(INVALID_SYNTAX));
    }
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length),      cmocka_unit_test(test_any_bit),
        cmocka_unit_test(test_behind_a_solution), cmocka_unit_test(test_too_short),
        cmocka_unit_test(test_does_not_fit),      cmocka_unit_test(test_bad_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
