/* What a person who says little gets, when to rekey, and who may call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/config.h"

static bool fill(void *context, uint8_t *out, size_t length)
{
    const int *octet = context;
    if (*octet < 0) {
        return false;
    }
    memset(out, *octet, length);
    return true;
}

static void test_soft_lifetime(void **state)
{
    (void)state;
    enum { J = UINT16_MAX };
    static const struct {
        uint64_t soft, jitter;
        int octet; /* of randomness; -1: none to be had */
        uint64_t expected;
    } rows[] = {
        {0, 0, 0, UINT64_MAX},
        {0, 10 * J, 0xff, UINT64_MAX},
        {100 * J, 0, 0xff, 1000 + 100 * J},
        {100 * J, 10 * J, 0x00, 1000 + 100 * J},
        {100 * J, 10 * J, 0xff, 1000 + 90 * J},
        {100 * J, 10 * J, 0x01, 1000 + 100 * J - 10 * 0x0101},
        {100 * J, 10 * J, -1, 1000 + 100 * J},
        {100 * J, 90 * J, 0xff, 1000 + 50 * J}, /* never more than half of it */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int octet = rows[i].octet;
        const struct random_source random = {.fill = fill, .context = &octet};
        const struct lifetime_config lifetime = {.soft_ns = rows[i].soft,
                                                 .jitter_ns = rows[i].jitter};
        assert_true(lifetime_soft_at(&lifetime, &random, 1000) == rows[i].expected);
    }
}

static void test_who_may_call(void **state)
{
    (void)state;
    struct endpoint_config config;
    struct peer_config peer;
    struct address one, other, stranger;
    endpoint_config_defaults(&config);
    peer_config_defaults(&peer);
    assert_true(address_parse("192.0.2.1", &one));
    assert_true(address_parse("2001:db8::1", &other));
    assert_true(address_parse("192.0.2.2", &stranger));
    assert_true(peer_config_allows_address(&config, &peer, &one));
    config.accept_unknown_addresses = false;
    assert_false(peer_config_allows_address(&config, &peer, &one));
    peer.remote_addresses = (struct address_list){.count = 2, .items = {one, other}};
    for (unsigned accept = 0; accept < 2; accept++) { /* its own, whatever strangers may */
        config.accept_unknown_addresses = accept;
        assert_true(peer_config_allows_address(&config, &peer, &one));
        assert_true(peer_config_allows_address(&config, &peer, &other));
        assert_false(peer_config_allows_address(&config, &peer, &stranger));
    }
}

static bool offers(const struct proposal *p, uint8_t type, uint16_t id)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->transforms[i].type == type && p->transforms[i].id == id) {
            return true;
        }
    }
    return false;
}

static void assert_proposals(const struct proposal_list *list, uint8_t protocol)
{
    assert_int_equal(list->count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct proposal *p = &list->items[i];
        assert_int_equal(p->protocol, protocol);
        assert_false(p->unusable);
        assert_true(offers(p, TRANSFORM_KE, KE_CURVE25519));
        assert_int_equal(offers(p, TRANSFORM_ENCR, ENCR_AES_GCM_16), i == 0);
        assert_int_equal(offers(p, TRANSFORM_ENCR, ENCR_AES_CBC), i == 1);
        assert_int_equal(offers(p, TRANSFORM_PRF, PRF_HMAC_SHA2_256), protocol == PROTOCOL_IKE);
        assert_int_equal(offers(p, TRANSFORM_ESN, ESN_YES), protocol == PROTOCOL_ESP);
        /* an AEAD stands alone, RFC 7296 3.3.3 */
        assert_int_equal(offers(p, TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128), i == 1);
    }
}

/* Defaults overwrite all there was, and each lifetime ends after it is time to rekey. */
static void test_defaults(void **state)
{
    (void)state;
    struct endpoint_config endpoint;
    struct peer_config peer;
    struct child_config child;
    memset(&endpoint, 0xff, sizeof endpoint);
    memset(&peer, 0xff, sizeof peer);
    memset(&child, 0xff, sizeof child);
    endpoint_config_defaults(&endpoint);
    peer_config_defaults(&peer);
    child_config_defaults(&child);
    assert_int_equal(endpoint.ike_port, 500);
    assert_int_equal(endpoint.natt_port, 4500);
    assert_null(endpoint.peers);
    assert_true(endpoint.cookie_threshold > 0);
    assert_true(endpoint.half_open_max > endpoint.cookie_threshold); /* cookies first, then none */
    assert_int_equal(peer.remote_port, 500);
    assert_int_equal(peer.remote_natt_port, 4500);
    assert_int_equal(peer.psk_length, 0);
    assert_int_equal(peer.remote_id.type, 0);
    assert_int_equal(peer.child_count, 0);
    assert_true(peer.lifetime.soft_ns - peer.lifetime.jitter_ns < peer.lifetime.hard_ns);
    assert_true(peer.lifetime.soft_ns < peer.lifetime.hard_ns);
    assert_true(peer.retransmission.tries > 1 && peer.retransmission.backoff_percent >= 100);
    assert_proposals(&peer.proposals, PROTOCOL_IKE);
    assert_true(child.lifetime.soft_ns < child.lifetime.hard_ns);
    assert_true(child.lifetime.hard_ns < peer.lifetime.hard_ns);
    assert_int_equal(child.start, START_ON_TRAFFIC);
    assert_true(child.replay_window >= 64); /* RFC 4303 3.4.3 */
    assert_false(child.transport_mode);
    assert_proposals(&child.proposals, PROTOCOL_ESP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_soft_lifetime),
        cmocka_unit_test(test_who_may_call),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
