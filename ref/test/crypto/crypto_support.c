/* What the tests of the crypto room share. */

#include "crypto_support.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static uint8_t digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));
    if (found == NULL) {
        abort();
    }
    return (uint8_t)(found - digits);
}

struct test_octets test_octets_from_hex(const char *hex)
{
    struct test_octets out = {0};
    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        if (out.length == sizeof(out.data)) {
            abort();
        }
        uint8_t high = digit(hex[0]);
        out.data[out.length++] = (uint8_t)(high << 4 | digit(hex[1]));
        hex += 2;
    }
    return out;
}

struct bytes test_octets_bytes(const struct test_octets *octets)
{
    return bytes_of(octets->data, octets->length);
}

void assert_octets_equal_hex(const void *data, size_t length, const char *hex)
{
    struct test_octets expected = test_octets_from_hex(hex);
    assert_int_equal(length, expected.length);
    assert_memory_equal(data, expected.data, length);
}

void assert_octets_hash_to(struct bytes octets, const char *sha1_hex)
{
    uint8_t digest[SHA1_LENGTH];
    assert_int_equal(digest_sha1(&octets, 1, digest), STATUS_OK);
    assert_octets_equal_hex(digest, sizeof(digest), sha1_hex);
}

struct random_script random_script_from_hex(const char *hex)
{
    return (struct random_script){.octets = test_octets_from_hex(hex)};
}

static bool script_fill(void *context, uint8_t *out, size_t length)
{
    struct random_script *script = context;
    if (script->octets.length - script->used < length) {
        return false;
    }
    memcpy(out, script->octets.data + script->used, length);
    script->used += length;
    return true;
}

struct random_source random_script_source(struct random_script *script)
{
    return (struct random_source){script_fill, script};
}

struct key_exchange *test_key_from_hex(uint16_t id, const char *private_hex)
{
    struct random_script script = random_script_from_hex(private_hex);
    struct random_source source = random_script_source(&script);
    struct key_exchange *key = key_exchange_create(key_exchange_algorithm_find(id), &source);
    assert_non_null(key);
    assert_int_equal(script.used, script.octets.length);
    return key;
}
