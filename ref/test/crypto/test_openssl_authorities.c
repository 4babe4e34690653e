/* Whom we trust, and each reason not to trust a peer's certificate. RFC 5280 6, RFC 4945 5. */

#include "crypto_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/crypto/pki_lab.h"

#define GW "gw.example"

static enum refusal verify_at(const struct pki_certificate *authority, const struct bytes *chain,
                              size_t count, int64_t utc_s)
{
    struct peer_certificate out;
    struct authorities *authorities = pki_authorities(authority);
    enum refusal refusal = authorities_verify(authorities, chain, count, ID_FQDN,
                                              bytes_of(GW, sizeof(GW) - 1), utc_s, &out);
    assert_int_equal(refusal == REFUSAL_NONE, out.key != NULL);
    signature_key_destroy(out.key);
    authorities_destroy(authorities);
    return refusal;
}

static enum refusal verify(const struct pki_certificate *certificate)
{
    struct bytes chain = pki_der(certificate);
    return verify_at(pki_authority(), &chain, 1, PKI_NOW_S);
}

/* A good certificate for gw.example, to be spoilt in one way. */
static struct pki_request good(void)
{
    return (struct pki_request){
        .subject = "C=AT, CN=gw", .names = "DNS:" GW, .issuer = pki_authority()};
}

static enum refusal verify_request(struct pki_request request)
{
    return verify(pki_issue(&request));
}

static void test_good(void **state)
{
    (void)state;
    struct peer_certificate out;
    struct pki_request request = good();
    struct bytes der = pki_der(pki_issue(&request));
    struct authorities *authorities = pki_authorities(pki_authority());
    assert_int_equal(
        authorities_verify(authorities, &der, 1, ID_FQDN, bytes_of(GW, 10), PKI_NOW_S, &out),
        REFUSAL_NONE);
    assert_string_equal(out.subject, "C=AT, CN=gw");
    assert_int_equal(signature_key_kind(out.key), KEY_ECDSA_256);
    signature_key_destroy(out.key);
    authorities_destroy(authorities);
    authorities_destroy(NULL);
}

static void test_every_key(void **state)
{
    (void)state;
    static const enum refusal expected[PKI_KEYS] = {
        [PKI_RSA_1024] = REFUSAL_CERTIFICATE_WEAK,
        [PKI_K256] = REFUSAL_CERTIFICATE_KEY,
    };
    for (enum pki_key kind = 0; kind < PKI_KEYS; kind++) {
        struct pki_request request = good();
        request.key = kind;
        assert_int_equal(verify_request(request), expected[kind]);
    }
}

