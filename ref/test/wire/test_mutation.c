/* The whole of wire/ under mutated messages: whatever comes, no read past the end, no wrong
 * promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "octets.h"
#include "wire/ike_header.h"
#include "wire/message.h"

#define MUTATIONS 200000
#define MESSAGE_MAX 512

/* xorshift64: the same mutations in every run. */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % bound;
}

#define HEADER "0102030405060708 0000000000000000 "

/* Whole messages with every payload we decode; the octets behind SK stay closed here. */
static const char *const seeds[] = {
    HEADER "21 20 22 08 00000000 00000000" /* SA KE nonce notify */
           "22 00 0040 0200 0024 01 01 00 03 0300 000c 01 00 0014 800e 0100 0300 0008 02 00 0005"
           "0000 0008 04 00 001f 0000 0018 02 01 08 01 1112131415161718 0000 0008 04 00 000e"
           "28 00 0010 001f 0000 0102030405060708 29 00 0014 00112233445566778899aabbccddeeff"
           "29 00 000c 00 00 4004 01020304 00 00 000c 03 04 4009 c0ffee01",
    HEADER
    "23 20 23 08 00000001 00000000" /* IDi IDr AUTH TSi TSr delete vendor ID */
    "24 00 000c 01 000000 c0000201 27 00 000a 02 000000 6162 2c 00 000c 02 000000 aabbccdd"
    "2d 00 002c 03 000000 07 06 0010 01bb 01bb 0a010000 0a0100ff"
    "0a 00 0004 07 06 0010 ffff 0000 0a010000 0a0100ff"
    "2a 00 0030 01 000000 08 00 0028 0000 ffff 00000000000000000000000000000000"
    "ffffffffffffffffffffffffffffffff 2b 00 0010 03 04 0002 11111111 22222222 00 00 0006 aabb",
    HEADER "25 20 23 08 00000001 00000000" /* CERT CERT CERTREQ CERTREQ */
           "25 00 000a 04 3082aabbcc 26 00 0005 0c 26 00 0019 04"
           "0101010101010101010101010101010101010101 00 00 0006 04 02",
    HEADER "2e 20 25 28 00000002 00000000 29 00 0010 0102030405060708090a0b0c",
};

static struct payload_chain chain;
static struct message message;
static size_t accepted;

static bool inside(struct bytes view, struct bytes whole)
{
    return view.length == 0 ||
           (view.data >= whole.data && view.data + view.length <= whole.data + whole.length);
}

/* What a handler relies on without looking again. */
static void check_promises(const struct message *m, struct bytes whole)
{
    assert_true(m->sa.count <= PROPOSALS_MAX && m->ts_i.count <= SELECTORS_MAX);
    for (size_t i = 0; i < m->sa.count; i++) {
        assert_true(m->sa.proposals[i].count >= 1 && m->sa.proposals[i].count <= TRANSFORMS_MAX);
        assert_true(inside(m->sa.proposals[i].spi, whole));
    }
    for (size_t i = 0; i < m->notify_count; i++) {
        assert_true(inside(m->notifies[i].spi, whole) && inside(m->notifies[i].data, whole));
    }
    for (size_t i = 0; i < m->delete_count; i++) {
        const struct delete_payload *d = &m->deletes[i];
        assert_true(inside(d->spis, whole) && d->spis.length == (size_t)d->spi_size * d->count);
    }
    for (size_t i = 0; i < m->cert_count && i < CERTS_MAX; i++) {
        assert_true(inside(m->certs[i].data, whole));
    }
    assert_true(m->certreq_count <= CERTREQS_MAX);
    for (size_t i = 0; i < m->certreq_count; i++) {
        assert_true(inside(m->certreqs[i].authorities, whole));
    }
    assert_true(inside(m->sk, whole) && inside(m->ke.data, whole) && inside(m->auth.data, whole));
    assert_true(inside(m->id_i.data, whole) && inside(m->id_r.body, whole));
    if (m->has_nonce) {
        assert_true(m->nonce.nonce.length >= NONCE_MIN && m->nonce.nonce.length <= NONCE_MAX);
    }
}

/* As the corridor does it, on memory of exactly the datagram's size. */
static enum status receive(struct bytes datagram)
{
    struct ike_header header;
    TRY(ike_header_parse(datagram, &header));
    struct bytes payloads = datagram;
    struct bytes skipped;
    assert_true(bytes_take(&payloads, IKE_HEADER_LENGTH, &skipped));
    TRY(payload_chain_parse(header.next_payload, payloads, &chain));
    TRY(message_decode(&chain, &message));
    check_promises(&message, datagram);
    return STATUS_OK;
}

static void set_length(uint8_t *octets, size_t length)
{
    octets[26] = (uint8_t)(length >> 8);
    octets[27] = (uint8_t)length;
}

/* One to four small changes: bits, boundary values, a cut, a repeated piece. */
static size_t mutate(uint8_t *octets, size_t length)
{
    static const uint8_t boundary[] = {0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xfe, 0xff};
    for (uint32_t changes = 1 + random_below(4); changes > 0; changes--) {
        size_t at = random_below((uint32_t)length);
        switch (random_below(8)) {
        case 0:
            length = at > 0 ? at : 1;
            break;
        case 1: {
            size_t more = random_below(32);
            if (at + more <= length && length + more <= MESSAGE_MAX) {
                memmove(octets + at + more, octets + at, length - at);
                length += more;
            }
            break;
        }
        case 2:
        case 3:
            octets[at] = boundary[random_below(sizeof boundary)];
            break;
        case 4:
            octets[at] = (uint8_t)(PAYLOAD_SA + random_below(21));
            break;
        default:
            octets[at] ^= (uint8_t)(1u << random_below(8));
        }
    }
    return length;
}

static void test_seeds_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        struct bytes seed = octets_hex(seeds[i]);
        set_length((uint8_t *)seed.data, seed.length);
        if (receive(seed) != STATUS_OK) {
            fail_msg("seed %zu", i);
        }
        octets_free(seed);
    }
}

static void test_mutations(void **state)
{
    (void)state;
    struct bytes originals[sizeof seeds / sizeof seeds[0]];
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        originals[i] = octets_hex(seeds[i]);
    }
    for (size_t i = 0; i < MUTATIONS; i++) {
        struct bytes original = originals[i % (sizeof seeds / sizeof seeds[0])];
        uint8_t octets[MESSAGE_MAX];
        memcpy(octets, original.data, original.length);
        size_t length = mutate(octets, original.length);
        if (length >= IKE_HEADER_LENGTH && random_below(64) != 0) {
            set_length(octets, length); /* else hardly any would come past the header */
        }
        struct bytes datagram = octets_copy(octets, length);
        accepted += receive(datagram) == STATUS_OK;
        octets_free(datagram);
    }
    /* Neither all nor none: the mutations reach both sides of the checks. */
    assert_in_range(accepted, MUTATIONS / 100, MUTATIONS * 9 / 10);
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        octets_free(originals[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeds_are_accepted),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
