/* Proof by signature as a piece of work: what comes of it, and nothing else. RFC 7296 2.15. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/proof.h"
#include "test/crypto/pki_lab.h"

static const uint8_t words[] = "what a signature is over";
static const char name[] = "gw.example";
static struct own_proof own;
static struct peer_proof peer;
static struct credential *credential;
static struct authorities *authorities;

static const struct signature_algorithm *algorithm_of(enum pki_key key)
{
    struct signature_key *made = pki_key(pki_peer(key, name));
    enum key_kind kind = signature_key_kind(made);
    signature_key_destroy(made);
    return signature_algorithm_choose(kind, HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_IDENTITY),
                                      false);
}

static int set_up(void **state)
{
    const struct pki_certificate *certificate = pki_peer(PKI_RSA_2048, name);
    (void)state;
    credential = pki_credential(certificate, NULL, NULL);
    authorities = pki_authorities(pki_authority());
    own = (struct own_proof){.wanted = true,
                             .key = credential_key(credential),
                             .algorithm = algorithm_of(PKI_RSA_2048),
                             .signed_octets = bytes_of(words, sizeof words)};
    peer = (struct peer_proof){.wanted = true,
                               .authorities = authorities,
                               .certificate_count = 1,
                               .certificates = {pki_der(certificate)},
                               .id_type = ID_FQDN,
                               .id = bytes_of(name, sizeof name - 1),
                               .utc_s = PKI_NOW_S,
                               .method = AUTH_METHOD_DIGITAL_SIGNATURE,
                               .signed_octets = own.signed_octets};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    peer_proof_release(&peer);
    credential_destroy(credential);
    authorities_destroy(authorities);
    return 0;
}

static void exchange(void)
{
    own_proof_do(&own);
    assert_int_equal(own.status, STATUS_OK);
    peer.data = bytes_of(own.data, own.length);
    peer_proof_do(&peer);
}

static void test_one_proves_what_the_other_verifies(void **state)
{
    (void)state;
    exchange();
    assert_int_equal(peer.refusal, REFUSAL_NONE);
    assert_ptr_equal(peer.used, own.algorithm);
    assert_string_equal(peer.certificate.subject, "C=AT, O=ikelab, CN=gw.example");
    assert_non_null(peer.certificate.key);
}

static void test_other_octets(void **state)
{
    (void)state;
    peer.signed_octets.length--;
    exchange();
    assert_int_equal(peer.refusal, REFUSAL_SIGNATURE);
}

static void test_another_name(void **state)
{
    (void)state;
    peer.id.length--;
    exchange();
    assert_int_equal(peer.refusal, REFUSAL_CERTIFICATE_NAME);
    assert_null(peer.certificate.key);
}

/* The clock of the work is the one that was read before. */
static void test_another_time(void **state)
{
    (void)state;
    peer.utc_s = PKI_NOW_S + 400 * PKI_DAY_S;
    exchange();
    assert_int_equal(peer.refusal, REFUSAL_CERTIFICATE_EXPIRED);
}

static void test_a_key_that_does_not_fit(void **state)
{
    (void)state;
    own.algorithm = algorithm_of(PKI_ED25519);
    own_proof_do(&own);
    assert_int_equal(own.status, STATUS_INTERNAL);
}

/* What was read before is used again, and stays who read it's to release. */
static void test_a_certificate_known_before(void **state)
{
    (void)state;
    exchange();
    authorities_remember(authorities, peer.certificates[0], &peer.certificate);
    struct x509_st *read = peer.certificate.read;
    peer_proof_release(&peer);
    assert_null(peer.certificate.read);
    authorities_recall(authorities, peer.certificates[0], &peer.certificate);
    assert_ptr_equal(peer.certificate.read, read);
    peer_proof_do(&peer);
    assert_int_equal(peer.refusal, REFUSAL_NONE);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_one_proves_what_the_other_verifies),
        CASE(test_other_octets),
        CASE(test_another_name),
        CASE(test_another_time),
        CASE(test_a_key_that_does_not_fit),
        CASE(test_a_certificate_known_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
