/* Choosing among proposals, and checking a choice, RFC 7296 2.7, 3.3. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/proposal_choice.h"

static const uint8_t spi4[4] = {1, 2, 3, 4};

static struct proposal_list list_of(uint8_t protocol, const char *one, const char *two)
{
    struct proposal_list list = {.count = two != NULL ? 2 : 1};
    const char *error;
    assert_true(proposal_parse_text(one, protocol, &list.items[0], &error));
    if (two != NULL) {
        assert_true(proposal_parse_text(two, protocol, &list.items[1], &error));
    }
    return list;
}

static struct bytes spi_for(uint8_t protocol)
{
    return bytes_of(spi4, protocol == PROTOCOL_ESP ? 4 : 0);
}

struct round { /* one negotiation */
    enum status chosen, accepted;
    struct chosen_proposal responder, initiator;
    struct sa_payload offer;
};

/* `theirs` is offered, `ours` chooses, and the initiator checks the answer. */
static void negotiate(struct round *r, uint8_t protocol, const char *theirs, const char *theirs_2,
                      const char *ours, const char *ours_2, uint16_t group)
{
    static struct sa_payload answer;
    struct proposal_list offered = list_of(protocol, theirs, theirs_2);
    struct proposal_list policy = list_of(protocol, ours, ours_2);
    struct bytes spi = spi_for(protocol);
    memset(r, 0, sizeof *r);
    proposal_offer(&offered, spi, false, &r->offer);
    r->chosen =
        proposal_choose(&r->offer, &policy, protocol, spi.length, false, group, &r->responder);
    if (r->chosen != STATUS_OK) {
        return;
    }
    answer.count = 1;
    answer.proposals[0] = r->responder.answer;
    answer.proposals[0].spi = spi;
    r->accepted = proposal_accept(&answer, &offered, protocol, spi.length, false, &r->initiator);
    if (r->accepted == STATUS_OK) { /* both have understood the same */
        assert_ptr_equal(r->initiator.protection.cipher, r->responder.protection.cipher);
        assert_ptr_equal(r->initiator.protection.integrity, r->responder.protection.integrity);
        assert_int_equal(r->initiator.protection.key_bits, r->responder.protection.key_bits);
        assert_ptr_equal(r->initiator.prf, r->responder.prf);
        assert_ptr_equal(r->initiator.key_exchange, r->responder.key_exchange);
        assert_int_equal(r->initiator.esn, r->responder.esn);
    }
}

static struct round r;

static void assert_agreed(void)
{
    assert_int_equal(r.chosen, STATUS_OK);
    assert_int_equal(r.accepted, STATUS_OK);
}

static void test_our_order_counts(void **state)
{
    (void)state;
    negotiate(&r, PROTOCOL_IKE, "aes128gcm16-aes256gcm16-prfsha256-prfsha512-x25519-ecp256", NULL,
              "aes256gcm16-aes128gcm16-prfsha512-prfsha256-ecp256-x25519", NULL, 0);
    assert_agreed();
    assert_int_equal(r.responder.protection.key_bits, 256);
    assert_int_equal(r.responder.prf->id, PRF_HMAC_SHA2_512);
    assert_int_equal(r.responder.key_exchange->id, KE_ECP_256);
    assert_int_equal(r.responder.answer.count, 3); /* one of each type, and no more */
}

static void test_group_that_came_is_taken(void **state)
{
    (void)state;
    negotiate(&r, PROTOCOL_IKE, "aes128gcm16-prfsha256-x25519-ecp256", NULL,
              "aes128gcm16-prfsha256-ecp256-x25519", NULL, KE_CURVE25519);
    assert_agreed();
    assert_int_equal(r.responder.key_exchange->id, KE_CURVE25519);
    negotiate(&r, PROTOCOL_IKE, "aes128gcm16-prfsha256-x25519-ecp256", NULL,
              "aes128gcm16-prfsha256-ecp256", NULL, KE_CURVE25519);
    assert_agreed();
    assert_int_equal(r.responder.key_exchange->id, KE_ECP_256);
}

static void test_second_proposal(void **state)
{
    (void)state;
    negotiate(&r, PROTOCOL_IKE, "aes256gcm16-prfsha256-x25519", "aes128-sha256-x25519",
              "aes128-sha256-x25519", NULL, 0);
    assert_agreed();
    assert_int_equal(r.responder.number, 2);
    assert_int_equal(r.responder.protection.integrity->id, AUTH_HMAC_SHA2_256_128);
}

