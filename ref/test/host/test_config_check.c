/* host/config_check.c: settings that contradict each other, and what fits those left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "host/config_check.h"
#include "test/crypto/pki_lab.h"

#define S 1000000000ULL

static void times_that_were_given_win(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct lifetime_config in;
        struct lifetime_given given;
        uint64_t soft_s, hard_s, jitter_s; /* afterwards */
    } rows[] = {
        {"all fits",
         {.soft_ns = 100 * S, .hard_ns = 110 * S, .jitter_ns = 10 * S},
         {0},
         100,
         110,
         10},
        {"rekey given: lifetime follows",
         {.soft_ns = 200 * S, .hard_ns = 110 * S, .jitter_ns = S},
         {.soft = true},
         200,
         230,
         1},
        {"lifetime given: rekey follows",
         {.soft_ns = 200 * S, .hard_ns = 100 * S, .jitter_ns = S},
         {.hard = true},
         90,
         100,
         1},
        {"jitter left out shrinks",
         {.soft_ns = 20 * S, .hard_ns = 40 * S, .jitter_ns = 30 * S},
         {.soft = true, .hard = true},
         20,
         40,
         2},
        {"jitter given stays",
         {.soft_ns = 20 * S, .hard_ns = 40 * S, .jitter_ns = 19 * S},
         {.soft = true, .hard = true, .jitter = true},
         20,
         40,
         19},
        {"no rekey", {.hard_ns = 40 * S}, {.soft = true, .hard = true}, 0, 40, 0},
        {"no lifetime", {.soft_ns = 40 * S}, {.soft = true, .hard = true}, 40, 0, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lifetime_config out = rows[i].in;
        const char *error = lifetime_config_complete(&out, rows[i].given);
        if (error != NULL || out.soft_ns != rows[i].soft_s * S ||
            out.hard_ns != rows[i].hard_s * S || out.jitter_ns != rows[i].jitter_s * S) {
            fail_msg("%s: %s, %llu %llu %llu", rows[i].name, error != NULL ? error : "no error",
                     (unsigned long long)out.soft_ns, (unsigned long long)out.hard_ns,
                     (unsigned long long)out.jitter_ns);
        }
    }
}

