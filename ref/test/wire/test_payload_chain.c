/* wire/payload_chain.c: walking and building the chain of generic headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "octets.h"
#include "wire/payload_chain.h"

static enum status parse_from_nonce(struct bytes octets)
{
    struct payload_chain chain;
    return payload_chain_parse(PAYLOAD_NONCE, octets, &chain);
}

static void test_walk(void **state)
{
    (void)state;
    /* nonce, a critical notify, an unknown payload that is skipped, an empty vendor ID */
    struct bytes octets = octets_hex("29 00 0006 aabb  c8 80 0005 cc  2b 7f 0006 dddd  00 00 0004");
    struct payload_chain chain;
    assert_int_equal(payload_chain_parse(PAYLOAD_NONCE, octets, &chain), STATUS_OK);
    assert_int_equal(chain.count, 3);
    assert_int_equal(chain.items[0].type, PAYLOAD_NONCE);
    assert_int_equal(chain.items[0].offset, 0);
    assert_false(chain.items[0].critical);
    assert_true(bytes_equal(chain.items[0].body, bytes_of("\xaa\xbb", 2)));
    assert_int_equal(chain.items[1].type, PAYLOAD_NOTIFY);
    assert_int_equal(chain.items[1].offset, 6);
    assert_true(chain.items[1].critical);
    assert_int_equal(chain.items[2].type, PAYLOAD_VENDOR_ID);
    assert_int_equal(chain.items[2].offset, 17);
    assert_int_equal(chain.items[2].body.length, 0);
    octets_free(octets);
}

static void test_sk_and_skf_end_the_chain(void **state)
{
    (void)state;
    static const uint8_t types[] = {PAYLOAD_SK, PAYLOAD_SKF};
    for (size_t i = 0; i < 2; i++) {
        struct bytes octets = octets_hex("23 00 0006 aabb");
        struct payload_chain chain;
        assert_int_equal(payload_chain_parse(types[i], octets, &chain), STATUS_OK);
        assert_int_equal(chain.count, 1);
        assert_int_equal(chain.items[0].next_payload, PAYLOAD_IDI);
        octets_free(octets);
        octets = octets_hex("23 00 0006 aabb 00 00 0004");
        assert_int_equal(payload_chain_parse(types[i], octets, &chain),
                         STATUS_NOTIFY(INVALID_SYNTAX));
        octets_free(octets);
    }
}

static void test_an_empty_chain(void **state)
{
    (void)state;
    struct payload_chain chain;
    assert_int_equal(payload_chain_parse(PAYLOAD_NONE, bytes_of(NULL, 0), &chain), STATUS_OK);
    assert_int_equal(chain.count, 0);
    struct bytes octets = octets_hex("00 00 0004");
    assert_int_equal(payload_chain_parse(PAYLOAD_NONE, octets, &chain),
                     STATUS_NOTIFY(INVALID_SYNTAX));
    octets_free(octets);
}

static void test_verdicts(void **state)
{
    (void)state;
    static const struct parse_case cases[] = {
        {"one payload", "00 00 0005 aa", STATUS_OK},
        {"empty body", "00 00 0004", STATUS_OK},
        {"nothing where a payload must be", "", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"length zero", "00 00 0000", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"length below its header", "00 00 0003", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"length beyond the end", "00 00 0006 aa", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"length huge", "00 00 ffff aa", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"octets left over", "00 00 0004 aa", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"next payload missing", "29 00 0004", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"reserved bits set", "00 7f 0004", STATUS_OK},
        {"critical, but known", "00 80 0004", STATUS_OK},
        {"unknown", "c8 00 0004 00 00 0005 aa", STATUS_OK},
        {"unknown, with a bad length", "c8 00 0004 00 00 0003", STATUS_NOTIFY(INVALID_SYNTAX)},
        {"PS, critical, but known", "36 00 0004 00 80 0008 aabbccdd", STATUS_OK},
        {"IKEv1's SA payload number", "01 00 0004 00 00 0004", STATUS_OK},
    };
    assert_parses(parse_from_nonce, CASES(cases));
}