static void test_time(void **state)
{
    (void)state;
    struct pki_request request = good();
    request.from_s = PKI_NOW_S - 10;
    request.to_s = PKI_NOW_S + 10;
    struct bytes der = pki_der(pki_issue(&request));
    static const struct {
        int64_t offset_s;
        enum refusal refusal;
    } rows[] = {
        {-11, REFUSAL_CERTIFICATE_NOT_YET_VALID},
        {-9, REFUSAL_NONE},
        {9, REFUSAL_NONE},
        {11, REFUSAL_CERTIFICATE_EXPIRED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(verify_at(pki_authority(), &der, 1, PKI_NOW_S + rows[i].offset_s),
                         rows[i].refusal);
    }
    assert_int_equal(verify_at(pki_authority(), &der, 1, 0), REFUSAL_CERTIFICATE_NOT_YET_VALID);
}

/* An authority that has expired takes its certificates with it. */
static void test_authority_expired(void **state)
{
    (void)state;
    const struct pki_certificate *authority = pki_issue(
        &(struct pki_request){.subject = "CN=Old", .authority = true, .to_s = PKI_NOW_S - 1});
    struct pki_request request = good();
    request.issuer = authority;
    struct bytes der = pki_der(pki_issue(&request));
    assert_int_equal(verify_at(authority, &der, 1, PKI_NOW_S), REFUSAL_CERTIFICATE_EXPIRED);
}

static void test_untrusted(void **state)
{
    (void)state;
    struct pki_request request = good();
    request.issuer = NULL;
    assert_int_equal(verify_request(request), REFUSAL_CERTIFICATE_UNTRUSTED); /* self-signed */
    request.issuer =
        pki_issue(&(struct pki_request){.subject = "CN=Other Authority", .authority = true});
    assert_int_equal(verify_request(request), REFUSAL_CERTIFICATE_UNTRUSTED);
    /* the peer brings its own authority along */
    struct bytes chain[] = {pki_der(pki_issue(&request)), pki_der(request.issuer)};
    assert_int_equal(verify_at(pki_authority(), chain, 2, PKI_NOW_S),
                     REFUSAL_CERTIFICATE_UNTRUSTED);
    /* an authority of the right name, and another key */
    request.issuer = pki_issue(
        &(struct pki_request){.subject = "CN=Test Authority", .number = 1, .authority = true});
    enum refusal refusal = verify_request(request);
    assert_true(refusal == REFUSAL_CERTIFICATE_UNTRUSTED || refusal == REFUSAL_CERTIFICATE_INVALID);
    /* nobody is trusted at all */
    struct peer_certificate out;
    struct authorities *none = authorities_create();
    assert_int_equal(authorities_count(none), 0);
    assert_int_equal(authorities_verify(none, chain, 2, ID_FQDN, bytes_of(GW, 10), PKI_NOW_S, &out),
                     REFUSAL_CERTIFICATE_UNTRUSTED);
    authorities_destroy(none);
}

static void test_weak(void **state)
{
    (void)state;
    struct pki_request request = good();
    request.sha1 = true;
    assert_int_equal(verify_request(request), REFUSAL_CERTIFICATE_WEAK);
    request = good();
    request.issuer = pki_issue(&(struct pki_request){
        .subject = "CN=Small", .key = PKI_RSA_1024, .issuer = pki_authority(), .authority = true});
    struct bytes chain[] = {pki_der(pki_issue(&request)), pki_der(request.issuer)};
    assert_int_equal(verify_at(pki_authority(), chain, 2, PKI_NOW_S), REFUSAL_CERTIFICATE_WEAK);
}

static void test_usage_and_name(void **state)
{
    (void)state;
    struct pki_request request = good();
    request.usage = "keyEncipherment";
    assert_int_equal(verify_request(request), REFUSAL_CERTIFICATE_USAGE);
    request = good();
    request.extended_usage = "serverAuth";
    assert_int_equal(verify_request(request), REFUSAL_CERTIFICATE_USAGE);
    request = good();
    request.names = "DNS:other.example";
    assert_int_equal(verify_request(request), REFUSAL_CERTIFICATE_NAME);
    request.names = NULL;
    assert_int_equal(verify_request(request), REFUSAL_CERTIFICATE_NAME);
}

static void test_invalid(void **state)
{
    (void)state;
    struct pki_request request = good();
    request.unknown = "1.3.6.1.4.1.99999.1";
    assert_int_equal(verify_request(request), REFUSAL_CERTIFICATE_INVALID);
    request = good();
    struct bytes der = pki_der(pki_issue(&request));
    uint8_t *spoilt = malloc(der.length);
    memcpy(spoilt, der.data, der.length);
    spoilt[der.length - 3] ^= 1; /* in the signature */
    struct bytes chain = bytes_of(spoilt, der.length);
    assert_int_equal(verify_at(pki_authority(), &chain, 1, PKI_NOW_S), REFUSAL_CERTIFICATE_INVALID);
    chain = bytes_of(spoilt, der.length - 1);
    assert_int_equal(verify_at(pki_authority(), &chain, 1, PKI_NOW_S),
                     REFUSAL_CERTIFICATE_MALFORMED);
    free(spoilt);
    assert_int_equal(verify_at(pki_authority(), NULL, 0, PKI_NOW_S), REFUSAL_CERTIFICATE_MISSING);
}

/* ---- chains ---- */

#define CHAIN_MAX (INTERMEDIATES_MAX + 2)

/* The peer's certificate first, then `count` intermediates from it up to the authority. */
static void chain_make(struct bytes chain[CHAIN_MAX], size_t count, const char *constraints)
{
    const struct pki_certificate *issuer = pki_authority();
    for (size_t i = count; i > 0; i--) {
        char subject[32];
        snprintf(subject, sizeof(subject), "CN=Intermediate %zu", i);
        issuer = pki_issue(&(struct pki_request){.subject = subject,
                                                 .key = PKI_P256,
                                                 .number = 1 + (unsigned)i % 4,
                                                 .issuer = issuer,
                                                 .authority = true,
                                                 .constraints = constraints});
        chain[i] = pki_der(issuer);
    }
    struct pki_request request = good();
    request.issuer = issuer;
    chain[0] = pki_der(pki_issue(&request));
}

static void test_chain_lengths(void **state)
{
    (void)state;
    struct bytes chain[CHAIN_MAX];
    for (size_t count = 0; count <= INTERMEDIATES_MAX; count++) {
        chain_make(chain, count, NULL);
        assert_int_equal(verify_at(pki_authority(), chain, count + 1, PKI_NOW_S), REFUSAL_NONE);
    }
    chain_make(chain, INTERMEDIATES_MAX + 1, NULL);
    assert_int_equal(verify_at(pki_authority(), chain, CHAIN_MAX, PKI_NOW_S),
                     REFUSAL_CERTIFICATE_CHAIN_TOO_LONG);
}

/* RFC 4945 3.3.10: the others come in any order, twice, and with what nobody needs or can read. */
static void test_chain_order(void **state)
{
    (void)state;
    struct bytes chain[CHAIN_MAX];
    chain_make(chain, 2, NULL);
    struct bytes mixed[] = {chain[0],
                            chain[2],
                            chain[2],
                            bytes_of("no certificate", 14),
                            pki_der(pki_peer(PKI_P384, "nobody")),
                            chain[1]};
    assert_int_equal(verify_at(pki_authority(), mixed, 6, PKI_NOW_S), REFUSAL_NONE);
    assert_int_equal(verify_at(pki_authority(), mixed, 5, PKI_NOW_S),
                     REFUSAL_CERTIFICATE_UNTRUSTED); /* one is missing */
    struct bytes wrong_first[] = {chain[1], chain[0], chain[2]};
    assert_int_equal(verify_at(pki_authority(), wrong_first, 3, PKI_NOW_S),
                     REFUSAL_CERTIFICATE_USAGE);
}

/* Who is no authority issues nothing. */
static void test_intermediates_that_are_none(void **state)
{
    (void)state;
    struct bytes chain[CHAIN_MAX];
    chain_make(chain, 1, "critical,CA:FALSE");
    assert_int_equal(verify_at(pki_authority(), chain, 2, PKI_NOW_S), REFUSAL_CERTIFICATE_USAGE);
    chain_make(chain, 1, ""); /* says nothing: RFC 4945 5.1.3.9 */
    assert_int_equal(verify_at(pki_authority(), chain, 2, PKI_NOW_S), REFUSAL_CERTIFICATE_USAGE);
    chain_make(chain, 2, "critical,CA:TRUE,pathlen:0");
    assert_int_equal(verify_at(pki_authority(), chain, 3, PKI_NOW_S), REFUSAL_CERTIFICATE_INVALID);
}

/* RFC 4945 3.3: one in the middle of the peer's chain may be whom we trust. */
static void test_trust_in_the_middle(void **state)
{
    (void)state;
    const struct pki_certificate *middle = pki_issue(&(struct pki_request){
        .subject = "CN=Middle", .number = 3, .issuer = pki_authority(), .authority = true});
    struct pki_request request = good();
    request.issuer = middle;
    struct bytes der = pki_der(pki_issue(&request));
    assert_int_equal(verify_at(middle, &der, 1, PKI_NOW_S), REFUSAL_NONE);
    struct bytes other = pki_der(pki_peer(PKI_P256, GW));
    assert_int_equal(verify_at(middle, &other, 1, PKI_NOW_S), REFUSAL_CERTIFICATE_UNTRUSTED);
}

/* ---- adding ---- */

static void test_adding(void **state)
{
    (void)state;
    const char *error;
    struct authorities *a = authorities_create();
    const struct pki_certificate *peer = pki_peer(PKI_P256, GW);
    assert_true(authorities_add(a, pki_pem(pki_authority(), NULL, NULL), &error));
    assert_int_equal(authorities_count(a), 1);
    assert_int_equal(authorities_hash(a, 0).length, SHA1_LENGTH);
    assert_false(authorities_add(a, pki_pem(peer, NULL, NULL), &error));
    assert_non_null(strstr(error, "authority"));
    assert_false(authorities_add(a, pki_pem(pki_authority(), peer, NULL), &error));
    assert_false(authorities_add(a, pki_key_pem(peer), &error));
    assert_non_null(strstr(error, "PEM"));
    assert_false(authorities_add(a, bytes_of("", 0), &error));
    authorities_destroy(a);
    assert_int_equal(authorities_count(NULL), 0);
}

static void test_too_many(void **state)
{
    (void)state;
    const char *error;
    struct authorities *a = authorities_create();
    struct bytes pem = pki_pem(pki_authority(), NULL, NULL);
    for (size_t i = 0; i < AUTHORITIES_MAX; i++) {
        assert_true(authorities_add(a, pem, &error));
    }
    assert_false(authorities_add(a, pem, &error));
    assert_non_null(strstr(error, "32"));
    authorities_destroy(a);
}

/* RFC 7296 3.7: the hash is over the whole SubjectPublicKeyInfo. */
static void test_hash(void **state)
{
    (void)state;
    struct bytes der = pki_der(pki_authority());
    struct authorities *a = pki_authorities(pki_authority());
    static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07}; /* an EC key on P-256 */
    const uint8_t *info = memmem(der.data, der.length, head, sizeof(head));
    assert_non_null(info);
    struct bytes part = bytes_of(info, 0x59 + 2);
    uint8_t hash[SHA1_LENGTH];
    assert_int_equal(digest_sha1(&part, 1, hash), STATUS_OK);
    assert_true(bytes_equal(authorities_hash(a, 0), bytes_of(hash, SHA1_LENGTH)));
    authorities_destroy(a);
}

