/* Reading octets out of JSON, and outcomes. */

#include "test/vectors/vector.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 4096

static void *kept[KEPT_MAX];
static size_t kept_count;

struct outcome outcome_passed(void)
{
    return (struct outcome){.kind = OUTCOME_PASSED};
}

struct outcome outcome_refused(void)
{
    return (struct outcome){.kind = OUTCOME_REFUSED};
}

static struct outcome with_reason(enum outcome_kind kind, const char *format, va_list arguments)
{
    struct outcome outcome = {.kind = kind};
    vsnprintf(outcome.reason, sizeof outcome.reason, format, arguments);
    return outcome;
}

struct outcome outcome_failed(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct outcome outcome = with_reason(OUTCOME_FAILED, format, arguments);
    va_end(arguments);
    return outcome;
}

struct outcome outcome_not_applicable(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct outcome outcome = with_reason(OUTCOME_NOT_APPLICABLE, format, arguments);
    va_end(arguments);
    return outcome;
}

struct outcome outcome_of(const struct vector *vector, bool accepted)
{
    if (strcmp(vector->result, "valid") == 0) {
        return accepted ? outcome_passed() : outcome_failed("refused, or another value, but valid");
    }
    if (strcmp(vector->result, "invalid") == 0) {
        return accepted ? outcome_failed("accepted, but invalid") : outcome_refused();
    }
    return accepted ? outcome_passed() : outcome_refused();
}

uint8_t *octets_new(size_t length)
{
    uint8_t *data = calloc(1, length + 1);
    if (data == NULL || kept_count == KEPT_MAX) {
        fprintf(stderr, "vector-runner: out of memory\n");
        exit(3);
    }
    kept[kept_count++] = data;
    return data;
}

void octets_forget(void)
{
    while (kept_count > 0) {
        free(kept[--kept_count]);
    }
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    return at == NULL ? -1 : (int)(at - digits);
}

struct bytes octets_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL) {
        return bytes_of("", 0);
    }
    size_t length = strlen(text) / 2;
    uint8_t *data = octets_new(length);
    for (size_t i = 0; i < length; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0 || strlen(text) % 2 != 0) {
            fprintf(stderr, "vector-runner: \"%s\" is not hex\n", name);
            exit(2);
        }
        data[i] = (uint8_t)(high << 4 | low);
    }
    return bytes_of(data, length);
}

struct bytes octets_join(struct bytes a, struct bytes b)
{
    uint8_t *data = octets_new(a.length + b.length);
    memcpy(data, a.data, a.length);
    memcpy(data + a.length, b.data, b.length);
    return bytes_of(data, a.length + b.length);
}

char *octets_hex(struct bytes octets)
{
    char *text = calloc(1, 2 * octets.length + 1);
    for (size_t i = 0; text != NULL && i < octets.length; i++) {
        snprintf(text + 2 * i, 3, "%02x", octets.data[i]);
    }
    return text;
}

const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

long long number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

bool true_of(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

const char *octets_differ(const json_t *object, const char *name, struct bytes found)
{
    static char reason[120];
    if (bytes_equal(octets_of(object, name), found)) {
        return NULL;
    }
    snprintf(reason, sizeof reason, "%s is another", name);
    return reason;
}