static void test_unsupported_critical(void **state)
{
    (void)state;
    static const uint8_t types[] = {1, 32, 49, 52, 55, 128, 255};
    for (size_t i = 0; i < sizeof types; i++) {
        uint8_t octets[] = {types[i], 0, 0, 4, 0, 0x80, 0, 4};
        struct payload_chain chain;
        assert_int_equal(
            payload_chain_parse(PAYLOAD_NONCE, bytes_of(octets, sizeof octets), &chain),
            STATUS_NOTIFY(UNSUPPORTED_CRITICAL_PAYLOAD));
        assert_int_equal(chain.unsupported_critical, types[i]);
    }
}

static void test_every_truncation(void **state)
{
    (void)state;
    /* The end of an inner payload is no legal end either: the chain says that more follows. */
    assert_truncations(parse_from_nonce, "29 00 0006 aabb 2b 80 0005 cc 00 00 0006 dddd", 17);
}

static void test_too_many_payloads(void **state)
{
    (void)state;
    uint8_t octets[4 * (PAYLOADS_MAX + 1)];
    for (size_t i = 0; i < PAYLOADS_MAX + 1; i++) {
        memcpy(octets + 4 * i, (uint8_t[]){PAYLOAD_NOTIFY, 0, 0, 4}, 4);
    }
    struct payload_chain chain;
    octets[sizeof octets - 8] = PAYLOAD_NONE;
    assert_int_equal(
        payload_chain_parse(PAYLOAD_NOTIFY, bytes_of(octets, sizeof octets - 4), &chain),
        STATUS_OK);
    assert_int_equal(chain.count, PAYLOADS_MAX);
    octets[sizeof octets - 8] = PAYLOAD_NOTIFY;
    octets[sizeof octets - 4] = PAYLOAD_NONE;
    assert_int_equal(payload_chain_parse(PAYLOAD_NOTIFY, bytes_of(octets, sizeof octets), &chain),
                     STATUS_NOTIFY(INVALID_SYNTAX));
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct writer w = writer_over(buffer, sizeof buffer);
    writer_u16(&w, 0x9999); /* chains need not start at the writer's start */
    struct chain_writer chain = chain_writer_over(&w);
    assert_int_equal(chain.first, PAYLOAD_NONE);
    payload_begin(&chain, PAYLOAD_NONCE);
    writer_u16(&w, 0xaabb);
    payload_end(&chain);
    payload_begin(&chain, PAYLOAD_VENDOR_ID);
    payload_end(&chain);
    payload_begin(&chain, PAYLOAD_NOTIFY);
    writer_u8(&w, 0xcc);
    payload_end(&chain);
    assert_int_equal(chain.first, PAYLOAD_NONCE);
    assert_written(&w, "9999 2b 00 0006 aabb 29 00 0004 00 00 0005 cc");
}

static void test_build_without_room(void **state)
{
    (void)state;
    static uint8_t buffer[80000];
    for (size_t capacity = 0; capacity < 13; capacity++) {
        struct writer w = writer_over(buffer, capacity);
        struct chain_writer chain = chain_writer_over(&w);
        payload_begin(&chain, PAYLOAD_NONCE);
        writer_u8(&w, 1);
        payload_end(&chain);
        payload_begin(&chain, PAYLOAD_NOTIFY);
        writer_u32(&w, 2);
        payload_end(&chain);
        assert_true(w.overflow);
    }
    /* 65535 octets are all that a length can say. */
    for (size_t body = 65531; body <= 65532; body++) {
        struct writer w = writer_over(buffer, sizeof buffer);
        struct chain_writer chain = chain_writer_over(&w);
        payload_begin(&chain, PAYLOAD_NONCE);
        writer_zero(&w, body);
        payload_end(&chain);
        assert_int_equal(w.overflow, body > 65531);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_sk_and_skf_end_the_chain),
        cmocka_unit_test(test_an_empty_chain),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_unsupported_critical),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_too_many_payloads),
        cmocka_unit_test(test_build),
        cmocka_unit_test(test_build_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
