/* Stateless cookies, RFC 7296 2.6. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/cookie.h"

static uint8_t counter;

static bool fill(void *context, uint8_t *out, size_t length)
{
    (void)context;
    memset(out, ++counter, length);
    return true;
}

static const struct random_source source = {fill, NULL};
static struct cookie_jar jar;
static const uint8_t nonce[32] = {1, 2, 3};
static struct address ip;
static uint8_t cookie[COOKIE_LENGTH];

static int set_up(void **state)
{
    (void)state;
    counter = 0;
    assert_true(address_parse("192.0.2.1", &ip));
    assert_int_equal(cookie_jar_init(&jar, &source, 0), STATUS_OK);
    assert_int_equal(cookie_make(&jar, bytes_of(nonce, 32), &ip, 7, cookie), STATUS_OK);
    return 0;
}

static bool verify(void)
{
    return cookie_verify(&jar, bytes_of(nonce, 32), &ip, 7, bytes_of(cookie, sizeof cookie));
}

static void test_is_bound_to_its_request(void **state)
{
    struct address other;
    (void)state;
    assert_true(address_parse("192.0.2.2", &other));
    assert_true(verify());
    assert_false(cookie_verify(&jar, bytes_of(nonce, 31), &ip, 7, bytes_of(cookie, sizeof cookie)));
    assert_false(
        cookie_verify(&jar, bytes_of(nonce, 32), &other, 7, bytes_of(cookie, sizeof cookie)));
    assert_false(cookie_verify(&jar, bytes_of(nonce, 32), &ip, 8, bytes_of(cookie, sizeof cookie)));
    assert_false(cookie_verify(&jar, bytes_of(nonce, 32), &ip, 7, bytes_of(cookie, 32)));
    assert_false(cookie_verify(&jar, bytes_of(nonce, 32), &ip, 7, bytes_of(cookie, 0)));
    for (unsigned bit = 0; bit < 8 * COOKIE_LENGTH; bit++) {
        cookie[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(verify());
        cookie[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void turn(uint64_t now_ns)
{
    assert_int_equal(cookie_jar_turn(&jar, &source, now_ns), STATUS_OK);
}

static void test_lives_for_two_secrets(void **state)
{
    (void)state;
    turn(COOKIE_SECRET_LIFE_NS - 1);
    assert_int_equal(jar.version, 0);
    assert_true(verify());
    turn(COOKIE_SECRET_LIFE_NS);
    assert_int_equal(jar.version, 1);
    assert_true(verify());
    turn(2 * COOKIE_SECRET_LIFE_NS);
    assert_false(verify());
}

static void test_version_comes_round(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 600; i++) {
        uint8_t before[COOKIE_LENGTH];
        memcpy(before, cookie, sizeof before);
        turn(i * COOKIE_SECRET_LIFE_NS);
        assert_true(verify());
        assert_int_equal(cookie_make(&jar, bytes_of(nonce, 32), &ip, 7, cookie), STATUS_OK);
        assert_true(verify());
        assert_memory_not_equal(before, cookie, sizeof before);
    }
}

#define TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_is_bound_to_its_request),
        TEST(test_lives_for_two_secrets),
        TEST(test_version_comes_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
