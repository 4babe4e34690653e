/* wire/sa_payload.c: proposals, transforms and attributes, with every length and count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "octets.h"
#include "wire/payloads.h"

/* Transforms and one-proposal bodies, written by hand after the drawings of RFC 7296 3.3. */
#define AES_GCM_256 "0000 000c 01 00 0014 800e 0100"
#define AES_GCM_256_MORE "0300 000c 01 00 0014 800e 0100"
#define PRF_SHA256_MORE "0300 0008 02 00 0005"
#define X25519 "0000 0008 04 00 001f"
#define NO_ESN "0000 0008 05 00 0000"
#define IKE_PROPOSAL "0000 0024 01 01 00 03 " AES_GCM_256_MORE PRF_SHA256_MORE X25519
#define ESP_PROPOSAL "0000 0020 01 03 04 02 c0ffee01 " AES_GCM_256_MORE NO_ESN

/* An ESP proposal without SPI around one transform of 8 + extra octets. */
#define AROUND(total, transform) "0000 " total " 01 03 00 01 " transform

static enum status parse(struct bytes body)
{
    static struct sa_payload sa;
    return sa_payload_parse(body, &sa);
}

static void test_ike_proposal(void **state)
{
    (void)state;
    struct bytes body = octets_hex(IKE_PROPOSAL);
    static struct sa_payload sa;
    assert_int_equal(sa_payload_parse(body, &sa), STATUS_OK);
    assert_int_equal(sa.count, 1);
    const struct proposal *p = &sa.proposals[0];
    assert_int_equal(p->number, 1);
    assert_int_equal(p->protocol, PROTOCOL_IKE);
    assert_int_equal(p->spi.length, 0);
    assert_int_equal(p->count, 3);
    assert_false(p->unusable);
    assert_int_equal(p->transforms[0].type, TRANSFORM_ENCR);
    assert_int_equal(p->transforms[0].id, ENCR_AES_GCM_16);
    assert_int_equal(p->transforms[0].key_bits, 256);
    assert_false(p->transforms[0].unknown_attribute);
    assert_int_equal(p->transforms[1].type, TRANSFORM_PRF);
    assert_int_equal(p->transforms[1].key_bits, 0);
    assert_int_equal(p->transforms[2].id, KE_CURVE25519);
    octets_free(body);
}

static void test_several_proposals(void **state)
{
    (void)state;
    struct bytes body = octets_hex("0200 0014 01 03 04 01 11111111 " NO_ESN
                                   "0200 0018 02 01 08 01 2222222222222222 " X25519
                                   "0000 0010 03 02 00 01 " NO_ESN);
    static struct sa_payload sa;
    assert_int_equal(sa_payload_parse(body, &sa), STATUS_OK);
    assert_int_equal(sa.count, 3);
    assert_true(bytes_equal(sa.proposals[0].spi, bytes_of("\x11\x11\x11\x11", 4)));
    assert_int_equal(sa.proposals[1].spi.length, 8);
    assert_int_equal(sa.proposals[2].number, 3);
    assert_int_equal(sa.proposals[2].protocol, PROTOCOL_AH);
    octets_free(body);
}

