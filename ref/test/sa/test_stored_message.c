/* A message kept octet for octet, to be sent again unchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/stored_message.h"

static void test_a_copy_is_kept(void **state)
{
    (void)state;
    struct stored_message stored = {0};
    uint8_t octets[300];
    memset(octets, 0x5a, sizeof octets);
    assert_int_equal(stored_message_bytes(&stored).length, 0);
    assert_int_equal(stored_message_set(&stored, bytes_of(octets, sizeof octets)), STATUS_OK);
    memset(octets, 0, sizeof octets);
    struct bytes kept = stored_message_bytes(&stored);
    assert_int_equal(kept.length, 300);
    for (size_t i = 0; i < kept.length; i++) {
        assert_int_equal(kept.data[i], 0x5a);
    }
    assert_int_equal(stored_message_set(&stored, bytes_of("abc", 3)), STATUS_OK); /* replaces */
    kept = stored_message_bytes(&stored);
    assert_int_equal(kept.length, 3);
    assert_memory_equal(kept.data, "abc", 3);
    stored_message_clear(&stored);
    assert_int_equal(stored_message_bytes(&stored).length, 0);
    assert_true(stored_message_is_empty(&stored));
    stored_message_clear(&stored); /* again: no matter */
}

/* A message of no octets is stored, which is not the same as none. */
static void test_an_empty_one(void **state)
{
    (void)state;
    struct stored_message stored = {0};
    assert_int_equal(stored_message_set(&stored, bytes_of("", 0)), STATUS_OK);
    assert_false(stored_message_is_empty(&stored));
    assert_int_equal(stored_message_bytes(&stored).length, 0);
    stored_message_clear(&stored);
    assert_true(stored_message_is_empty(&stored));
}

/* A message in fragments: every datagram is kept, in order. */
static void test_several_datagrams(void **state)
{
    static const char *const texts[] = {"first", "", "third"};
    (void)state;
    struct stored_message stored = {0};
    assert_true(stored_message_is_empty(&stored));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stored_message_add(&stored, bytes_of(texts[i], strlen(texts[i]))),
                         STATUS_OK);
    }
    const struct stored_datagram *d = stored.datagrams;
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(d);
        assert_int_equal(d->length, strlen(texts[i]));
        assert_memory_equal(d->octets, texts[i], d->length);
        d = d->next;
    }
    assert_null(d);
    /* set replaces all of them, even by a view of one */
    struct bytes one = bytes_of(stored.datagrams->octets, stored.datagrams->length);
    assert_int_equal(stored_message_set(&stored, one), STATUS_OK);
    assert_int_equal(stored_message_bytes(&stored).length, 5);
    assert_memory_equal(stored_message_bytes(&stored).data, "first", 5);
    stored_message_clear(&stored);
}

static void test_what_it_was_sealed_from(void **state)
{
    (void)state;
    struct stored_message stored = {0};
    struct stored_plain plain = {.first = PAYLOAD_IDI, .total = 2, .next_size = 576};
    assert_int_equal(stored_message_add(&stored, bytes_of("sealed", 6)), STATUS_OK);
    assert_int_equal(stored_message_keep_plain(&stored, &plain, bytes_of("inner", 5)), STATUS_OK);
    assert_int_equal(stored.plain->first, PAYLOAD_IDI);
    assert_int_equal(stored.plain->next_size, 576);
    assert_int_equal(stored.plain->length, 5);
    assert_memory_equal(stored.plain->inner, "inner", 5);
    stored_message_clear(&stored);
    assert_null(stored.plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_is_kept),
        cmocka_unit_test(test_an_empty_one),
        cmocka_unit_test(test_several_datagrams),
        cmocka_unit_test(test_what_it_was_sealed_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