static void test_nothing_in_common(void **state)
{
    static const char *const pairs[][2] = {
        {"aes256gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519"},
        {"aes256gcm16-prfsha256-x25519", "aes256gcm16-prfsha512-x25519"},
        {"aes256gcm16-prfsha256-x25519", "aes256gcm16-prfsha256-x448"},
        {"aes256-sha256-x25519", "aes256-sha512-x25519"},
        {"aes256-sha256-prfsha256-x25519", "aes256gcm16-prfsha256-x25519"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        negotiate(&r, PROTOCOL_IKE, pairs[i][0], NULL, pairs[i][1], NULL, 0);
        assert_int_equal(r.chosen, STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
        negotiate(&r, PROTOCOL_IKE, pairs[i][1], NULL, pairs[i][0], NULL, 0);
        assert_int_equal(r.chosen, STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    }
}

static void test_esn(void **state)
{
    (void)state;
    negotiate(&r, PROTOCOL_ESP, "aes128gcm16-esn-noesn", NULL, "aes128gcm16-esn", NULL, 0);
    assert_agreed();
    assert_true(r.responder.esn);
    negotiate(&r, PROTOCOL_ESP, "aes128gcm16-esn-noesn", NULL, "aes128gcm16", NULL, 0);
    assert_agreed();
    assert_false(r.responder.esn);
    negotiate(&r, PROTOCOL_ESP, "aes128gcm16-esn", NULL, "aes128gcm16", NULL, 0);
    assert_int_equal(r.chosen, STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
}

static void test_pfs_is_not_dropped(void **state)
{
    (void)state;
    negotiate(&r, PROTOCOL_ESP, "aes128gcm16-x25519", NULL, "aes128gcm16", NULL, 0);
    assert_int_equal(r.chosen, STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    negotiate(&r, PROTOCOL_ESP, "aes128gcm16", NULL, "aes128gcm16-x25519", NULL, 0);
    assert_int_equal(r.chosen, STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    negotiate(&r, PROTOCOL_ESP, "aes128gcm16", NULL, "aes128gcm16", NULL, 0);
    assert_agreed();
    assert_null(r.responder.key_exchange);
}

static enum status choose(const struct sa_payload *offer, const char *ours, uint8_t protocol,
                          size_t spi_length)
{
    struct chosen_proposal out;
    struct proposal_list policy = list_of(protocol, ours, NULL);
    return proposal_choose(offer, &policy, protocol, spi_length, false, 0, &out);
}

/* 3.3.6: a transform type or attribute we do not know makes the proposal (or transform) unusable.
 */
static void test_the_unknown_is_not_chosen(void **state)
{
    (void)state;
    negotiate(&r, PROTOCOL_ESP, "aes128gcm16", "aes128gcm16", "aes128gcm16", NULL, 0);
    assert_agreed();
    struct proposal *first = &r.offer.proposals[0];
    first->transforms[first->count++] = (struct transform){.type = 77, .id = 5};
    assert_int_equal(choose(&r.offer, "aes128gcm16", PROTOCOL_ESP, 4), STATUS_OK);
    r.offer.count = 1;
    assert_int_equal(choose(&r.offer, "aes128gcm16", PROTOCOL_ESP, 4),
                     STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    first->count--;
    first->transforms[0].unknown_attribute = true;
    assert_int_equal(choose(&r.offer, "aes128gcm16", PROTOCOL_ESP, 4),
                     STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    first->transforms[0].unknown_attribute = false;
    assert_int_equal(choose(&r.offer, "aes128gcm16", PROTOCOL_ESP, 4), STATUS_OK);
    assert_int_equal(choose(&r.offer, "aes128gcm16", PROTOCOL_ESP, 8),
                     STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    first->number = 2; /* 3.3.1: the first is number one */
    assert_int_equal(choose(&r.offer, "aes128gcm16", PROTOCOL_ESP, 4),
                     STATUS_NOTIFY(INVALID_SYNTAX));
}

static void test_aead_with_explicit_none(void **state)
{
    (void)state;
    negotiate(&r, PROTOCOL_ESP, "aes128gcm16", NULL, "aes128gcm16", NULL, 0);
    struct proposal *first = &r.offer.proposals[0];
    first->transforms[first->count++] =
        (struct transform){.type = TRANSFORM_INTEG, .id = AUTH_NONE};
    assert_int_equal(choose(&r.offer, "aes128gcm16", PROTOCOL_ESP, 4), STATUS_OK);
    first->transforms[first->count - 1].id = AUTH_HMAC_SHA2_256_128;
    assert_int_equal(choose(&r.offer, "aes128gcm16", PROTOCOL_ESP, 4),
                     STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
}

static enum status accept(struct proposal *answer, size_t count, const char *offered)
{
    static struct sa_payload payload;
    struct chosen_proposal out;
    struct proposal_list list = list_of(PROTOCOL_ESP, offered, NULL);
    payload.count = count;
    payload.proposals[0] = payload.proposals[1] = *answer;
    return proposal_accept(&payload, &list, PROTOCOL_ESP, 4, false, &out);
}

/* The initiator takes nothing it has not offered, and not more than one of each type. */
static void test_accept(void **state)
{
    static const char offered[] = "aes128gcm16-aes256gcm16-x25519-ecp256-esn";
    const enum status refused = STATUS_NOTIFY(NO_PROPOSAL_CHOSEN);
    (void)state;
    negotiate(&r, PROTOCOL_ESP, offered, NULL, "aes256gcm16-ecp256-esn", NULL, 0);
    assert_agreed();
    struct proposal good = r.responder.answer;
    good.spi = bytes_of(spi4, 4);
    assert_int_equal(accept(&good, 1, offered), STATUS_OK);
    assert_int_equal(accept(&good, 0, offered), refused);
    assert_int_equal(accept(&good, 2, offered), refused);
    struct proposal bad = good;
    bad.number = 2;
    assert_int_equal(accept(&bad, 1, offered), refused);
    bad.number = 0;
    assert_int_equal(accept(&bad, 1, offered), refused);
    bad = good;
    bad.protocol = PROTOCOL_AH;
    assert_int_equal(accept(&bad, 1, offered), refused);
    for (size_t i = 0; i < good.count; i++) {
        bad = good;
        bad.transforms[bad.count++] = bad.transforms[i]; /* twice */
        assert_int_equal(accept(&bad, 1, offered), refused);
        bad = good;
        bad.transforms[i] = bad.transforms[--bad.count]; /* missing */
        assert_int_equal(accept(&bad, 1, offered), refused);
        bad = good;
        bad.transforms[i].id = (uint16_t)(bad.transforms[i].id + 100);
        assert_int_equal(accept(&bad, 1, offered), refused);
    }
    bad = good;
    bad.transforms[0].key_bits = 192;
    assert_int_equal(accept(&bad, 1, offered), refused);
}

static void test_without_key_exchange(void **state)
{
    struct proposal_list list = list_of(PROTOCOL_ESP, "aes128gcm16-x25519-esn", NULL);
    struct sa_payload offer;
    struct chosen_proposal out;
    (void)state;
    proposal_offer(&list, bytes_of(spi4, 4), true, &offer);
    assert_int_equal(offer.proposals[0].count, 2);
    assert_int_equal(proposal_choose(&offer, &list, PROTOCOL_ESP, 4, true, 0, &out), STATUS_OK);
    assert_null(out.key_exchange);
}

static void test_groups(void **state)
{
    struct proposal_list list = list_of(PROTOCOL_IKE, "aes128-sha256-ecp256", "aes128-sha256-x448");
    (void)state;
    assert_int_equal(proposal_list_first_group(&list), KE_ECP_256);
    assert_true(proposal_list_has_group(&list, KE_CURVE448));
    assert_false(proposal_list_has_group(&list, KE_MODP_2048));
    struct proposal_list none = list_of(PROTOCOL_ESP, "aes128gcm16", NULL);
    assert_int_equal(proposal_list_first_group(&none), KE_NONE);
}

/* What was chosen before anybody had a name must be what the peer with that name may use. */
static void test_what_a_peer_allows(void **state)
{
    static const struct {
        const char *allowed;
        bool allows;
    } rows[] = {
        {"aes128-sha256-prfsha256-x25519", true},  {"aes256-sha256-prfsha256-x25519", false},
        {"aes128-sha384-prfsha256-x25519", false}, {"aes128-sha256-prfsha384-x25519", false},
        {"aes128-sha256-prfsha256-ecp256", false}, {"aes128gcm16-prfsha256-x25519", false},
    };
    (void)state;
    negotiate(&r, PROTOCOL_IKE, rows[0].allowed, NULL, rows[0].allowed, NULL, KE_CURVE25519);
    assert_int_equal(r.chosen, STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct proposal_list list = list_of(PROTOCOL_IKE, rows[i].allowed, NULL);
        assert_int_equal(proposal_list_allows_ike(&list, &r.responder.protection, r.responder.prf,
                                                  r.responder.key_exchange),
                         rows[i].allows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_peer_allows),
        cmocka_unit_test(test_our_order_counts),
        cmocka_unit_test(test_group_that_came_is_taken),
        cmocka_unit_test(test_second_proposal),
        cmocka_unit_test(test_nothing_in_common),
        cmocka_unit_test(test_esn),
        cmocka_unit_test(test_pfs_is_not_dropped),
        cmocka_unit_test(test_the_unknown_is_not_chosen),
        cmocka_unit_test(test_aead_with_explicit_none),
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_without_key_exchange),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
