/* Certificates that are read once, and judged anew each time. */

#include "crypto_support.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "crypto/known_certificates.h"
#include "test/crypto/pki_lab.h"

#define GW "gw.example"

static struct bytes issued(const char *name)
{
    static char names[64];
    (void)snprintf(names, sizeof names, "DNS:%s", name);
    return pki_der(pki_issue(&(struct pki_request){
        .subject = "C=AT, CN=gw", .names = names, .issuer = pki_authority()}));
}

static void test_what_was_added_is_found(void **state)
{
    (void)state;
    struct known_certificates *known = known_certificates_create();
    struct bytes der = issued(GW);
    X509 *certificate = x509_read(der);
    assert_non_null(known);
    assert_non_null(certificate);
    assert_null(known_certificates_find(known, der));
    known_certificates_add(known, der, certificate);
    known_certificates_add(known, der, certificate); /* no second reference is kept */
    X509_free(certificate);
    X509 *found = known_certificates_find(known, der);
    assert_ptr_equal(found, certificate);
    X509_free(found);
    known_certificates_destroy(known);
    known_certificates_destroy(NULL);
}

/* Who has only the end in common meets it in its place. */
static void test_every_octet_counts(void **state)
{
    (void)state;
    static uint8_t octets[CERTIFICATE_MAX];
    struct known_certificates *known = known_certificates_create();
    struct bytes der = issued(GW);
    X509 *certificate = x509_read(der);
    known_certificates_add(known, der, certificate);
    for (size_t i = 0; i < der.length; i++) {
        memcpy(octets, der.data, der.length);
        octets[i] ^= 1;
        assert_null(known_certificates_find(known, bytes_of(octets, der.length)));
    }
    assert_null(known_certificates_find(known, bytes_of(der.data + 1, der.length - 1)));
    assert_null(known_certificates_find(known, bytes_of(der.data, 1)));
    X509_free(certificate);
    known_certificates_destroy(known);
}

static void test_a_later_one_takes_the_place(void **state)
{
    (void)state;
    static uint8_t octets[CERTIFICATE_MAX];
    struct known_certificates *known = known_certificates_create();
    struct bytes der = issued(GW), other = bytes_of(octets, der.length);
    X509 *certificate = x509_read(der);
    memcpy(octets, der.data, der.length);
    octets[0] ^= 1;
    known_certificates_add(known, der, certificate);
    known_certificates_add(known, other, certificate);
    assert_null(known_certificates_find(known, der));
    X509 *found = known_certificates_find(known, other);
    assert_ptr_equal(found, certificate);
    X509_free(found);
    X509_free(certificate);
    known_certificates_destroy(known);
}

static enum refusal verify(const struct authorities *authorities, struct bytes der, int64_t utc_s,
                           const char *name)
{
    struct peer_certificate out;
    enum refusal refusal = authorities_verify(authorities, &der, 1, ID_FQDN,
                                              bytes_of(name, strlen(name)), utc_s, &out);
    signature_key_destroy(out.key);
    return refusal;
}

/* That it was believed once says nothing: not at another time, not for another identity. */
static void test_who_is_known_is_judged_all_the_same(void **state)
{
    (void)state;
    struct pki_request request = {.subject = "C=AT, CN=gw",
                                  .names = "DNS:" GW,
                                  .issuer = pki_authority(),
                                  .from_s = PKI_NOW_S - 10,
                                  .to_s = PKI_NOW_S + 10};
    struct bytes der = pki_der(pki_issue(&request));
    struct authorities *authorities = pki_authorities(pki_authority());
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(verify(authorities, der, PKI_NOW_S, GW), REFUSAL_NONE);
        assert_int_equal(verify(authorities, der, PKI_NOW_S + 11, GW), REFUSAL_CERTIFICATE_EXPIRED);
        assert_int_equal(verify(authorities, der, PKI_NOW_S - 11, GW),
                         REFUSAL_CERTIFICATE_NOT_YET_VALID);
        assert_int_equal(verify(authorities, der, PKI_NOW_S, "other.example"),
                         REFUSAL_CERTIFICATE_NAME);
    }
    authorities_destroy(authorities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_added_is_found),
        cmocka_unit_test(test_every_octet_counts),
        cmocka_unit_test(test_a_later_one_takes_the_place),
        cmocka_unit_test(test_who_is_known_is_judged_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
