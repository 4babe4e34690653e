/* wire/ke_payload.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "octets.h"
#include "wire/payloads.h"

static enum status parse(struct bytes body)
{
    struct ke_payload ke;
    return ke_payload_parse(body, &ke);
}

static void test_fields(void **state)
{
    (void)state;
    struct bytes body = octets_hex("001f ffff aabbcc"); /* RESERVED is ignored */
    struct ke_payload ke;
    assert_int_equal(ke_payload_parse(body, &ke), STATUS_OK);
    assert_int_equal(ke.group, KE_CURVE25519);
    assert_true(bytes_equal(ke.data, bytes_of("\xaa\xbb\xcc", 3)));
    octets_free(body);
}

static void test_every_truncation(void **state)
{
    (void)state;
    assert_truncations(parse, "0013 0000 0102030405", 5);
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[16];
    struct writer w = writer_over(buffer, sizeof buffer);
    ke_payload_build(&w, KE_MODP_2048, bytes_of("\xaa\xbb", 2));
    assert_written(&w, "000e 0000 aabb");
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