/* ---- octets that nobody honest sent ---- */

#define MUTATIONS 20000

/* xorshift64: the same mutations in every run. */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static size_t random_below(size_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state >> 32) % bound;
}

/* A copy of exactly its size, with one to three changes within its first `within` octets. */
static struct bytes mutant_new(struct bytes der, size_t within)
{
    static const uint8_t boundary[] = {0, 1, 2, 0x30, 0x7f, 0x80, 0x82, 0x84, 0xff};
    size_t length = random_below(8) == 0 ? 1 + random_below(der.length) : der.length;
    uint8_t *octets = malloc(length);
    assert_non_null(octets);
    memcpy(octets, der.data, length);
    for (size_t changes = 1 + random_below(3); changes > 0; changes--) {
        size_t at = random_below(within < length ? within : length);
        octets[at] = random_below(2) == 0 ? boundary[random_below(sizeof(boundary))]
                                          : octets[at] ^ (uint8_t)(1u << random_below(8));
    }
    return bytes_of(octets, length);
}

/* Whatever comes instead of a certificate: nothing breaks, and nothing that differs in what its
 * issuer has signed is believed. */
static void test_mutations(void **state)
{
    (void)state;
    struct bytes chain[CHAIN_MAX];
    struct authorities *authorities = pki_authorities(pki_authority());
    size_t counts[REFUSALS] = {0};
    chain_make(chain, 1, NULL);
    for (int i = 0; i < MUTATIONS; i++) {
        struct bytes both[] = {chain[0], chain[1]};
        struct bytes original = both[i % 2];
        size_t signed_octets = original.length - 90; /* behind them the algorithm and signature */
        struct bytes mutant = mutant_new(original, signed_octets);
        bool same = mutant.length == original.length && bytes_equal(mutant, original);
        struct peer_certificate out;
        both[i % 2] = mutant;
        enum refusal refusal =
            authorities_verify(authorities, both, 2, ID_FQDN, bytes_of(GW, 10), PKI_NOW_S, &out);
        assert_true(refusal != REFUSAL_NONE || same);
        assert_true(memchr(out.subject, 0, sizeof(out.subject)) != NULL);
        signature_key_destroy(out.key);
        free((void *)(uintptr_t)mutant.data);
        counts[refusal]++;
    }
    /* the mutations reach more than the parser */
    assert_true(counts[REFUSAL_CERTIFICATE_MALFORMED] > MUTATIONS / 20);
    assert_true(counts[REFUSAL_CERTIFICATE_INVALID] > MUTATIONS / 20);
    assert_true(counts[REFUSAL_CERTIFICATE_UNTRUSTED] > MUTATIONS / 20);
    authorities_destroy(authorities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_authority_expired),
        cmocka_unit_test(test_untrusted),
        cmocka_unit_test(test_weak),
        cmocka_unit_test(test_usage_and_name),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_chain_lengths),
        cmocka_unit_test(test_chain_order),
        cmocka_unit_test(test_intermediates_that_are_none),
        cmocka_unit_test(test_trust_in_the_middle),
        cmocka_unit_test(test_adding),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