static void test_verdicts(void **state)
{
    (void)state;
    const enum status bad = STATUS_NOTIFY(INVALID_SYNTAX);
    const struct parse_case cases[] = {
        {"ESP", ESP_PROPOSAL, STATUS_OK},
        {"reserved octets set", "00ff 0010 01 03 00 01 00ff 0008 05 ff 0000", STATUS_OK},
        {"no proposal", "", bad},
        {"no transform", "0000 0008 01 03 00 00", bad},
        {"odd SPI size", "0000 0013 01 03 03 01 aabbcc " NO_ESN, STATUS_OK},
        {"unknown protocol", "0000 0010 01 07 00 01 " NO_ESN, STATUS_OK},
        {"last, but more follows", ESP_PROPOSAL "0000 0010 02 03 00 01 " NO_ESN, bad},
        {"more, but last", "0200 0010 01 03 00 01 " NO_ESN, bad},
        {"last substructure 1", "0100 0010 01 03 00 01 " NO_ESN, bad},
        {"last substructure 3 for a proposal", "0300 0010 01 03 00 01 " NO_ESN ESP_PROPOSAL, bad},
        {"lone proposal with another number", "0000 0010 07 03 00 01 " NO_ESN, STATUS_OK},
        {"first of two is 2", "0200 0010 02 03 00 01 " NO_ESN "0000 0010 03 03 00 01 " NO_ESN, bad},
        {"numbers 1, 3", "0200 0010 01 03 00 01 " NO_ESN "0000 0010 03 03 00 01 " NO_ESN, bad},
        {"numbers 1, 1", "0200 0010 01 03 00 01 " NO_ESN "0000 0010 01 03 00 01 " NO_ESN, bad},
        {"proposal length 0", "0000 0000 01 03 00 01 " NO_ESN, bad},
        {"proposal length 3", "0000 0003 01 03 00 01 " NO_ESN, bad},
        {"proposal length 7", "0000 0007 01 03 00 01 " NO_ESN, bad},
        {"proposal length one short", "0000 000f 01 03 00 01 " NO_ESN, bad},
        {"proposal length one long", "0000 0011 01 03 00 01 " NO_ESN, bad},
        {"SPI beyond the proposal", "0000 0010 01 03 ff 01 " NO_ESN, bad},
        {"fewer transforms than counted", "0000 0010 01 03 00 02 " NO_ESN, bad},
        {"more transforms than counted", "0000 0018 01 03 00 01 0300 0008 05 00 0001" NO_ESN, bad},
        {"octet behind the transforms", "0000 0011 01 03 00 01 " NO_ESN "00", bad},
        {"transform length 0", AROUND("0010", "0000 0000 05 00 0000"), bad},
        {"transform length 7", AROUND("0010", "0000 0007 05 00 0000"), bad},
        {"transform length one long", AROUND("0010", "0000 0009 05 00 0000"), bad},
        {"transform of 7 octets", AROUND("000f", "0000 0007 05 00 00"), bad},
        {"transform of its first 4", AROUND("000c", "0000 0004"), bad},
        {"transform more, but last", AROUND("0010", "0300 0008 05 00 0000"), bad},
        {"transform last substructure 2", AROUND("0018", "0200 0008 05 00 0000" NO_ESN), bad},
        {"attribute cut", AROUND("0013", "0000 000b 01 00 000c 800e 01"), bad},
        {"TLV beyond the transform", AROUND("0014", "0000 000c 01 00 000c 0012 0001"), bad},
        {"TLV length huge", AROUND("0016", "0000 000e 01 00 000c 0012 ffff aabb"), bad},
        {"two key lengths", AROUND("0018", "0000 0010 01 00 000c 800e 0080 800e 0100"), bad},
        {"the same key length twice", AROUND("0018", "0000 0010 01 00 000c 800e 0080 800e 0080"),
         bad},
        {"key length zero twice", AROUND("0018", "0000 0010 01 00 000c 800e 0000 800e 0000"), bad},
    };
    assert_parses(parse, CASES(cases));
}

static void test_attributes(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint16_t key_bits;
        bool unknown;
    } rows[] = {
        {AROUND("0010", "0000 0008 01 00 000c"), 0, false},
        {AROUND("0014", "0000 000c 01 00 000c 800e 0080"), 128, false},
        {AROUND("0014", "0000 000c 01 00 000c 800e 0000"), 0, true},      /* not "no attribute" */
        {AROUND("0014", "0000 000c 01 00 000c 800f 0080"), 0, true},      /* another TV */
        {AROUND("0014", "0000 000c 01 00 000c 000f 0000"), 0, true},      /* an empty TLV */
        {AROUND("0016", "0000 000e 01 00 000c 000f 0002 aabb"), 0, true}, /* a TLV */
        {AROUND("0016", "0000 000e 01 00 000c 000e 0002 0080"), 0, true}, /* Key Length as TLV */
        {AROUND("0018", "0000 0010 01 00 000c 8012 0001 800e 00c0"), 192, true},
        {AROUND("0019", "0000 0011 01 00 000c 0012 0001 aa 800e 00c0"), 192, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes body = octets_hex(rows[i].hex);
        static struct sa_payload sa;
        assert_int_equal(sa_payload_parse(body, &sa), STATUS_OK);
        assert_int_equal(sa.proposals[0].transforms[0].key_bits, rows[i].key_bits);
        assert_int_equal(sa.proposals[0].transforms[0].unknown_attribute, rows[i].unknown);
        octets_free(body);
    }
}

static void test_every_truncation(void **state)
{
    (void)state;
    assert_truncations(parse, ESP_PROPOSAL, 32);
    assert_truncations(parse, IKE_PROPOSAL, 36);
    assert_truncations(parse, "0200 0010 01 03 00 01 " NO_ESN "0000 0010 02 03 00 01 " NO_ESN, 32);
    assert_truncations(parse, AROUND("0019", "0000 0011 01 00 000c 0012 0001 aa 800e 00c0"), 25);
}

