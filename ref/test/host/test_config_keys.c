/* host/config_keys.c: tables that hold each key once and within its structure; near misses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/config_keys.h"
#include "host/host_config.h"

static const struct {
    const struct config_key *keys;
    size_t size; /* of the structure the offsets are of */
} tables[] = {
    {config_keys_global, sizeof(struct host_config)},
    {config_keys_peer, sizeof(struct peer_config)},
    {config_keys_child, sizeof(struct child_config)},
};

/* A key twice in a table would hide the second one's field. */
static void every_key_finds_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        const struct config_key *key = tables[i].keys;
        for (; key->name != NULL; key++) {
            assert_ptr_equal(config_key_find(tables[i].keys, key->name), key);
            assert_true(key->offset < tables[i].size);
        }
        assert_true(key > tables[i].keys);
    }
}

static bool is_proof(const struct config_key *key)
{
    return key->kind == VALUE_PSK || key->kind == VALUE_PSK_FILE ||
           key->kind == VALUE_CERTIFICATE || key->kind == VALUE_PRIVATE_KEY ||
           key->kind == VALUE_AUTHORITIES;
}

/* Only keys and certificates take the whole peer: no two others write the same field. */
static void no_two_keys_share_a_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct config_key *a = tables[i].keys; a->name != NULL; a++) {
            for (const struct config_key *b = a + 1; b->name != NULL; b++) {
                if (a->offset == b->offset && !is_proof(a) && !is_proof(b)) {
                    fail_msg("%s and %s", a->name, b->name);
                }
            }
        }
    }
}

static void a_name_belongs_to_its_section(void **state)
{
    (void)state;
    const struct config_key *peers = config_key_find(config_keys_peer, "proposals");
    const struct config_key *childs = config_key_find(config_keys_child, "proposals");
    assert_int_equal(peers->kind, VALUE_IKE_PROPOSALS);
    assert_int_equal(childs->kind, VALUE_ESP_PROPOSALS);
    assert_true(peers->list && childs->list);
    assert_int_equal(peers->offset, offsetof(struct peer_config, proposals));
    assert_int_equal(childs->offset, offsetof(struct child_config, proposals));
    assert_null(config_key_find(config_keys_global, "proposals"));
    assert_null(config_key_find(config_keys_child, "psk"));
    assert_null(config_key_find(config_keys_peer, "Mobike"));
    assert_null(config_key_find(config_keys_peer, "mobik"));
    assert_null(config_key_find(config_keys_peer, ""));
}

static void the_nearest_word(void **state)
{
    (void)state;
    static const char *const names[] = {"rekey", "lifetime", "replay-window", "psk", NULL};
    static const struct {
        const char *name, *nearest;
    } rows[] = {
        {"rekey", "rekey"},
        {"reky", "rekey"},
        {"rekeys", "rekey"},
        {"lifetme", "lifetime"},
        {"life-time", "lifetime"},
        {"replay_window", "replay-window"},
        {"replywindo", "replay-window"},
        {"psc", "psk"},
        {"colour", NULL},
        {"x", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *nearest = config_key_nearest(names, rows[i].name);
        if (rows[i].nearest == NULL ? nearest != NULL
                                    : nearest == NULL || strcmp(nearest, rows[i].nearest) != 0) {
            fail_msg("%s: %s", rows[i].name, nearest != NULL ? nearest : "nothing");
        }
    }
    static const char *const none[] = {NULL};
    assert_null(config_key_nearest(none, "rekey"));
}

/* A word longer than any key is like none of them, and is not looked at beyond bounds. */
static void a_very_long_word(void **state)
{
    (void)state;
    static const char *const names[] = {"rekey", NULL};
    char name[50];
    memset(name, 'r', sizeof(name));
    for (size_t length = 46; length < sizeof(name); length++) {
        name[length] = '\0';
        assert_null(config_key_nearest(names, name));
        name[length] = 'r';
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_finds_itself),
        cmocka_unit_test(no_two_keys_share_a_field),
        cmocka_unit_test(a_name_belongs_to_its_section),
        cmocka_unit_test(the_nearest_word),
        cmocka_unit_test(a_very_long_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
