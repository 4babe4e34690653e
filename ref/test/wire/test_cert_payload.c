/* wire/cert_payload.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "octets.h"
#include "wire/payloads.h"

static enum status parse(struct bytes body)
{
    struct cert_payload cert;
    return cert_payload_parse(body, &cert);
}

static void test_fields(void **state)
{
    (void)state;
    struct bytes body = octets_hex("04 3082aabb");
    struct cert_payload cert;
    assert_int_equal(cert_payload_parse(body, &cert), STATUS_OK);
    assert_int_equal(cert.encoding, CERT_X509_SIGNATURE);
    assert_true(bytes_equal(cert.data, bytes_of("\x30\x82\xaa\xbb", 4)));
    octets_free(body);
}

static void test_every_truncation(void **state)
{
    (void)state;
    assert_truncations(parse, "04 3082aabb", 1);
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[16];
    struct writer w = writer_over(buffer, sizeof buffer);
    cert_payload_build(&w, CERT_X509_SIGNATURE, bytes_of("\x30\x00", 2));
    assert_written(&w, "04 3000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
