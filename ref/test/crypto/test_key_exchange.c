/* The table of key exchange methods, and what every method answers alike. */

#include "crypto_support.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/key_exchange.h"

static const struct {
    uint16_t id;
    const char *name;
    size_t public_length;
    size_t shared_length;
} rows[] = {
    {14, "modp2048", 256, 256}, {15, "modp3072", 384, 384}, {16, "modp4096", 512, 512},
    {19, "ecp256", 64, 32},     {20, "ecp384", 96, 48},     {21, "ecp521", 132, 66},
    {31, "x25519", 32, 32},     {32, "x448", 56, 56},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void test_table_has_the_rfcs_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct key_exchange_algorithm *found = key_exchange_algorithm_find(rows[i].id);
        assert_non_null(found);
        assert_int_equal(found->id, rows[i].id);
        assert_string_equal(found->name, rows[i].name);
        assert_int_equal(found->public_length, rows[i].public_length);
        assert_int_equal(found->shared_length, rows[i].shared_length);
    }
    assert_null(key_exchange_algorithm_find(KE_NONE));
    assert_null(key_exchange_algorithm_find(2));
    assert_null(key_exchange_algorithm_find(40000));
}

static void test_two_fresh_keys_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct key_exchange_algorithm *algorithm = key_exchange_algorithm_find(rows[i].id);
        struct key_exchange *a = key_exchange_create(algorithm, &random_system);
        struct key_exchange *b = key_exchange_create(algorithm, &random_system);
        assert_ptr_equal(key_exchange_algorithm_of(a), algorithm);
        assert_int_equal(key_exchange_public(a).length, algorithm->public_length);
        assert_false(bytes_equal(key_exchange_public(a), key_exchange_public(b)));

        struct shared_secret ours;
        struct shared_secret theirs;
        assert_int_equal(key_exchange_derive(a, key_exchange_public(b), &ours), STATUS_OK);
        assert_int_equal(key_exchange_derive(b, key_exchange_public(a), &theirs), STATUS_OK);
        assert_int_equal(ours.length, algorithm->shared_length);
        assert_int_equal(theirs.length, algorithm->shared_length);
        assert_memory_equal(ours.data, theirs.data, ours.length);
        shared_secret_wipe(&ours);
        shared_secret_wipe(&theirs);
        key_exchange_destroy(a);
        key_exchange_destroy(b);
    }
}

static void test_wrong_lengths_are_invalid_syntax(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct key_exchange_algorithm *algorithm = key_exchange_algorithm_find(rows[i].id);
        struct key_exchange *key = key_exchange_create(algorithm, &random_system);
        uint8_t peer[KEY_EXCHANGE_MAX + 1] = {0};
        memcpy(peer, key_exchange_public(key).data, algorithm->public_length);
        const size_t lengths[] = {0, 1, algorithm->public_length - 1, algorithm->public_length + 1};
        for (size_t j = 0; j < 4; j++) {
            struct shared_secret secret;
            assert_int_equal(key_exchange_derive(key, bytes_of(peer, lengths[j]), &secret),
                             STATUS_NOTIFY(INVALID_SYNTAX));
            assert_int_equal(secret.length, 0);
        }
        key_exchange_destroy(key);
    }
}

static void test_no_randomness_no_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct random_script script = random_script_from_hex("");
        struct random_source source = random_script_source(&script);
        assert_null(key_exchange_create(key_exchange_algorithm_find(rows[i].id), &source));
    }
}

static void test_same_randomness_same_key(void **state)
{
    (void)state;
    char hex[2 * 66 + 1];
    for (size_t i = 0; i < sizeof(hex) - 1; i++) {
        hex[i] = "0123456789abcdef"[i % 7];
    }
    hex[sizeof(hex) - 1] = '\0';
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct key_exchange_algorithm *algorithm = key_exchange_algorithm_find(rows[i].id);
        struct key_exchange *keys[2];
        for (size_t j = 0; j < 2; j++) {
            struct random_script script = random_script_from_hex(hex);
            struct random_source source = random_script_source(&script);
            keys[j] = key_exchange_create(algorithm, &source);
            assert_non_null(keys[j]);
        }
        assert_true(bytes_equal(key_exchange_public(keys[0]), key_exchange_public(keys[1])));
        key_exchange_destroy(keys[0]);
        key_exchange_destroy(keys[1]);
    }
}

static void test_destroying_nothing_is_fine(void **state)
{
    (void)state;
    key_exchange_destroy(NULL);
}

/* ---- a stand-in, as a simulator has it ---- */

static const uint8_t stand_in_public[4] = {1, 2, 3, 4};

static struct key_exchange *stand_in_create(const struct key_exchange_algorithm *algorithm,
                                            const struct random_source *random)
{
    (void)algorithm;
    (void)random;
    return calloc(1, sizeof(struct key_exchange));
}

static struct bytes stand_in_public_value(const struct key_exchange *key)
{
    (void)key;
    return bytes_of(stand_in_public, sizeof(stand_in_public));
}

static enum status stand_in_derive(struct key_exchange *key, struct bytes peer,
                                   struct shared_secret *out)
{
    (void)key;
    out->length = peer.length;
    memcpy(out->data, peer.data, peer.length);
    return peer.data[0] == 0xff ? STATUS_INTERNAL : STATUS_OK;
}

static void stand_in_destroy(struct key_exchange *key)
{
    free(key);
}

static void test_a_stand_in_is_found_until_removed(void **state)
{
    (void)state;
    static const struct key_exchange_algorithm stand_in = {
        32768,           "none",          4, 4, stand_in_create, stand_in_public_value,
        stand_in_derive, stand_in_destroy};
    assert_null(key_exchange_algorithm_find(32768));
    key_exchange_algorithm_register(&stand_in);
    assert_ptr_equal(key_exchange_algorithm_find(32768), &stand_in);

    struct key_exchange *key = key_exchange_create(&stand_in, &random_system);
    assert_ptr_equal(key_exchange_algorithm_of(key), &stand_in);
    struct shared_secret secret;
    assert_int_equal(key_exchange_derive(key, key_exchange_public(key), &secret), STATUS_OK);
    assert_octets_equal_hex(secret.data, secret.length, "01020304");

    /* What a failing method left behind does not reach the caller. */
    assert_int_equal(key_exchange_derive(key, bytes_of("\xff\x01\x01\x01", 4), &secret),
                     STATUS_INTERNAL);
    assert_int_equal(secret.length, 0);
    assert_int_equal(secret.data[1], 0);
    key_exchange_destroy(key);

    key_exchange_algorithm_register(NULL);
    assert_null(key_exchange_algorithm_find(32768));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_has_the_rfcs_numbers),
        cmocka_unit_test(test_two_fresh_keys_agree),
        cmocka_unit_test(test_wrong_lengths_are_invalid_syntax),
        cmocka_unit_test(test_no_randomness_no_key),
        cmocka_unit_test(test_same_randomness_same_key),
        cmocka_unit_test(test_destroying_nothing_is_fine),
        cmocka_unit_test(test_a_stand_in_is_found_until_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
