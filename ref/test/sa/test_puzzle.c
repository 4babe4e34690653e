/* Client puzzles, RFC 8019 7.1.3. The solutions printed in 4.4 are none under that rule, nor under
 * any other reading we have tried; these were computed with another library: the first keys of
 * three and of four octets that are good for 14 bits over the same cookie. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/puzzle.h"

static const uint8_t cookie[20] = {0x73, 0x9a, 0xe7, 0x49, 0x2d, 0x8a, 0x81, 0x0c, 0xf5, 0xe8,
                                   0xdc, 0x0f, 0x96, 0x26, 0xc9, 0xdd, 0xa7, 0x73, 0xc5, 0xa3};
static const uint8_t keys_of_3[12] = {0x00, 0x49, 0x9b, 0x00, 0xcd, 0x8a,
                                      0x01, 0xb4, 0xdc, 0x01, 0xc2, 0x44};
static const uint8_t keys_of_4[16] = {0x00, 0x00, 0xc5, 0x15, 0x00, 0x01, 0x1a, 0x79,
                                      0x00, 0x01, 0x3d, 0xf5, 0x00, 0x01, 0x7d, 0xb7};

static const struct bytes none = {NULL, 0};

static unsigned solved(const uint8_t *keys, size_t length, unsigned wanted)
{
    return puzzle_solved(PRF_HMAC_SHA2_256, bytes_of(cookie, sizeof cookie), none,
                         bytes_of(keys, length), wanted);
}

static void test_known_solutions(void **state)
{
    (void)state;
    assert_int_equal(solved(keys_of_3, sizeof keys_of_3, 14), 14);
    assert_true(solved(keys_of_3, sizeof keys_of_3, 15) < 15);
    assert_int_equal(solved(keys_of_4, sizeof keys_of_4, 14), 14);
    struct bytes front = bytes_of(cookie, 7); /* S may come in two parts */
    struct bytes back = bytes_of(cookie + 7, sizeof cookie - 7);
    assert_int_equal(
        puzzle_solved(PRF_HMAC_SHA2_256, front, back, bytes_of(keys_of_3, sizeof keys_of_3), 14),
        14);
}

/* The search comes by the same keys. */
static void test_search_finds_the_first(void **state)
{
    static struct puzzle_search search;
    (void)state;
    assert_int_equal(
        puzzle_search_begin(&search, PRF_HMAC_SHA2_256, 14, bytes_of(cookie, sizeof cookie), none),
        STATUS_OK);
    assert_false(puzzle_search_go_on(&search, 0x17db7));
    assert_int_equal(search.found, 3);
    assert_true(puzzle_search_go_on(&search, 1));
    assert_memory_equal(puzzle_search_keys(&search).data, keys_of_4, sizeof keys_of_4);
}

static void test_search_in_slices(void **state)
{
    static struct puzzle_search search;
    unsigned slices = 1;
    (void)state;
    static const uint16_t prfs[] = {PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(puzzle_search_begin(&search, prfs[i], 9, bytes_of(cookie, 10),
                                             bytes_of(cookie + 10, 10)),
                         STATUS_OK);
        while (!puzzle_search_go_on(&search, 100)) {
            slices++;
        }
        assert_true(puzzle_solved(prfs[i], bytes_of(cookie, sizeof cookie), none,
                                  puzzle_search_keys(&search), 9) >= 9);
    }
    assert_true(slices > 3);
    assert_int_equal(puzzle_search_begin(&search, 4711, 9, none, none), STATUS_DROP);
}

static void test_search_ends(void **state)
{
    static struct puzzle_search search;
    (void)state;
    assert_int_equal(
        puzzle_search_begin(&search, PRF_HMAC_SHA2_256, 200, bytes_of(cookie, sizeof cookie), none),
        STATUS_OK);
    search.next = UINT32_MAX - 5;
    assert_false(puzzle_search_go_on(&search, 1000));
    assert_true(search.exhausted);
    assert_false(puzzle_search_go_on(&search, 1000));
    assert_int_equal(search.next, 0);
}

static void test_no_solutions(void **state)
{
    uint8_t keys[4 * 33];
    (void)state;
    memcpy(keys, keys_of_4, sizeof keys_of_4);
    memcpy(keys + 12, keys_of_4, 4); /* the same key twice */
    assert_int_equal(solved(keys, 16, 0), 0);
    memcpy(keys, keys_of_3, sizeof keys_of_3);
    keys[11] ^= 1; /* the last of the four counts as much as the first */
    assert_true(solved(keys, 12, 14) < 14);
    assert_int_equal(solved(keys_of_4, 0, 0), 0);
    assert_int_equal(solved(keys_of_4, 15, 0), 0);
    for (size_t i = 0; i < sizeof keys; i++) {
        keys[i] = (uint8_t)i;
    }
    assert_int_equal(solved(keys, sizeof keys, 0), 0); /* longer than the PRF prefers */
    assert_int_equal(puzzle_solved(4711, bytes_of(cookie, sizeof cookie), none,
                                   bytes_of(keys_of_4, sizeof keys_of_4), 0),
                     0);
}

static void test_choice_of_prf(void **state)
{
    static struct sa_payload offer;
    (void)state;
    offer.count = 2;
    offer.proposals[0].count = 2;
    offer.proposals[0].transforms[0] = (struct transform){.type = TRANSFORM_PRF, .id = 1};
    offer.proposals[0].transforms[1] =
        (struct transform){.type = TRANSFORM_INTEG, .id = PRF_HMAC_SHA2_256};
    offer.proposals[1].count = 1;
    offer.proposals[1].transforms[0] =
        (struct transform){.type = TRANSFORM_PRF, .id = PRF_HMAC_SHA2_512};
    assert_int_equal(puzzle_prf_choose(&offer), PRF_HMAC_SHA2_512);
    offer.count = 1;
    assert_int_equal(puzzle_prf_choose(&offer), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_solutions),  cmocka_unit_test(test_search_finds_the_first),
        cmocka_unit_test(test_search_in_slices), cmocka_unit_test(test_search_ends),
        cmocka_unit_test(test_no_solutions),     cmocka_unit_test(test_choice_of_prf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
