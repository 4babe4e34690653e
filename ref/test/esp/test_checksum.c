/* The Internet checksum. */
#include "esp_lab.h"

#include "esp/checksum.h"

/* RFC 1071 3: the worked example. */
static void test_example_of_rfc1071(void **state)
{
    (void)state;
    static const uint8_t octets[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    assert_int_equal(checksum_finish(checksum_add(0, octets, sizeof(octets))), 0xffff - 0xddf2);
}

static void test_any_length_agrees_with_the_plain_sum(void **state)
{
    (void)state;
    uint8_t octets[300];
    uint64_t seed = 7;
    for (size_t length = 0; length <= sizeof(octets); length++) {
        for (size_t i = 0; i < length; i++) {
            octets[i] = (uint8_t)lab_next(&seed);
        }
        assert_int_equal(checksum_finish(checksum_add(0, octets, length)),
                         (uint16_t)~lab_sum(octets, length, 0));
        uint32_t start = (uint32_t)(lab_next(&seed) & 0xffff);
        assert_int_equal(checksum_add_long(start, octets, length),
                         checksum_add(start, octets, length));
    }
}

/* Every addition of all ones carries out of 64 bits. */
static void test_carries_come_in_again(void **state)
{
    (void)state;
    uint8_t octets[1500];
    memset(octets, 0xff, sizeof(octets));
    for (size_t length = 0; length <= sizeof(octets); length++) {
        assert_int_equal(checksum_add_long(1, octets, length), checksum_add(1, octets, length));
        assert_int_equal(checksum_finish(checksum_add_long(0, octets, length)),
                         (uint16_t)~lab_sum(octets, length, 0));
    }
}

static void test_replacing_a_word_equals_computing_afresh(void **state)
{
    (void)state;
    uint8_t octets[20];
    uint64_t seed = 11;
    for (int round = 0; round < 10000; round++) {
        for (size_t i = 0; i < sizeof(octets); i++) {
            octets[i] = (uint8_t)lab_next(&seed);
        }
        octets[0] |= 1; /* an all-zero header does not occur */
        uint16_t checksum = checksum_finish(checksum_add(0, octets, sizeof(octets)));
        uint16_t before = octets_get_u16(octets + 4);
        uint16_t after = (uint16_t)lab_next(&seed);
        octets_put_u16(octets + 4, after);
        assert_int_equal(checksum_replace(checksum, before, after),
                         checksum_finish(checksum_add(0, octets, sizeof(octets))));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_of_rfc1071),
        cmocka_unit_test(test_carries_come_in_again),
        cmocka_unit_test(test_any_length_agrees_with_the_plain_sum),
        cmocka_unit_test(test_replacing_a_word_equals_computing_afresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
