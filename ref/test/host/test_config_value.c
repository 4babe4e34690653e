/* host/config_value.c: units, limits, and what is none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>

#include "host/config_value.h"

static const struct {
    enum value_kind kind;
    const char *text;
    bool good;
    uint64_t value;
} numbers[] = {
    {VALUE_DURATION, "500ms", true, 500000000},
    {VALUE_DURATION, "30s", true, 30000000000},
    {VALUE_DURATION, "30 s", true, 30000000000},
    {VALUE_DURATION, "5m", true, 300000000000},
    {VALUE_DURATION, "5min", true, 300000000000},
    {VALUE_DURATION, "4h", true, 14400000000000},
    {VALUE_DURATION, "1d", true, 86400000000000},
    {VALUE_DURATION, "0", true, 0},
    {VALUE_DURATION, "30", false, 0},
    {VALUE_DURATION, "-1s", false, 0},
    {VALUE_DURATION, "1s 1", false, 0},
    {VALUE_DURATION, "s", false, 0},
    {VALUE_DURATION, "", false, 0},
    {VALUE_DURATION, "999999999d", false, 0}, /* more nanoseconds than 64 bits */
    {VALUE_SIZE, "1500", true, 1500},
    {VALUE_SIZE, "64kB", true, 64000},
    {VALUE_SIZE, "10MB", true, 10000000},
    {VALUE_SIZE, "1GiB", true, 1073741824},
    {VALUE_SIZE, "1 parsec", false, 0},
    {VALUE_SIZE, "99999999999999999999", false, 0},
    {VALUE_COUNT64, "18446744073709551615", true, UINT64_MAX},
    {VALUE_COUNT64, "1e3", false, 0},
    {VALUE_COUNT32, "0x1ce", true, 0x1ce},
    {VALUE_COUNT32, "4294967295", true, UINT32_MAX},
    {VALUE_COUNT32, "4294967296", false, 0},
    {VALUE_POSITIVE32, "0", false, 0},
    {VALUE_PERCENT, "100", true, 100},
    {VALUE_PERCENT, "99", false, 0},
    {VALUE_PERCENT, "1001", false, 0},
    {VALUE_WORKERS, "0", true, 0},
    {VALUE_WORKERS, "64", true, 64},
    {VALUE_WORKERS, "65", false, 0},
    {VALUE_REPLAY, "4096", true, 4096},
    {VALUE_REPLAY, "4097", false, 0},
    {VALUE_MTU, "576", true, 576},
    {VALUE_MTU, "575", false, 0},
    {VALUE_FRAGMENT_SIZE, "256", true, 256},
    {VALUE_FRAGMENT_SIZE, "65535", true, 65535},
    {VALUE_FRAGMENT_SIZE, "255", false, 0},
    {VALUE_FRAGMENT_SIZE, "65536", false, 0},
    {VALUE_PORT, "65535", true, 65535},
    {VALUE_PORT, "0", false, 0},
    {VALUE_PORT, "65536", false, 0},
};

static void numbers_have_units_and_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uint64_t value = 0; /* little endian machines alone build this: smaller fields come first */
        char error[VALUE_ERROR_MAX];
        bool good = config_value_parse(numbers[i].kind, numbers[i].text, &value, error);
        if (good != numbers[i].good || (good && value != numbers[i].value)) {
            fail_msg("\"%s\": %d %llu", numbers[i].text, good, (unsigned long long)value);
        }
    }
}

static void booleans(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good, value;
    } rows[] = {
        {"true", true, true}, {"Yes", true, true},  {"on", true, true},  {"false", true, false},
        {"no", true, false},  {"off", true, false}, {"1", false, false}, {"", false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool value = !rows[i].value;
        char error[VALUE_ERROR_MAX];
        assert_int_equal(config_value_parse(VALUE_BOOLEAN, rows[i].text, &value, error),
                         rows[i].good);
        assert_true(!rows[i].good || value == rows[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_units_and_limits),
        cmocka_unit_test(booleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
