/* Puzzle Solution payload, RFC 8019 8.2: four keys of one size. */

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
    static const uint8_t octets[140];
    for (size_t length = 0; length <= sizeof octets; length++) {
        struct bytes body = octets_copy(octets, length);
        struct ps_payload ps = {.keys = {0}};
        bool right = length > 0 && length % 4 == 0;
        assert_int_equal(ps_payload_parse(body, &ps),
                         right ? STATUS_OK : STATUS_NOTIFY(INVALID_SYNTAX));
        assert_int_equal(ps.keys.length, right ? length : 0);
        octets_free(body);
    }
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[16];
    struct writer w = writer_over(buffer, sizeof buffer);
    ps_payload_build(&w, bytes_of("\x01\x02\x03\x04", 4));
    assert_written(&w, "01020304");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
