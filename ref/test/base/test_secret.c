/* base/secret.c: what was in a secret is gone after a wipe or a shorter key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/secret.h"

static const uint8_t zeros[sizeof(struct secret)];

static void test_set_and_view(void **state)
{
    (void)state;
    uint8_t key[SECRET_MAX];
    memset(key, 0xa5, sizeof key);
    struct secret secret;
    secret_set(&secret, bytes_of(key, sizeof key));
    assert_true(bytes_equal(secret_bytes(&secret), bytes_of(key, sizeof key)));
    secret_set(&secret, bytes_of(NULL, 0));
    assert_int_equal(secret_bytes(&secret).length, 0);
}

static void test_a_shorter_key_leaves_no_tail(void **state)
{
    (void)state;
    uint8_t key[SECRET_MAX];
    memset(key, 0xa5, sizeof key);
    struct secret secret;
    secret_set(&secret, bytes_of(key, sizeof key));
    secret_set(&secret, bytes_of(key, 16));
    assert_int_equal(secret.length, 16);
    assert_memory_equal(secret.data + 16, zeros, SECRET_MAX - 16);
}

static void test_set_from_its_own_view(void **state)
{
    (void)state;
    struct secret secret;
    secret_set(&secret, bytes_of("abcdefgh", 8));
    struct bytes tail = secret_bytes(&secret);
    struct bytes skipped;
    assert_true(bytes_take(&tail, 2, &skipped));
    secret_set(&secret, tail);
    assert_true(bytes_equal(secret_bytes(&secret), bytes_of("cdefgh", 6)));
    assert_memory_equal(secret.data + 6, zeros, SECRET_MAX - 6);
}

static void test_wipe(void **state)
{
    (void)state;
    struct secret secret;
    secret_set(&secret, bytes_of("0123456789abcdef", 16));
    secret_wipe(&secret);
    assert_memory_equal(&secret, zeros, sizeof secret);
    uint8_t scratch[] = {1, 2, 3, 4};
    octets_wipe(scratch + 1, 2);
    assert_memory_equal(scratch, ((uint8_t[]){1, 0, 0, 4}), 4);
    octets_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_view),
        cmocka_unit_test(test_a_shorter_key_leaves_no_tail),
        cmocka_unit_test(test_set_from_its_own_view),
        cmocka_unit_test(test_wipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