/* A proposal of `count` transforms, the ids counting up. */
static void many_transforms(struct writer *w, size_t count, uint8_t number, bool last)
{
    writer_u16(w, last ? 0x0000 : 0x0200);
    writer_u16(w, (uint16_t)(8 + 8 * count));
    writer_u8(w, number);
    writer_u8(w, PROTOCOL_ESP);
    writer_u8(w, 0);
    writer_u8(w, (uint8_t)count);
    for (size_t i = 0; i < count; i++) {
        writer_u16(w, i + 1 == count ? 0x0000 : 0x0300);
        writer_u16(w, 8);
        writer_u16(w, TRANSFORM_KE << 8);
        writer_u16(w, (uint16_t)i);
    }
}

/* A daemon with all its plugins may offer this many when nobody has told it what to offer. */
static void test_long_default_proposals_are_usable(void **state)
{
    (void)state;
    static uint8_t buffer[1024];
    static struct sa_payload sa;
    struct writer w = writer_over(buffer, sizeof buffer);
    many_transforms(&w, 64, 1, true);
    assert_int_equal(sa_payload_parse(writer_bytes(&w), &sa), STATUS_OK);
    assert_false(sa.proposals[0].unusable);
    assert_int_equal(sa.proposals[0].count, 64);
}

static void test_too_many_transforms_make_a_proposal_unusable(void **state)
{
    (void)state;
    static uint8_t buffer[8192];
    static struct sa_payload sa;
    struct writer w = writer_over(buffer, sizeof buffer);
    many_transforms(&w, TRANSFORMS_MAX, 1, false);
    many_transforms(&w, TRANSFORMS_MAX + 1, 2, false);
    many_transforms(&w, 1, 3, true);
    struct bytes body = octets_copy(buffer, w.length);
    assert_int_equal(sa_payload_parse(body, &sa), STATUS_OK);
    octets_free(body);
    assert_int_equal(sa.count, 3);
    assert_false(sa.proposals[0].unusable);
    assert_int_equal(sa.proposals[0].count, TRANSFORMS_MAX);
    assert_true(sa.proposals[1].unusable);
    assert_int_equal(sa.proposals[1].count, TRANSFORMS_MAX);
    assert_false(sa.proposals[2].unusable);
}

static void test_proposals_beyond_the_limit_are_checked_and_skipped(void **state)
{
    (void)state;
    static uint8_t buffer[8192];
    static struct sa_payload sa;
    struct writer w = writer_over(buffer, sizeof buffer);
    size_t last_start = 0;
    for (size_t i = 1; i <= PROPOSALS_MAX + 2; i++) {
        last_start = w.length;
        many_transforms(&w, 2, (uint8_t)i, i == PROPOSALS_MAX + 2);
    }
    assert_int_equal(sa_payload_parse(writer_bytes(&w), &sa), STATUS_OK);
    assert_int_equal(sa.count, PROPOSALS_MAX);
    assert_int_equal(sa.proposals[PROPOSALS_MAX - 1].number, PROPOSALS_MAX);
    buffer[last_start + 7] = 3; /* one transform more than there is */
    assert_int_equal(parse(writer_bytes(&w)), STATUS_NOTIFY(INVALID_SYNTAX));
}

static void test_build(void **state)
{
    (void)state;
    static struct sa_payload sa = {
        .count = 2,
        .proposals = {
            {.number = 1,
             .protocol = PROTOCOL_ESP,
             .count = 2,
             .transforms = {{.type = TRANSFORM_ENCR, .id = ENCR_AES_GCM_16, .key_bits = 256},
                            {.type = TRANSFORM_ESN, .id = ESN_NO}}},
            {.number = 2,
             .protocol = PROTOCOL_IKE,
             .count = 1,
             .transforms = {{.type = TRANSFORM_KE, .id = KE_CURVE25519}}},
        }};
    sa.proposals[0].spi = bytes_of("\xc0\xff\xee\x01", 4);
    uint8_t buffer[128];
    struct writer w = writer_over(buffer, sizeof buffer);
    sa_payload_build(&w, &sa);
    assert_written(&w, "0200 0020 01 03 04 02 c0ffee01 " AES_GCM_256_MORE NO_ESN
                       "0000 0010 02 01 00 01 " X25519);

    static struct sa_payload again;
    assert_int_equal(sa_payload_parse(writer_bytes(&w), &again), STATUS_OK);
    struct writer second = writer_over((uint8_t[128]){0}, 128);
    sa_payload_build(&second, &again);
    assert_true(bytes_equal(writer_bytes(&w), writer_bytes(&second)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ike_proposal),
        cmocka_unit_test(test_several_proposals),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_long_default_proposals_are_usable),
        cmocka_unit_test(test_too_many_transforms_make_a_proposal_unusable),
        cmocka_unit_test(test_proposals_beyond_the_limit_are_checked_and_skipped),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
