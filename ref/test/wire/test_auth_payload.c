/* wire/auth_payload.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "octets.h"
#include "wire/payloads.h"

static enum status parse(struct bytes body)
{
    struct auth_payload auth;
    return auth_payload_parse(body, &auth);
}

static void test_fields(void **state)
{
    (void)state;
    struct bytes body = octets_hex("02 ffffff aabb"); /* RESERVED is ignored */
    struct auth_payload auth;
    assert_int_equal(auth_payload_parse(body, &auth), STATUS_OK);
    assert_int_equal(auth.method, AUTH_METHOD_SHARED_KEY);
    assert_true(bytes_equal(auth.data, bytes_of("\xaa\xbb", 2)));
    octets_free(body);
}

static void test_every_truncation(void **state)
{
    (void)state;
    assert_truncations(parse, "02 000000 aabbcc", 4);
}

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[16];
    struct writer w = writer_over(buffer, sizeof buffer);
    auth_payload_build(&w, AUTH_METHOD_SHARED_KEY, bytes_of("\xaa\xbb", 2));
    assert_written(&w, "02 000000 aabb");
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
