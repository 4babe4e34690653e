/* What the store queues for its host. */
#include "store_lab.h"

#include <string.h>

static void test_reasons_have_names_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i <= DOWN_SHUTDOWN; i++) {
        assert_non_null(down_reason_name((enum down_reason)i));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(down_reason_name((enum down_reason)i),
                                    down_reason_name((enum down_reason)k));
        }
    }
    assert_string_equal(down_reason_name(DOWN_DELETED_BY_US), "deleted-by-us");
    assert_string_equal(down_reason_name(DOWN_UNREACHABLE), "unreachable");
}

static void test_datagrams_in_order(void **state)
{
    (void)state;
    struct store_lab lab;
    struct path path = {.local = {.port = 500}, .remote = {.port = 501}};
    uint8_t octets[2] = {1, 2};
    store_lab_create(&lab);
    sa_store_send(&lab.store, &path, false, false, bytes_of(octets, 2));
    memset(octets, 0xff, sizeof octets); /* a copy was queued */
    sa_store_send(&lab.store, &path, true, true, bytes_of(octets, 1));
    const struct queued_datagram *first = lab.store.datagram_first;
    assert_int_equal(first->length, 2);
    assert_true(first->octets[0] == 1 && first->octets[1] == 2);
    assert_true(path_equal(&first->path, &path));
    assert_false(first->encapsulated || first->keepalive);
    const struct queued_datagram *second = first->next;
    assert_ptr_equal(second, lab.store.datagram_last);
    assert_true(second->length == 1 && second->encapsulated && second->keepalive);
    assert_null(second->next);
    assert_true(lab.store.counters.datagrams_out == 2);
    store_lab_destroy(&lab); /* with both still in it */
}

static void test_events_in_order(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    struct ike_sa *old = sa_store_add(&lab.store, 0, true, IKE_SA_REKEYED);
    struct ike_sa *sa = sa_store_add(&lab.store, 1, true, IKE_SA_ESTABLISHED);
    sa_store_emit_ike(&lab.store, sa, EVENT_IKE_SA_DOWN, DOWN_FAILED,
                      STATUS_NOTIFY(AUTHENTICATION_FAILED));
    lab.store.now_ns = 2000;
    sa_store_emit_rekeyed(&lab.store, old, sa);
    sa_store_emit_child_failed(&lab.store, sa, 3, STATUS_PEER(TS_UNACCEPTABLE));
    struct event event = store_lab_expect(&lab, EVENT_IKE_SA_DOWN);
    assert_true(event.time_ns == STORE_LAB_NOW);
    assert_int_equal(event.ike_sa, sa->id);
    assert_int_equal(event.peer_index, 1);
    assert_int_equal(event.child_index, UINT16_MAX); /* none */
    assert_int_equal(event.reason, DOWN_FAILED);
    assert_int_equal(event.status, STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_true(event.ike.spi_i == sa->spi_i);
    event = store_lab_expect(&lab, EVENT_IKE_SA_REKEYED);
    assert_true(event.time_ns == 2000);
    assert_int_equal(event.ike_sa, sa->id);
    assert_int_equal(event.replaces, old->id);
    event = store_lab_expect(&lab, EVENT_CHILD_SA_FAILED);
    assert_int_equal(event.child_index, 3);
    assert_int_equal(event.status, STATUS_PEER(TS_UNACCEPTABLE));
    store_lab_expect_none(&lab);
    sa_store_emit_ike(&lab.store, sa, EVENT_IKE_SA_UP, 0, STATUS_OK); /* the empty queue serves */
    (void)store_lab_expect(&lab, EVENT_IKE_SA_UP);
    store_lab_expect_none(&lab);
    store_lab_destroy(&lab);
}

/* Nobody waits for command 0. A command belongs to no IKE SA. */
static void test_commands_done(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    sa_store_emit_done(&lab.store, 0, STATUS_OK);
    store_lab_expect_none(&lab);
    sa_store_emit_done(&lab.store, UINT64_C(1) << 40, STATUS_UNREACHABLE);
    struct event event = store_lab_expect(&lab, EVENT_COMMAND_DONE);
    assert_true(event.command == UINT64_C(1) << 40);
    assert_int_equal(event.status, STATUS_UNREACHABLE);
    assert_int_equal(event.ike_sa, 0);
    assert_int_equal(event.peer_index, UINT16_MAX);
    store_lab_destroy(&lab);
}

static void key_set(struct secret *key, uint8_t octet)
{
    key->length = 1;
    key->data[0] = octet;
}

/* Keys are named by who began the exchange and told by direction, RFC 7296 2.17. */
static void test_keys_by_direction(void **state)
{
    (void)state;
    struct store_lab lab;
    struct child_keys keys = {0};
    struct ike_keys ike_keys = {0};
    const struct child_sa child = {.id = 9, .child_index = 2, .spi_in = 0x101};
    key_set(&keys.encryption_i, 1);
    key_set(&keys.integrity_i, 2);
    key_set(&keys.encryption_r, 3);
    key_set(&keys.integrity_r, 4);
    store_lab_create(&lab);
    struct ike_sa *sa = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    for (unsigned we_initiated = 0; we_initiated < 2; we_initiated++) {
        sa_store_emit_child_up(&lab.store, sa, &child, &keys, we_initiated, 0x99, !we_initiated);
        struct event event = store_lab_expect(&lab, EVENT_CHILD_SA_UP);
        assert_int_equal(event.child_sa, 9);
        assert_int_equal(event.child_index, 2);
        assert_int_equal(event.child.spi_in, 0x101);
        assert_int_equal(event.child.replaces_spi_in, 0x99);
        assert_int_equal(event.child.outbound_standby, !we_initiated);
        assert_int_equal(event.child.encryption_out.data[0], we_initiated ? 1 : 3);
        assert_int_equal(event.child.integrity_out.data[0], we_initiated ? 2 : 4);
        assert_int_equal(event.child.encryption_in.data[0], we_initiated ? 3 : 1);
        assert_int_equal(event.child.integrity_in.data[0], we_initiated ? 4 : 2);
    }
    sa_store_emit_child(&lab.store, sa, &child, EVENT_CHILD_SA_DOWN, DOWN_REPLACED, 77);
    struct event event = store_lab_expect(&lab, EVENT_CHILD_SA_DOWN);
    assert_true(event.linger_ns == 77 && event.reason == DOWN_REPLACED);
    assert_int_equal(event.child.encryption_in.length, 0); /* keys are told once */
    key_set(&ike_keys.sk_ei, 5);
    key_set(&ike_keys.sk_er, 6);
    key_set(&ike_keys.sk_ai, 7);
    key_set(&ike_keys.sk_ar, 8);
    sa_store_emit_keys(&lab.store, sa, &ike_keys);
    event = store_lab_expect(&lab, EVENT_IKE_SA_KEYS);
    assert_true(event.ike_keys.spi_i == sa->spi_i);
    assert_int_equal(event.ike_keys.sk_ei.data[0], 5);
    assert_int_equal(event.ike_keys.sk_er.data[0], 6);
    assert_int_equal(event.ike_keys.sk_ai.data[0], 7);
    assert_int_equal(event.ike_keys.sk_ar.data[0], 8);
    store_lab_destroy(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons_have_names_of_their_own),
        cmocka_unit_test(test_datagrams_in_order),
        cmocka_unit_test(test_events_in_order),
        cmocka_unit_test(test_commands_done),
        cmocka_unit_test(test_keys_by_direction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
