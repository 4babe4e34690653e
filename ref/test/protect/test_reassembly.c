/* The fragments of one message until all are there, RFC 7383 2.6. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "protect/reassembly.h"

static uint8_t plain[IKE_MESSAGE_MAX];

/* One fragment, as it would have come. */
struct arrived {
    struct ike_header header;
    struct skf_payload skf;
    struct fragment fragment;
};

static const struct fragment *arrive(struct arrived *a, uint16_t number, uint16_t total,
                                     const void *text, size_t length)
{
    a->header = (struct ike_header){
        .exchange_type = IKE_AUTH, .message_id = 1, .length = (uint32_t)(60 + length)};
    a->skf = (struct skf_payload){.number = number, .total = total};
    a->fragment = (struct fragment){.header = &a->header,
                                    .skf = &a->skf,
                                    .next_payload = number == 1 ? PAYLOAD_IDI : PAYLOAD_NONE,
                                    .piece = bytes_of(text, length)};
    return &a->fragment;
}

static void add(struct reassembly **r, uint16_t number, uint16_t total, const char *text)
{
    struct arrived a;
    const struct fragment *fragment = arrive(&a, number, total, text, strlen(text));
    assert_true(reassembly_wants(*r, fragment));
    assert_int_equal(reassembly_add(r, fragment, 0), STATUS_OK);
}

static bool wants(const struct reassembly *r, uint16_t number, uint16_t total)
{
    struct arrived a;
    return reassembly_wants(r, arrive(&a, number, total, "x", 1));
}

static void assert_joined(struct reassembly **r, const char *text)
{
    uint8_t first;
    assert_true(reassembly_is_complete(*r));
    struct bytes inner = reassembly_join(*r, plain, &first);
    assert_int_equal(first, PAYLOAD_IDI);
    assert_int_equal(inner.length, strlen(text));
    assert_memory_equal(inner.data, text, inner.length);
    reassembly_end(r);
    assert_null(*r);
}

/* In whatever order they come, the text is in the order of their numbers. */
static void test_every_order(void **state)
{
    static const char *const texts[] = {"one ", "", "three ", "four"};
    (void)state;
    for (unsigned order = 0; order < 256; order++) {
        struct reassembly *r = NULL;
        unsigned seen = 0;
        for (unsigned i = 0, left = order; i < 4; i++, left /= 4) {
            seen |= 1U << left % 4;
        }
        if (seen != 15) {
            continue; /* no permutation */
        }
        for (unsigned i = 0, left = order; i < 4; i++, left /= 4) {
            assert_false(reassembly_is_complete(r));
            add(&r, (uint16_t)(left % 4 + 1), 4, texts[left % 4]);
        }
        assert_joined(&r, "one three four");
    }
}

static void test_one_of_one(void **state)
{
    struct reassembly *r = NULL;
    (void)state;
    add(&r, 1, 1, "all of it");
    assert_joined(&r, "all of it");
}

static void test_copies_are_not_wanted(void **state)
{
    struct reassembly *r = NULL;
    (void)state;
    add(&r, 2, 3, "b");
    assert_false(wants(r, 2, 3));
    assert_true(wants(r, 1, 3));
    assert_true(wants(r, 3, 3));
    reassembly_end(&r);
}

/* More fragments than before: the sender has cut the message smaller, and what was there is of no
 * use. Fewer: something old. RFC 7383 2.5.2, 2.6 */
static void test_another_cut(void **state)
{
    struct reassembly *r = NULL;
    (void)state;
    add(&r, 1, 2, "lar");
    add(&r, 1, 3, "sm");
    assert_false(wants(r, 2, 2));
    assert_false(wants(r, 1, 3));
    add(&r, 2, 3, "al");
    assert_false(reassembly_is_complete(r)); /* fragment 1 of the larger cut does not count */
    add(&r, 3, 3, "l");
    assert_joined(&r, "small");
}

/* Where a cut that has lost its first fragment had a type, the new one has none until its own
 * comes. */
