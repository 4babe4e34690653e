/* wire/certreq_payload.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "octets.h"
#include "wire/payloads.h"

#define ONE "0101010101010101010101010101010101010101"
#define TWO "0202020202020202020202020202020202020202"

static enum status parse(struct bytes body)
{
    struct certreq_payload certreq;
    return certreq_payload_parse(body, &certreq);
}

static void test_every_truncation(void **state)
{
    (void)state;
    assert_truncations(parse, "04 " ONE, 1);
}

static bool names(const char *hex, uint8_t octet)
{
    uint8_t hash[CERTREQ_HASH_LENGTH];
    struct bytes body = octets_hex(hex);
    struct certreq_payload certreq;
    memset(hash, octet, sizeof hash);
    assert_int_equal(certreq_payload_parse(body, &certreq), STATUS_OK);
    bool named = certreq_payload_names(&certreq, bytes_of(hash, sizeof hash));
    octets_free(body);
    return named;
}

static void test_names(void **state)
{
    (void)state;
    assert_true(names("04" ONE TWO, 1));
    assert_true(names("04" ONE TWO, 2));
    assert_false(names("04" ONE TWO, 3));
    assert_false(names("04", 1));
    assert_false(names("0c" ONE, 1));      /* asks for a hash and an URL */
    assert_false(names("04" ONE "01", 1)); /* not whole */
    assert_false(names("04 01010101", 1));
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[16];
    struct writer w = writer_over(buffer, sizeof buffer);
    certreq_payload_build(&w, CERT_X509_SIGNATURE, bytes_of("\xaa\xbb", 2));
    assert_written(&w, "04 aabb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
