/* SipHash-2-4 against the values its authors published: key 00 to 0f, input 00, 01, 02, ... */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/siphash.h"

static void test_published_values(void **state)
{
    static const struct {
        size_t length;
        uint64_t hash;
    } cases[] = {
        {0, 0x726fdb47dd0e0e31U}, {1, 0x74f839c593dc67fdU},  {7, 0xab0200f58b01d137U},
        {8, 0x93f5f5799a932462U}, {15, 0xa129ca6149be45e5U},
    };
    uint8_t key[SIPHASH_KEY_LENGTH];
    uint8_t input[16];
    (void)state;
    for (uint8_t i = 0; i < 16; i++) {
        key[i] = input[i] = i;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(siphash(key, bytes_of(input, cases[i].length)) == cases[i].hash);
    }
    key[0] ^= 1;
    assert_true(siphash(key, bytes_of(input, 8)) != cases[3].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