static void test_first_payload_type(void **state)
{
    struct reassembly *r = NULL;
    struct arrived a;
    (void)state;
    const struct fragment *second = arrive(&a, 2, 2, "b", 1);
    a.fragment.next_payload = PAYLOAD_AUTH; /* not what RFC 7383 2.5 asks for: means nothing */
    assert_int_equal(reassembly_add(&r, second, 0), STATUS_OK);
    add(&r, 1, 2, "a");
    assert_joined(&r, "ab");
    add(&r, 1, 2, "a");
    assert_int_equal(reassembly_add(&r, second, 0), STATUS_OK);
    assert_joined(&r, "ab");
}

static void test_other_messages(void **state)
{
    struct reassembly *r = NULL;
    struct arrived a;
    (void)state;
    add(&r, 1, 2, "a");
    const struct fragment *other = arrive(&a, 2, 2, "b", 1);
    a.header.message_id = 2;
    assert_false(reassembly_wants(r, other));
    a.header.message_id = 1;
    a.header.exchange_type = INFORMATIONAL;
    assert_false(reassembly_wants(r, other));
    a.header.exchange_type = IKE_AUTH;
    assert_true(reassembly_wants(r, other));
    reassembly_end(&r);
}

/* RFC 7383 5: what one peer can make us keep has an end. */
static void test_bounds(void **state)
{
    static uint8_t octets[IKE_MESSAGE_MAX + 1];
    struct reassembly *r = NULL;
    struct arrived a;
    (void)state;
    assert_true(wants(NULL, 1, FRAGMENTS_MAX));
    assert_false(wants(NULL, 1, FRAGMENTS_MAX + 1));
    assert_false(wants(NULL, 65535, 65535));
    memset(octets, 0x77, sizeof octets);
    /* exactly as much as there may be */
    assert_int_equal(reassembly_add(&r, arrive(&a, 1, 2, octets, IKE_MESSAGE_MAX - 1), 0),
                     STATUS_OK);
    assert_int_equal(reassembly_add(&r, arrive(&a, 2, 2, octets, 1), 0), STATUS_OK);
    assert_true(reassembly_is_complete(r));
    reassembly_end(&r);
    /* one octet more */
    assert_int_equal(reassembly_add(&r, arrive(&a, 1, 2, octets, IKE_MESSAGE_MAX), 0), STATUS_OK);
    assert_int_equal(reassembly_add(&r, arrive(&a, 2, 2, octets, 1), 0), STATUS_INTERNAL);
    assert_null(r);
    assert_int_equal(reassembly_add(&r, arrive(&a, 1, 2, octets, IKE_MESSAGE_MAX + 1), 0),
                     STATUS_INTERNAL);
    assert_null(r);
    /* as many as there may be, each with one octet */
    for (uint16_t n = FRAGMENTS_MAX; n > 0; n--) {
        assert_false(reassembly_is_complete(r));
        assert_int_equal(reassembly_add(&r, arrive(&a, n, FRAGMENTS_MAX, octets, 1), 0), STATUS_OK);
    }
    assert_true(reassembly_is_complete(r));
    reassembly_end(&r);
}

static void test_what_it_remembers(void **state)
{
    struct reassembly *r = NULL;
    struct arrived a;
    (void)state;
    assert_false(reassembly_is_complete(NULL));
    assert_int_equal(reassembly_add(&r, arrive(&a, 2, 3, "ab", 2), 100), STATUS_OK);
    assert_int_equal(reassembly_add(&r, arrive(&a, 1, 3, "abcd", 4), 200), STATUS_OK);
    assert_int_equal(reassembly_add(&r, arrive(&a, 3, 3, "a", 1), 300), STATUS_OK);
    assert_int_equal(r->since_ns, 100);
    assert_int_equal(r->largest, 64);
    assert_int_equal(reassembly_add(&r, arrive(&a, 1, 4, "a", 1), 400), STATUS_OK);
    assert_int_equal(r->since_ns, 400); /* of this cut */
    assert_int_equal(r->largest, 61);
    reassembly_end(&r);
    reassembly_end(&r); /* nothing: no matter */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order),
        cmocka_unit_test(test_one_of_one),
        cmocka_unit_test(test_copies_are_not_wanted),
        cmocka_unit_test(test_another_cut),
        cmocka_unit_test(test_first_payload_type),
        cmocka_unit_test(test_other_messages),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_what_it_remembers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
