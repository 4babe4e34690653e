/* What the tests of the crypto room share: octets from hex, and randomness that follows a script.
 */
#ifndef IKEREF_TEST_CRYPTO_SUPPORT_H
#define IKEREF_TEST_CRYPTO_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/crypto.h"

#define TEST_OCTETS_MAX 1024

struct test_octets {
    size_t length;
    uint8_t data[TEST_OCTETS_MAX];
};

/* Hex digits, blanks between them ignored; aborts on anything else. */
struct test_octets test_octets_from_hex(const char *hex);

/* A view; valid as long as the octets. */
struct bytes test_octets_bytes(const struct test_octets *octets);

/* Fails the test unless `length` octets at `data` are those of the hex. */
void assert_octets_equal_hex(const void *data, size_t length, const char *hex);

/* Fails the test unless their SHA-1 is that of the hex: for values too long to print. */
void assert_octets_hash_to(struct bytes octets, const char *sha1_hex);

/* Randomness that hands out the script once, in order, and has no more after that. */
struct random_script {
    struct test_octets octets;
    size_t used;
};

struct random_script random_script_from_hex(const char *hex);
struct random_source random_script_source(struct random_script *script);

/* A key pair whose private octets are those of the hex. */
struct key_exchange *test_key_from_hex(uint16_t id, const char *private_hex);

#endif
