/* The Encrypted Fragment payload around a piece, RFC 7383 2.5. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "protect/skf_message.h"
#include "test/protect/seal_lab.h"
#include "wire/payload_chain.h"

static uint8_t octets[512];
static uint8_t plain[512];

static const struct ike_header header = {.spi_i = 0x0102030405060708,
                                         .spi_r = 0x1112131415161718,
                                         .exchange_type = IKE_AUTH,
                                         .flags = IKE_FLAG_INITIATOR,
                                         .message_id = 7};

static size_t seal(struct seal_lab *lab, uint16_t number, uint16_t total, size_t length,
                   size_t capacity, enum status expected)
{
    static uint8_t piece[300];
    struct writer w = writer_over(octets, capacity);
    memset(piece, 0x5a, sizeof piece);
    assert_int_equal(skf_message_seal(&lab->protection, lab->seal, &seal_lab_random, &header,
                                      PAYLOAD_IDI, number, total, bytes_of(piece, length), &w),
                     expected);
    return w.length;
}

/* As the corridor would, with the datagram in memory of exactly its size. */
static enum status open(struct seal_lab *lab, size_t length, struct skf_payload *skf,
                        uint8_t *next_payload, size_t *piece_length)
{
    struct payload_chain chain;
    struct bytes piece;
    uint8_t *copy = malloc(length);
    memcpy(copy, octets, length);
    enum status status = payload_chain_parse(PAYLOAD_SKF, bytes_of(copy + 28, length - 28), &chain);
    if (status == STATUS_OK) {
        *next_payload = chain.items[0].next_payload;
        status = skf_payload_parse(chain.items[0].body, skf);
    }
    if (status == STATUS_OK) {
        status = skf_message_open(&lab->protection, lab->open, bytes_of(copy, length), skf, plain,
                                  &piece);
    }
    if (status == STATUS_OK) {
        *piece_length = piece.length;
    }
    free(copy);
    return status;
}

/* The header is the message's but for Length and Next Payload; the first payload's type goes into
 * fragment 1 alone. An empty piece is one (2.5.3). */
static void test_what_is_written(void **state)
{
    struct seal_lab lab;
    struct skf_payload skf;
    struct ike_header read;
    uint8_t next;
    size_t piece;
    (void)state;
    for (size_t s = 0; s < SEAL_LAB_SUITES; s++) {
        seal_lab_begin(&lab, seal_lab_suites[s]);
        for (uint16_t number = 1; number <= 3; number++) {
            for (size_t n = 0; n < 40; n++) {
                size_t length = seal(&lab, number, 3, n, sizeof octets, STATUS_OK);
                assert_int_equal(ike_header_parse(bytes_of(octets, length), &read), STATUS_OK);
                assert_int_equal(read.next_payload, PAYLOAD_SKF);
                assert_int_equal(read.spi_i, header.spi_i);
                assert_int_equal(read.spi_r, header.spi_r);
                assert_int_equal(read.exchange_type, header.exchange_type);
                assert_int_equal(read.flags, header.flags);
                assert_int_equal(read.message_id, header.message_id);
                assert_int_equal(open(&lab, length, &skf, &next, &piece), STATUS_OK);
                assert_int_equal(next, number == 1 ? PAYLOAD_IDI : PAYLOAD_NONE);
                assert_int_equal(skf.number, number);
                assert_int_equal(skf.total, 3);
                assert_int_equal(piece, n);
                (void)seal(&lab, number, 3, n, length - 1, STATUS_INTERNAL);
            }
        }
        seal_lab_end(&lab);
    }
}

/* Numbers, header and text: nothing in a fragment can be changed, so none can be moved to another
 * place or another message. */
static void test_any_bit(void **state)
{
    struct seal_lab lab;
    struct skf_payload skf;
    uint8_t next;
    size_t piece;
    (void)state;
    for (size_t s = 0; s < SEAL_LAB_SUITES; s++) {
        seal_lab_begin(&lab, seal_lab_suites[s]);
        size_t length = seal(&lab, 2, 3, 20, sizeof octets, STATUS_OK);
        for (size_t bit = 0; bit < 8 * length; bit++) {
            octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_not_equal(open(&lab, length, &skf, &next, &piece), STATUS_OK);
            octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_int_equal(open(&lab, length, &skf, &next, &piece), STATUS_OK);
        seal_lab_end(&lab);
    }
}

/* A full fragment is as long as it may be: one octet more would not fit. */
static void test_room(void **state)
{
    struct seal_lab lab;
    (void)state;
    for (size_t s = 0; s < SEAL_LAB_SUITES; s++) {
        seal_lab_begin(&lab, seal_lab_suites[s]);
        assert_int_equal(skf_message_room(&lab.protection, 0), 0);
        assert_int_equal(skf_message_room(&lab.protection, 36), 0);
        for (size_t max = 120; max < 300; max++) {
            size_t room = skf_message_room(&lab.protection, max);
            assert_true(seal(&lab, 1, 2, room, sizeof octets, STATUS_OK) <= max);
            assert_true(seal(&lab, 1, 2, room + 1, sizeof octets, STATUS_OK) > max);
        }
        seal_lab_end(&lab);
    }
}

/* RFC 8019 7.2.2: a solution goes with the first fragment only. */
static void test_behind_a_solution(void **state)
{
    static const uint8_t keys[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct seal_lab lab;
    struct payload_chain chain;
    (void)state;
    seal_lab_begin(&lab, seal_lab_suites[0]);
    for (uint16_t number = 1; number <= 2; number++) {
        struct writer w = writer_over(octets, sizeof octets);
        assert_int_equal(skf_message_seal_behind(&lab.protection, lab.seal, &seal_lab_random,
                                                 &header, bytes_of(keys, sizeof keys), PAYLOAD_IDI,
                                                 number, 2, bytes_of("piece", 5), &w),
                         STATUS_OK);
        assert_int_equal(
            payload_chain_parse(octets[16], bytes_of(octets + 28, w.length - 28), &chain),
            STATUS_OK);
        assert_int_equal(chain.count, number == 1 ? 2 : 1);
        assert_int_equal(chain.items[0].type, number == 1 ? PAYLOAD_PS : PAYLOAD_SKF);
        assert_int_equal(chain.items[chain.count - 1].type, PAYLOAD_SKF);
    }
    seal_lab_end(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written),
        cmocka_unit_test(test_any_bit),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_behind_a_solution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
