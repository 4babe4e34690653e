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
static struct cookie_request request;
static const struct cookie_demand puzzle = {
    .round = 1, .difficulty = 16, .prf = PRF_HMAC_SHA2_256, .period = 0x01020304};
static struct cookie_demand seen;
static uint8_t cookie[COOKIE_LENGTH];

static int set_up(void **state)
{
    (void)state;
    counter = 0;
    assert_true(address_parse("192.0.2.1", &ip));
    request = (struct cookie_request){.ni = bytes_of(nonce, 32), .ip = &ip, .spi_i = 7};
    assert_int_equal(cookie_jar_init(&jar, &source, 0), STATUS_OK);
    cookie_make(&jar, &request, &puzzle, cookie);
    return 0;
}

static bool verify(void)
{
    return cookie_verify(&jar, &request, bytes_of(cookie, sizeof cookie), &seen);
}

static void test_is_bound_to_its_request(void **state)
{
    struct address other;
    (void)state;
    assert_true(COOKIE_LENGTH <= 64); /* RFC 7296 2.6 */
    assert_true(address_parse("192.0.2.2", &other));
    assert_true(verify());
    request.ni.length = 31;
    assert_false(verify());
    request.ni.length = 32;
    request.ip = &other;
    assert_false(verify());
    request.ip = &ip;
    request.spi_i = 8;
    assert_false(verify());
    request.spi_i = 7;
    assert_false(cookie_verify(&jar, &request, bytes_of(cookie, COOKIE_LENGTH - 1), &seen));
    assert_false(cookie_verify(&jar, &request, bytes_of(cookie, 0), &seen));
    for (unsigned bit = 0; bit < 8 * COOKIE_LENGTH; bit++) {
        cookie[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(verify());
        cookie[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(verify());
}

static void test_remembers_the_demand(void **state)
{
    uint8_t plain[COOKIE_LENGTH];
    (void)state;
    assert_true(verify());
    assert_int_equal(seen.round, 1);
    assert_int_equal(seen.difficulty, 16);
    assert_int_equal(seen.prf, PRF_HMAC_SHA2_256);
    assert_int_equal(seen.period, 0x01020304);
    cookie_make(&jar, &request, &(struct cookie_demand){0}, plain);
    assert_memory_not_equal(plain, cookie, sizeof plain);
    assert_true(cookie_verify(&jar, &request, bytes_of(plain, sizeof plain), &seen));
    assert_int_equal(seen.round, 0);
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
        cookie_make(&jar, &request, &puzzle, cookie);
        assert_true(verify());
        assert_memory_not_equal(before, cookie, sizeof before);
    }
}

/* RFC 8019 10: one solution buys one IKE SA. */
static void test_is_spent_once(void **state)
{
    uint8_t other[COOKIE_LENGTH];
    struct bytes octets = bytes_of(cookie, sizeof cookie);
    (void)state;
    request.spi_i = 8;
    cookie_make(&jar, &request, &puzzle, other);
    assert_false(cookie_is_spent(&jar, octets));
    cookie_spend(&jar, octets);
    assert_true(cookie_is_spent(&jar, octets));
    assert_false(cookie_is_spent(&jar, bytes_of(other, sizeof other)));
}

static void test_derives_other_secrets(void **state)
{
    uint8_t one[16], same[16], other[16];
    (void)state;
    cookie_jar_derive(&jar, "one", one, sizeof one);
    cookie_jar_derive(&jar, "other", other, sizeof other);
    turn(COOKIE_SECRET_LIFE_NS);
    turn(2 * COOKIE_SECRET_LIFE_NS);
    cookie_jar_derive(&jar, "one", same, sizeof same);
    assert_memory_equal(one, same, sizeof one); /* as long as the jar lives */
    assert_memory_not_equal(one, other, sizeof one);
}

#define TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_is_bound_to_its_request), TEST(test_remembers_the_demand),
        TEST(test_lives_for_two_secrets),   TEST(test_version_comes_round),
        TEST(test_is_spent_once),           TEST(test_derives_other_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
