/* Our certificate and key: what a file may hold, and what they are good for. */

#include "crypto_support.h"

#include <string.h>

#include "test/crypto/pki_lab.h"

static void test_whole(void **state)
{
    (void)state;
    const struct pki_certificate *middle = pki_issue(&(struct pki_request){
        .subject = "CN=Middle", .number = 3, .issuer = pki_authority(), .authority = true});
    const struct pki_certificate *own = pki_issue(
        &(struct pki_request){.subject = "CN=gw", .names = "DNS:gw.example", .issuer = middle});
    /* the authority at the end is not sent (RFC 4945 3.3) */
    struct credential *c = pki_credential(own, middle, pki_authority());
    assert_null(credential_complete(c));
    assert_true(bytes_equal(credential_certificate(c, 0), pki_der(own)));
    assert_true(bytes_equal(credential_certificate(c, 1), pki_der(middle)));
    assert_int_equal(credential_certificate(c, 2).length, 0);
    assert_int_equal(signature_key_kind(credential_key(c)), KEY_ECDSA_256);
    assert_true(credential_has_identity(c, ID_FQDN, bytes_of("gw.example", 10)));
    assert_false(credential_has_identity(c, ID_FQDN, bytes_of("gw", 2)));
    credential_destroy(c);
    credential_destroy(NULL);
}

static void test_halves(void **state)
{
    (void)state;
    const char *error;
    const struct pki_certificate *own = pki_peer(PKI_P256, "gw.example");
    const struct pki_certificate *other = pki_peer(PKI_P384, "gw.example");
    struct credential *c = credential_create();
    assert_true(credential_set_key(c, pki_key_pem(other), &error));
    assert_non_null(strstr(credential_complete(c), "certificate = "));
    assert_true(credential_set_certificates(c, pki_pem(own, NULL, NULL), &error));
    assert_non_null(strstr(credential_complete(c), "does not belong"));
    assert_true(credential_set_key(c, pki_key_pem(own), &error));
    assert_null(credential_complete(c));
    credential_destroy(c);
    c = credential_create();
    assert_true(credential_set_certificates(c, pki_pem(own, NULL, NULL), &error));
    assert_non_null(strstr(credential_complete(c), "private-key = "));
    credential_destroy(c);
}

static void test_keys_we_do_not_use(void **state)
{
    (void)state;
    static const enum pki_key kinds[] = {PKI_RSA_1024, PKI_K256};
    for (size_t i = 0; i < 2; i++) {
        struct credential *c = pki_credential(pki_peer(kinds[i], "gw.example"), NULL, NULL);
        assert_non_null(strstr(credential_complete(c), "not supported"));
        credential_destroy(c);
    }
}

static void test_files_that_are_none(void **state)
{
    (void)state;
    const char *error = NULL;
    const struct pki_certificate *own = pki_peer(PKI_P256, "gw.example");
    struct credential *c = credential_create();
    assert_false(credential_set_certificates(c, pki_key_pem(own), &error));
    assert_non_null(strstr(error, "BEGIN CERTIFICATE"));
    assert_false(credential_set_certificates(c, bytes_of("", 0), &error));
    assert_false(credential_set_key(c, pki_pem(own, NULL, NULL), &error));
    assert_non_null(strstr(error, "BEGIN PRIVATE KEY"));
    assert_false(credential_set_key(c, pki_key_pem_encrypted(own), &error));
    assert_non_null(strstr(error, "not encrypted"));
    credential_destroy(c);
}

static void test_too_many(void **state)
{
    (void)state;
    const char *error = NULL;
    const struct pki_certificate *own = pki_peer(PKI_P256, "gw.example");
    struct credential *c = credential_create();
    assert_true(credential_set_certificates(c, pki_pem(own, own, own), &error));
    assert_false(credential_set_certificates(c, pki_pem(own, own, own), &error));
    assert_non_null(strstr(error, "at most 4"));
    credential_destroy(c);
}

static void identity_of(const struct pki_request *request, uint8_t *type, char out[64])
{
    uint8_t data[64];
    size_t length = 0;
    struct credential *c = pki_credential(pki_issue(request), NULL, NULL);
    out[0] = '\0';
    if (!credential_identity(c, type, data, sizeof(data) - 1, &length)) {
        *type = 0;
    }
    memcpy(out, data, length);
    out[length] = '\0';
    credential_destroy(c);
}

/* RFC 4945 3.1.8: the name a peer most likely has in its policy. */
static void test_identity(void **state)
{
    (void)state;
    char text[64];
    uint8_t type;
    identity_of(&(struct pki_request){.subject = "CN=gw",
                                      .names = "URI:http://x, DNS:gw.example, IP:192.0.2.1"},
                &type, text);
    assert_int_equal(type, ID_FQDN);
    assert_string_equal(text, "gw.example");
    identity_of(&(struct pki_request){.subject = "CN=gw", .names = "email:a@b, DNS:gw.example"},
                &type, text);
    assert_int_equal(type, ID_RFC822_ADDR);
    identity_of(&(struct pki_request){.subject = "CN=gw", .names = "IP:2001:db8::1"}, &type, text);
    assert_int_equal(type, ID_IPV6_ADDR);
    identity_of(&(struct pki_request){.subject = "CN=gw"}, &type, text);
    assert_int_equal(type, ID_DER_ASN1_DN);
    identity_of(&(struct pki_request){.names = "critical,URI:http://x"}, &type, text);
    assert_int_equal(type, 0);
    identity_of(&(struct pki_request){.subject = "O=0123456789012345678901234567890123456789, "
                                                 "CN=0123456789012345678901234567890123456789"},
                &type, text);
    assert_int_equal(type, 0); /* longer than there is room */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_keys_we_do_not_use),
        cmocka_unit_test(test_files_that_are_none),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