static void limits_that_contradict_each_other(void **state)
{
    (void)state;
    const struct lifetime_given all = {true, true, true};
    static const struct {
        struct lifetime_config in;
        const char *about;
    } rows[] = {
        {{.soft_ns = 100 * S, .hard_ns = 100 * S}, "lifetime is not longer than rekey"},
        {{.soft_ns = 100 * S, .jitter_ns = 100 * S}, "jitter is not shorter than rekey"},
        {{.soft_octets = 5, .hard_octets = 5}, "lifetime-octets"},
        {{.soft_packets = 6, .hard_packets = 5}, "lifetime-packets"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lifetime_config in = rows[i].in;
        const char *error = lifetime_config_complete(&in, all);
        assert_non_null(error);
        if (strstr(error, rows[i].about) == NULL) {
            fail_msg("\"%s\" does not name %s", error, rows[i].about);
        }
    }
    struct lifetime_config good = {.soft_octets = 4, .hard_octets = 5, .soft_packets = 7};
    assert_null(lifetime_config_complete(&good, all));
}

static void tunnel_mode_wants_selectors(void **state)
{
    (void)state;
    struct child_config child = {.local = {.count = 1}};
    assert_non_null(strstr(child_config_complete(&child), "remote"));
    child.transport_mode = true;
    assert_null(child_config_complete(&child));
    child = (struct child_config){.local = {.count = 1}, .remote = {.count = 1}};
    assert_null(child_config_complete(&child));
}

/* RFC 4303 3.3.3 */
static void no_window_no_extended_sequence_numbers(void **state)
{
    (void)state;
    static const struct transform esn = {.type = TRANSFORM_ESN, .id = ESN_YES};
    static const uint32_t windows[] = {256, 0};
    struct child_config child;
    child_config_defaults(&child);
    child.transport_mode = true;
    for (size_t i = 0; i < 2; i++) {
        child.replay_window = windows[i];
        assert_null(child_config_complete(&child));
        for (size_t j = 0; j < child.proposals.count; j++) {
            const struct proposal *p = &child.proposals.items[j];
            const struct transform *last = &p->transforms[p->count - 1];
            assert_int_equal(last->type, TRANSFORM_ESN);
            assert_int_equal(last->id, ESN_NO);
            assert_int_equal(last[-1].type, i == 0 ? TRANSFORM_ESN : TRANSFORM_KE);
        }
    }
    struct proposal *p = &child.proposals.items[child.proposals.count - 1];
    p->transforms[p->count - 1] = esn;
    assert_non_null(strstr(child_config_complete(&child), "noesn"));
    child.replay_window = 32;
    p->transforms[p->count++] = esn;
    assert_null(child_config_complete(&child));
    assert_int_equal(p->transforms[p->count - 1].id, ESN_YES);
}

static void a_peer_wants_key_name_and_place(void **state)
{
    (void)state;
    struct peer_config *peer = calloc(1, sizeof(*peer));
    assert_non_null(peer);
    assert_non_null(strstr(peer_config_complete(peer), "psk"));
    peer->psk_length = 1;
    peer->remote_authentication = AUTHENTICATION_SIGNATURE;
    assert_non_null(strstr(peer_config_complete(peer), "authorities"));
    peer->remote_authentication = AUTHENTICATION_PSK;
    peer->local_authentication = AUTHENTICATION_SIGNATURE;
    assert_non_null(strstr(peer_config_complete(peer), "certificate"));
    peer->local_authentication = AUTHENTICATION_PSK;
    assert_non_null(strstr(peer_config_complete(peer), "local-id"));
    peer->local_id.type = ID_FQDN;
    assert_non_null(strstr(peer_config_complete(peer), "retransmit-timeout"));
    peer->retransmission = (struct retransmission_config){.timeout_ns = 2, .timeout_max_ns = 1};
    assert_non_null(strstr(peer_config_complete(peer), "retransmit-timeout"));
    peer->retransmission.timeout_max_ns = 2;
    peer->force_udp_encapsulation = true;
    assert_non_null(strstr(peer_config_complete(peer), "nat-traversal"));
    peer->nat_traversal = true;
    assert_null(peer_config_complete(peer));
    peer->child_count = 2;
    peer->children[1].start = START_AT_ONCE;
    assert_non_null(strstr(peer_config_complete(peer), "address"));
    peer->remote_addresses.count = 1;
    assert_null(peer_config_complete(peer));
    free(peer);
}

/* A certificate says who we are; what is wrong with it is said. */
static void a_certificate_is_an_identity(void **state)
{
    (void)state;
    struct peer_config *peer = calloc(1, sizeof(*peer));
    assert_non_null(peer);
    const char *error;
    const struct pki_certificate *own = pki_peer(PKI_P256, "gw.example");
    peer->retransmission = (struct retransmission_config){.timeout_ns = 1, .timeout_max_ns = 1};
    peer->local_authentication = AUTHENTICATION_SIGNATURE;
    peer->remote_authentication = AUTHENTICATION_SIGNATURE;
    peer->authorities = pki_authorities(pki_authority());
    peer->credential = credential_create();
    assert_true(credential_set_certificates(peer->credential, pki_pem(own, NULL, NULL), &error));
    assert_non_null(strstr(peer_config_complete(peer), "private-key"));
    credential_destroy(peer->credential);
    peer->credential = pki_credential(own, NULL, NULL);
    assert_null(peer_config_complete(peer));
    assert_int_equal(peer->local_id.type, ID_FQDN);
    assert_int_equal(peer->local_id.length, 10);
    assert_memory_equal(peer->local_id.data, "gw.example", 10);
    assert_true(identity_parse("dn:C=AT, O=ikelab, CN=gw.example", &peer->local_id));
    assert_null(peer_config_complete(peer));
    assert_int_equal(peer->local_id.type, ID_DER_ASN1_DN); /* who has one keeps it */
    peer->remote_authentication = AUTHENTICATION_PSK;
    assert_non_null(strstr(peer_config_complete(peer), "psk"));
    peer->psk_length = 1;
    assert_null(peer_config_complete(peer));
    credential_destroy(peer->credential);
    authorities_destroy(peer->authorities);
    free(peer);
}

static void a_certificate_without_a_name(void **state)
{
    (void)state;
    struct peer_config *peer = calloc(1, sizeof(*peer));
    assert_non_null(peer);
    peer->psk_length = 1;
    peer->local_authentication = AUTHENTICATION_SIGNATURE;
    peer->credential = pki_credential(pki_issue(&(struct pki_request){0}), NULL, NULL);
    assert_non_null(strstr(peer_config_complete(peer), "local-id"));
    credential_destroy(peer->credential);
    free(peer);
}

static void ports_and_tables_of_the_host(void **state)
{
    (void)state;
    struct host_config config = {.route_table = 220, .endpoint = {.ike_port = 500}};
    config.endpoint.natt_port = 500;
    assert_non_null(strstr(host_config_complete(&config), "natt-port"));
    config.endpoint.natt_port = 4500;
    assert_null(host_config_complete(&config));
    for (uint32_t table = 252; table <= 256; table++) {
        config.route_table = table;
        assert_int_equal(host_config_complete(&config) != NULL, table >= 253 && table <= 255);
    }
}

static void difficulties_of_puzzles(void **state)
{
    (void)state;
    struct host_config config = {.endpoint = {.ike_port = 500, .natt_port = 4500}};
    for (uint32_t bits = 0; bits < 40; bits++) {
        bool good = bits == 0 || (bits >= 9 && bits <= 28);
        config.endpoint.puzzle_difficulty = bits;
        config.endpoint.puzzle_difficulty_max = 0;
        assert_int_equal(host_config_complete(&config) == NULL, good);
        config.endpoint.puzzle_difficulty = 0;
        config.endpoint.puzzle_difficulty_max = bits;
        assert_int_equal(host_config_complete(&config) == NULL, good);
    }
}

static void wiping_leaves_nothing(void **state)
{
    (void)state;
    struct host_config config = {.mark = 7}, zero;
    memset(&zero, 0, sizeof(zero));
    config.endpoint.peer_count = 2;
    config.endpoint.peers = calloc(2, sizeof(*config.endpoint.peers));
    assert_non_null(config.endpoint.peers);
    host_config_wipe(&config);
    assert_memory_equal(&config, &zero, sizeof(zero));
    host_config_wipe(&config); /* a zeroed one is fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_that_were_given_win),
        cmocka_unit_test(limits_that_contradict_each_other),
        cmocka_unit_test(tunnel_mode_wants_selectors),
        cmocka_unit_test(no_window_no_extended_sequence_numbers),
        cmocka_unit_test(a_peer_wants_key_name_and_place),
        cmocka_unit_test(a_certificate_is_an_identity),
        cmocka_unit_test(a_certificate_without_a_name),
        cmocka_unit_test(ports_and_tables_of_the_host),
        cmocka_unit_test(difficulties_of_puzzles),
        cmocka_unit_test(wiping_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
