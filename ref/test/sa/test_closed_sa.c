/* What is left of IKE SAs that have ended: found, lent and gone in its time. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sa/closed_sa.h"

#define OURS UINT64_C(0x1111)
#define THEIRS UINT64_C(0x2222)
#define REQUEST UINT64_C(0x3333)

static struct closed_list list;
static struct request_index answered;
static struct ike_sa sa;

static int set_up(void **state)
{
    (void)state;
    bool good = closed_list_init(&list) == STATUS_OK && request_index_init(&answered) == STATUS_OK;
    return good ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    closed_list_wipe(&list, &answered);
    closed_list_wipe(&list, &answered);
    request_index_free(&answered);
    return 0;
}

static struct protector *protector_make(enum protector_direction direction)
{
    static const uint8_t key[20];
    struct protector *made =
        protector_create(&sa.protection, bytes_of(key, sizeof key), bytes_of(NULL, 0), direction);
    assert_non_null(made);
    return made;
}

/* The responder of one that the peer has deleted by its third request. */
static void end_one(uint64_t close_ns)
{
    sa = (struct ike_sa){
        .state = IKE_SA_CLOSED,
        .spi_i = THEIRS,
        .spi_r = OURS,
        .close_ns = close_ns,
        .expected_request = 3,
        .request_hash = REQUEST,
        .fragmentation = true,
        .protection = {.cipher = cipher_algorithm_find(ENCR_AES_GCM_16), .key_bits = 128}};
    sa.open = protector_make(PROTECTOR_OPEN);
    sa.seal = protector_make(PROTECTOR_SEAL);
    assert_int_equal(stored_message_set(&sa.response, bytes_of("gone", 4)), STATUS_OK);
}

static void free_rest(void)
{
    protector_destroy(sa.open);
    protector_destroy(sa.seal);
    stored_message_clear(&sa.response);
}

static void test_what_is_left(void **state)
{
    struct ike_sa lent;
    (void)state;
    end_one(100);
    request_index_add(&answered, &sa.by_request, sa.request_hash);
    uint8_t iv[PROTECTION_IV_MAX] = {0}, icv[PROTECTION_ICV_MAX] = {0}, text[4] = {0};
    struct bytes none = bytes_of(NULL, 0);
    assert_int_equal(protector_open(sa.open, none, iv, text, sizeof text, none, icv), STATUS_DROP);
    assert_true(protector_is_ready(sa.open)); /* as after the request that has ended it */
    const struct protector *open = sa.open;
    assert_int_equal(closed_list_add(&list, &answered, &sa), STATUS_OK);
    assert_null(sa.open);
    assert_non_null(sa.seal); /* such an answer is never sealed again */
    assert_true(stored_message_is_empty(&sa.response));
    assert_int_equal(sa.by_request.hash, 0);
    free_rest();
    assert_null(closed_list_find(&list, THEIRS));
    struct closed_sa *closed = closed_list_find(&list, OURS);
    assert_non_null(closed);
    assert_true(request_index_has(&answered, REQUEST));
    closed_sa_lend(closed, &lent);
    assert_int_equal(lent.state, IKE_SA_CLOSED);
    assert_true(lent.spi_i == THEIRS && lent.spi_r == OURS && !lent.initiator);
    assert_int_equal(lent.expected_request, 3);
    assert_true(lent.fragmentation);
    assert_ptr_equal(lent.open, open);
    assert_ptr_equal(lent.protection.cipher, sa.protection.cipher);
    assert_false(protector_is_ready(lent.open));
    assert_true(bytes_equal(stored_message_bytes(&lent.response), bytes_of("gone", 4)));
    closed_list_expire(&list, &answered, 100);
    assert_false(request_index_has(&answered, REQUEST));
}

/* An answer that may have to be cut smaller takes what seals it along, and comes back cut. */
static void test_what_may_be_cut(void **state)
{
    struct stored_plain plain = {.total = 1, .next_size = 576};
    struct ike_sa lent;
    (void)state;
    end_one(100);
    assert_int_equal(stored_message_keep_plain(&sa.response, &plain, bytes_of("inner", 5)),
                     STATUS_OK);
    const struct protector *seal = sa.seal;
    assert_int_equal(closed_list_add(&list, &answered, &sa), STATUS_OK);
    assert_null(sa.seal);
    struct closed_sa *closed = closed_list_find(&list, OURS);
    closed_sa_lend(closed, &lent);
    assert_ptr_equal(lent.seal, seal);
    stored_message_clear(&lent.response);
    assert_int_equal(stored_message_set(&lent.response, bytes_of("smaller", 7)), STATUS_OK);
    closed_sa_take_back(closed, &lent);
    closed_sa_lend(closed, &lent);
    assert_true(bytes_equal(stored_message_bytes(&lent.response), bytes_of("smaller", 7)));
}

/* One that was never answered, nor asked for by a request, and of whose keys there are none. */
static void test_with_nothing_to_repeat(void **state)
{
    (void)state;
    sa = (struct ike_sa){
        .state = IKE_SA_CLOSED, .initiator = true, .spi_i = OURS, .spi_r = THEIRS, .close_ns = 7};
    assert_int_equal(closed_list_add(&list, &answered, &sa), STATUS_OK);
    assert_non_null(closed_list_find(&list, OURS));
    assert_false(request_index_has(&answered, 0));
    closed_list_expire(&list, &answered, 7);
    assert_null(closed_list_find(&list, OURS));
}

static void test_each_goes_in_its_time(void **state)
{
    (void)state;
    assert_true(closed_list_deadline(&list) == UINT64_MAX);
    closed_list_expire(&list, &answered, UINT64_MAX);
    for (uint64_t i = 0; i < 4; i++) {
        end_one(100 + i / 2);
        sa.spi_r = OURS + i;
        assert_int_equal(closed_list_add(&list, &answered, &sa), STATUS_OK);
        free_rest();
    }
    assert_true(closed_list_deadline(&list) == 100);
    closed_list_expire(&list, &answered, 99);
    assert_non_null(closed_list_find(&list, OURS));
    closed_list_expire(&list, &answered, 100);
    assert_null(closed_list_find(&list, OURS));
    assert_null(closed_list_find(&list, OURS + 1));
    assert_non_null(closed_list_find(&list, OURS + 2));
    assert_true(closed_list_deadline(&list) == 101);
    closed_list_expire(&list, &answered, 500);
    assert_null(closed_list_find(&list, OURS + 3));
    assert_true(closed_list_deadline(&list) == UINT64_MAX);
    end_one(600); /* and there is room for more */
    assert_int_equal(closed_list_add(&list, &answered, &sa), STATUS_OK);
    free_rest();
    assert_non_null(closed_list_find(&list, OURS));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_what_is_left),
        CASE(test_what_may_be_cut),
        CASE(test_with_nothing_to_repeat),
        CASE(test_each_goes_in_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
