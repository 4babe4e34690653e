/* Test vectors as hex text, and the two loops that every payload's test runs over them. */
#include "octets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define OCTETS_MAX 65536

static uint8_t digit_value(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *found = strchr(digits, digit);
    if (digit == '\0' || found == NULL) {
        fail_msg("not a hex digit: '%c'", digit);
    }
    return (uint8_t)(found - digits);
}

struct bytes octets_hex(const char *hex)
{
    static uint8_t octets[OCTETS_MAX];
    size_t digits = 0;
    memset(octets, 0, strlen(hex) / 2 + 1);
    for (; *hex != '\0'; hex++) {
        if (*hex != ' ') {
            octets[digits / 2] = (uint8_t)(octets[digits / 2] << 4 | digit_value(*hex));
            digits++;
        }
    }
    assert_int_equal(digits % 2, 0);
    return octets_copy(octets, digits / 2);
}

struct bytes octets_copy(const void *data, size_t length)
{
    uint8_t *copy = malloc(length);
    assert_true(copy != NULL || length == 0);
    if (length > 0) {
        memcpy(copy, data, length);
    }
    return bytes_of(copy, length);
}

void octets_free(struct bytes octets)
{
    free((void *)octets.data);
}

void assert_written(const struct writer *w, const char *hex)
{
    struct bytes expected = octets_hex(hex);
    assert_false(w->overflow);
    assert_int_equal(w->length, expected.length);
    assert_memory_equal(w->data, expected.data, expected.length);
    octets_free(expected);
}

void assert_parses(parse_function parse, const struct parse_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes body = octets_hex(cases[i].hex);
        enum status status = parse(body);
        octets_free(body);
        if (status != cases[i].expected) {
            fail_msg("%s: status %#x, expected %#x", cases[i].name, (unsigned)status,
                     (unsigned)cases[i].expected);
        }
    }
}

void assert_truncations(parse_function parse, const char *hex, size_t minimum)
{
    struct bytes whole = octets_hex(hex);
    for (size_t length = 0; length <= whole.length; length++) {
        struct bytes cut = octets_copy(whole.data, length);
        enum status status = parse(cut);
        octets_free(cut);
        enum status expected = length < minimum ? STATUS_NOTIFY(INVALID_SYNTAX) : STATUS_OK;
        if (status != expected) {
            fail_msg("cut to %zu octets: status %#x", length, (unsigned)status);
        }
    }
    octets_free(whole);
}
