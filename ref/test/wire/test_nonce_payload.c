/* wire/nonce_payload.c: 16 to 256 octets, RFC 7296 3.9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "octets.h"
#include "wire/payloads.h"

static void test_every_length(void **state)
{
    (void)state;
    static const uint8_t octets[300];
    for (size_t length = 0; length <= sizeof octets; length++) {
        struct bytes body = octets_copy(octets, length);
        struct nonce_payload nonce = {0};
        bool right = length >= 16 && length <= 256;
        assert_int_equal(nonce_payload_parse(body, &nonce),
                         right ? STATUS_OK : STATUS_NOTIFY(INVALID_SYNTAX));
        assert_int_equal(nonce.nonce.length, right ? length : 0);
        octets_free(body);
    }
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[32];
    struct writer w = writer_over(buffer, sizeof buffer);
    nonce_payload_build(&w, bytes_of("0123456789abcdef", 16));
    assert_written(&w, "30313233343536373839616263646566");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
