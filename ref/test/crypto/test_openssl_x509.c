/* One certificate: read, what it is for, whose it is. RFC 4945 3.1, 5.1.3. */

#include "crypto_support.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/x509.h"
#include "test/crypto/pki_lab.h"

static void test_reading(void **state)
{
    (void)state;
    struct bytes der = pki_der(pki_peer(PKI_P256, "gw.example"));
    uint8_t *copy = malloc(der.length + 1);
    memcpy(copy, der.data, der.length);
    copy[der.length] = 0;
    X509 *certificate = x509_read(bytes_of(copy, der.length));
    assert_non_null(certificate);
    X509_free(certificate);
    assert_null(x509_read(bytes_of(copy, der.length + 1)));
    for (size_t length = 0; length < der.length; length++) {
        uint8_t *cut = malloc(length + 1);
        memcpy(cut, der.data, length);
        assert_null(x509_read(bytes_of(cut, length)));
        free(cut);
    }
    free(copy);
    static uint8_t huge[CERTIFICATE_MAX + 1];
    assert_null(x509_read(bytes_of(huge, sizeof(huge))));
}

static size_t taken;

static bool take(void *context, X509 *certificate)
{
    X509_free(certificate);
    return ++taken < *(size_t *)context;
}

static void test_reading_pem(void **state)
{
    (void)state;
    size_t most = 9;
    const struct pki_certificate *a = pki_authority(), *b = pki_peer(PKI_P256, "gw.example");
    struct bytes two = pki_pem(a, b, NULL);
    assert_int_equal(x509_read_pem(two, take, &most), 2);
    most = 1;
    taken = 0;
    assert_int_equal(x509_read_pem(two, take, &most), 0); /* it did not want the first */
    assert_int_equal(taken, 1);
    most = 9;
    assert_int_equal(x509_read_pem(pki_key_pem(b), take, &most), 0);
    assert_int_equal(x509_read_pem(bytes_of("nothing", 7), take, &most), 0);
    assert_int_equal(x509_read_pem(bytes_of("", 0), take, &most), 0);
    assert_int_equal(x509_read_pem(bytes_of(two.data, two.length - 40), take, &most), -1);
    uint8_t *spoilt = malloc(two.length);
    memcpy(spoilt, two.data, two.length);
    spoilt[40] = spoilt[41] = '!';
    assert_int_equal(x509_read_pem(bytes_of(spoilt, two.length), take, &most), -1);
    free(spoilt);
}

static X509 *read_issued(const struct pki_request *request)
{
    X509 *certificate = x509_read(pki_der(pki_issue(request)));
    assert_non_null(certificate);
    return certificate;
}

static void test_usage(void **state)
{
    (void)state;
    static const struct {
        const char *usage, *extended;
        bool serves;
    } rows[] = {
        {"", NULL, true},
        {"digitalSignature", NULL, true},
        {"nonRepudiation", NULL, true},
        {"digitalSignature,keyAgreement,keyEncipherment", NULL, true},
        {"keyEncipherment", NULL, false},
        {"keyCertSign,cRLSign", NULL, false},
        {"", "ipsecIKE", true},
        {"", "anyExtendedKeyUsage", true},
        {"", "serverAuth,clientAuth,ipsecIKE", true},
        {"", "serverAuth,clientAuth", false},
        {"", "1.3.6.1.5.5.7.3.5", false}, /* ipsecEndSystem, deprecated */
        {"", "critical,ipsecIKE", true},
        {"keyEncipherment", "ipsecIKE", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        X509 *certificate = read_issued(&(struct pki_request){
            .subject = "CN=gw", .usage = rows[i].usage, .extended_usage = rows[i].extended});
        if (x509_serves_ike(certificate) != rows[i].serves) {
            fail_msg("%s, %s", rows[i].usage, rows[i].extended);
        }
        X509_free(certificate);
    }
}

static bool has(X509 *certificate, uint8_t type, const void *data, size_t length)
{
    return x509_has_identity(certificate, type, bytes_of(data, length));
}

static bool has_text(X509 *certificate, uint8_t type, const char *text)
{
    return has(certificate, type, text, strlen(text));
}

static void test_identities(void **state)
{
    (void)state;
    static const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
    X509 *c = read_issued(&(struct pki_request){
        .subject = "CN=subject.example, emailAddress=subject@example",
        .names = "DNS:gw.example, DNS:*.wild.example, email:alice@example, IP:192.0.2.1, "
                 "IP:2001:db8::1"});
    assert_true(has_text(c, ID_FQDN, "gw.example"));
    assert_true(has_text(c, ID_FQDN, "GW.Example"));
    assert_false(has_text(c, ID_FQDN, "gw.exampl"));
    assert_false(has_text(c, ID_FQDN, ".example")); /* the library means: anything below */
    assert_false(has(c, ID_FQDN, "gw.example\0", 11));
    assert_false(has(c, ID_FQDN, "gw.example\0.com", 15));
    assert_false(has_text(c, ID_FQDN, "a.wild.example"));
    assert_false(has_text(c, ID_FQDN, "subject.example")); /* RFC 4945 3.1.9 */
    assert_false(has_text(c, ID_FQDN, "alice@example"));
    assert_false(has_text(c, ID_FQDN, ""));
    assert_true(has_text(c, ID_RFC822_ADDR, "alice@example"));
    assert_true(has_text(c, ID_RFC822_ADDR, "alice@EXAMPLE"));
    assert_false(has_text(c, ID_RFC822_ADDR, "bob@example"));
    assert_false(has_text(c, ID_RFC822_ADDR, "subject@example"));
    assert_true(has(c, ID_IPV4_ADDR, "\xc0\x00\x02\x01", 4));
    assert_false(has(c, ID_IPV4_ADDR, "\xc0\x00\x02\x02", 4));
    assert_true(has(c, ID_IPV6_ADDR, v6, 16));
    assert_false(has(c, ID_IPV6_ADDR, v6, 15));
    assert_true(has(c, ID_DER_ASN1_DN, x509_subject(c).data, x509_subject(c).length));
    assert_false(has(c, ID_DER_ASN1_DN, "\x30\x00", 2));
    const ASN1_OCTET_STRING *key_id = X509_get0_subject_key_id(c);
    assert_true(
        has(c, ID_KEY_ID, ASN1_STRING_get0_data(key_id), (size_t)ASN1_STRING_length(key_id)));
    assert_false(
        has(c, ID_KEY_ID, ASN1_STRING_get0_data(key_id), (size_t)ASN1_STRING_length(key_id) - 1));
    assert_false(has_text(c, ID_KEY_ID, "gw.example"));
    assert_false(has_text(c, ID_KEY_ID, ""));
    assert_false(has_text(c, ID_DER_ASN1_GN, "gw.example"));
    assert_false(has_text(c, 0, "gw.example"));
    X509_free(c);
}

static void test_an_empty_subject_is_nobody(void **state)
{
    (void)state;
    X509 *c = read_issued(&(struct pki_request){.names = "critical,DNS:gw.example"});
    assert_int_equal(x509_subject(c).length, 2);
    assert_false(has(c, ID_DER_ASN1_DN, "\x30\x00", 2));
    assert_true(has_text(c, ID_FQDN, "gw.example"));
    X509_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_reading_pem),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_an_empty_subject_is_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
