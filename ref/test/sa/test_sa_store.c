/* All IKE SAs of one host: made, found and ended. */
#include "store_lab.h"

#define SECOND UINT64_C(1000000000)

static void test_new_and_gone(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    struct ike_sa *ours = sa_store_add(&lab.store, 0, true, IKE_SA_INIT_SENT);
    struct ike_sa *theirs = sa_store_add(&lab.store, 1, false, IKE_SA_HALF_OPEN);
    assert_non_null(ours);
    assert_non_null(theirs);
    assert_ptr_equal(lab.store.ike_sas, theirs); /* newest first */
    assert_true(ours->spi_i == 1000 && ours->spi_r == 0);
    assert_true(theirs->spi_r == 1001 && theirs->spi_i == 0);
    assert_ptr_equal(theirs->peer, &lab.peers[1]);
    assert_true(identity_equal(&theirs->local_id, &lab.peers[1].local_id));
    assert_true(theirs->created_ns == STORE_LAB_NOW && theirs->close_ns == UINT64_MAX);
    assert_ptr_equal(sa_store_find(&lab.store, ours->id), ours);
    assert_ptr_equal(sa_store_find_spi(&lab.store, 1001), theirs);
    assert_null(sa_store_find_spi(&lab.store, 0));
    uint32_t id = ours->id;
    sa_store_remove(&lab.store, ours);
    assert_null(sa_store_find(&lab.store, id));
    ours = sa_store_add(&lab.store, 0, true, IKE_SA_INIT_SENT);
    assert_true(ours->id > id); /* a number is never given twice */
    lab.dry = true;
    assert_null(sa_store_add(&lab.store, 0, true, IKE_SA_INIT_SENT));
    store_lab_expect_none(&lab);
    store_lab_destroy(&lab);
}

static void test_fresh_spis(void **state)
{
    (void)state;
    struct store_lab lab;
    uint64_t ike_spi;
    uint32_t child_spi;
    store_lab_create(&lab);
    lab.next = 0;
    assert_int_equal(sa_store_new_ike_spi(&lab.store, &ike_spi), STATUS_OK);
    assert_true(ike_spi == 1); /* 0 means none, RFC 7296 3.1 */
    lab.next = 7;
    struct ike_sa *sa = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    lab.next = 7;
    assert_int_equal(sa_store_new_ike_spi(&lab.store, &ike_spi), STATUS_OK);
    assert_true(ike_spi == 8);
    (void)store_lab_child(&lab, sa, 1, 256, 0x2000);
    lab.next = 254; /* up to 255 they are reserved, RFC 4303 2.1; 256 is in use */
    assert_int_equal(sa_store_new_child_spi(&lab.store, &child_spi), STATUS_OK);
    assert_int_equal(child_spi, 257);
    lab.dry = true;
    assert_int_equal(sa_store_new_ike_spi(&lab.store, &ike_spi), STATUS_INTERNAL);
    assert_int_equal(sa_store_new_child_spi(&lab.store, &child_spi), STATUS_INTERNAL);
    store_lab_destroy(&lab);
}

/* The newest that is up, else the newest on its way; never one that may lose its collision. */
static void test_which_serves_a_peer(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    assert_null(sa_store_find_peer(&lab.store, 0));
    struct ike_sa *up = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    struct ike_sa *newer = sa_store_add(&lab.store, 0, false, IKE_SA_ESTABLISHED);
    struct ike_sa *connecting = sa_store_add(&lab.store, 0, true, IKE_SA_INIT_SENT);
    struct ike_sa *half_open = sa_store_add(&lab.store, 0, false, IKE_SA_HALF_OPEN);
    assert_ptr_equal(sa_store_find_peer(&lab.store, 0), newer);
    newer->silent = true;
    assert_ptr_equal(sa_store_find_peer(&lab.store, 0), up);
    up->state = IKE_SA_DELETING;
    assert_ptr_equal(sa_store_find_peer(&lab.store, 0), connecting);
    connecting->state = IKE_SA_CLOSED;
    assert_null(sa_store_find_peer(&lab.store, 0));
    half_open->state = IKE_SA_ESTABLISHED;
    assert_null(sa_store_find_peer(&lab.store, 1));
    store_lab_destroy(&lab);
}

/* From the middle, the front and the end; what is left can still be found. */
static void test_removed_in_any_order(void **state)
{
    (void)state;
    struct store_lab lab;
    struct ike_sa *sas[3];
    static const size_t order[3] = {1, 2, 0};
    store_lab_create(&lab);
    for (size_t i = 0; i < 3; i++) {
        sas[i] = sa_store_add(&lab.store, 0, true, IKE_SA_INIT_SENT);
    }
    sa_store_set_spis(&lab.store, sas[0], 2000, 0);
    assert_null(sa_store_find_spi(&lab.store, 1000));
    for (size_t i = 0; i < 3; i++) {
        uint64_t spi = sas[order[i]]->spi_i;
        assert_ptr_equal(sa_store_find_spi(&lab.store, spi), sas[order[i]]);
        sa_store_remove(&lab.store, sas[order[i]]);
        assert_null(sa_store_find_spi(&lab.store, spi));
    }
    assert_null(lab.store.ike_sas);
    store_lab_destroy(&lab);
}

/* One after the other, whatever goes in between; Child SAs by their own numbers. */
static void test_in_order_of_number(void **state)
{
    (void)state;
    struct store_lab lab;
    struct ike_sa *sas[4];
    struct child_sa *children[4];
    store_lab_create(&lab);
    assert_null(sa_store_after(&lab.store, 0));
    assert_null(sa_store_child_after(&lab.store, 0));
    for (uint32_t i = 0; i < 4; i++) {
        sas[i] = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    }
    for (uint32_t i = 0; i < 4; i++) { /* numbers do not follow those of their IKE SAs */
        children[i] = store_lab_child(&lab, sas[3 - i], i + 1, 0x100 + i, 0x200 + i);
        children[i]->redundant = true;
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_ptr_equal(sa_store_after(&lab.store, i), sas[i]);
        assert_ptr_equal(sa_store_child_after(&lab.store, i), children[i]);
    }
    assert_null(sa_store_after(&lab.store, 4));
    assert_null(sa_store_child_after(&lab.store, 4));
    sa_store_child_gone(&lab.store, sas[2], children[1], DOWN_REPLACED);
    assert_ptr_equal(sa_store_child_after(&lab.store, 1), children[2]);
    assert_ptr_equal(sa_store_child_after(&lab.store, 2), children[2]); /* it has gone */
    sa_store_remove(&lab.store, sas[0]);                                /* the oldest */
    assert_ptr_equal(sa_store_after(&lab.store, 0), sas[1]);
    assert_ptr_equal(sa_store_after(&lab.store, 1), sas[1]);
    assert_ptr_equal(sa_store_child_after(&lab.store, 3), NULL); /* its Child SA went with it */
    store_lab_destroy(&lab);
}

/* Child SAs go to the heir and are found there. */
static void test_inherited_children(void **state)
{
    (void)state;
    struct store_lab lab;
    struct child_sa *found;
    store_lab_create(&lab);
    struct ike_sa *old = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    struct ike_sa *heir = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    struct child_sa *child = store_lab_child(&lab, old, 1, 0x101, 0x201);
    ike_sa_inherit_children(heir, old);
    sa_store_remove(&lab.store, old);
    assert_ptr_equal(sa_store_find_child(&lab.store, 0x101, &found), heir);
    assert_ptr_equal(found, child);
    store_lab_destroy(&lab);
}

/* What was made to replace it is found until it replaces something else, or goes. */
static void test_made_to_replace(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    struct ike_sa *one = sa_store_add(&lab.store, 0, true, IKE_SA_INIT_SENT);
    struct ike_sa *other = sa_store_add(&lab.store, 0, true, IKE_SA_INIT_SENT);
    assert_null(sa_store_find_reauthentication(&lab.store, 7));
    sa_store_set_reauthentication(&lab.store, one, (struct reauthentication){.ike_sa = 7});
    sa_store_set_reauthentication(&lab.store, other, (struct reauthentication){.ike_sa = 7});
    assert_non_null(sa_store_find_reauthentication(&lab.store, 7));
    sa_store_set_reauthentication(&lab.store, one, (struct reauthentication){.ike_sa = 8});
    assert_ptr_equal(sa_store_find_reauthentication(&lab.store, 7), other);
    assert_ptr_equal(sa_store_find_reauthentication(&lab.store, 8), one);
    sa_store_remove(&lab.store, other);
    assert_null(sa_store_find_reauthentication(&lab.store, 7));
    sa_store_set_reauthentication(&lab.store, one, (struct reauthentication){0});
    assert_null(sa_store_find_reauthentication(&lab.store, 8));
    store_lab_destroy(&lab);
}

/* Others of the same peer and identity that are up, and no others. */
static void test_the_same_again(void **state)
{
    (void)state;
    struct store_lab lab;
    struct ike_sa *sas[4];
    store_lab_create(&lab);
    for (size_t i = 0; i < 4; i++) {
        sas[i] = sa_store_add(&lab.store, 0, false, IKE_SA_HALF_OPEN);
        assert_true(identity_parse(i == 3 ? "@b" : "@a", &sas[i]->remote_id));
    }
    sa_store_establish(&lab.store, sas[0]);
    assert_null(sa_store_find_same(&lab.store, sas[0], NULL));
    assert_ptr_equal(sa_store_find_same(&lab.store, sas[1], NULL), sas[0]); /* half-open as yet */
    sa_store_establish(&lab.store, sas[1]);
    sa_store_establish(&lab.store, sas[2]);
    sa_store_establish(&lab.store, sas[3]);
    sas[1]->state = IKE_SA_CLOSED;
    assert_ptr_equal(sa_store_find_same(&lab.store, sas[0], NULL), sas[2]);
    assert_null(sa_store_find_same(&lab.store, sas[0], sas[2]));
    assert_null(sa_store_find_same(&lab.store, sas[3], NULL));
    sa_store_remove(&lab.store, sas[2]);
    assert_null(sa_store_find_same(&lab.store, sas[0], NULL));
    store_lab_destroy(&lab);
}

/* It lingers, in case that the peer repeats itself, but not among those who may be the same. */
static void test_who_has_gone_is_not_the_same_again(void **state)
{
    (void)state;
    struct store_lab lab;
    struct ike_sa *sas[3];
    store_lab_create(&lab);
    for (size_t i = 0; i < 3; i++) {
        sas[i] = sa_store_add(&lab.store, 0, false, IKE_SA_HALF_OPEN);
        assert_true(identity_parse("@a", &sas[i]->remote_id));
        sa_store_establish(&lab.store, sas[i]);
    }
    sa_store_ike_gone(&lab.store, sas[1], DOWN_DELETED_BY_PEER, STATUS_OK);
    assert_int_equal(lab.store.known.table.count, 2);
    assert_ptr_equal(sa_store_find_same(&lab.store, sas[0], NULL), sas[2]);
    assert_null(sa_store_find_same(&lab.store, sas[0], sas[2]));
    assert_ptr_equal(sa_store_find(&lab.store, sas[1]->id), sas[1]);
    store_lab_destroy(&lab);
}

/* Who comes by an IKE SA has it looked at again. */
static void test_stirred(void **state)
{
    (void)state;
    struct store_lab lab;
    struct child_sa *child;
    store_lab_create(&lab);
    struct ike_sa *sa = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    (void)store_lab_child(&lab, sa, 1, 0x101, 0x201);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(lab.store.due.entries[0].at_ns, 0);
        due_heap_set(&lab.store.due, sa, 77);
        struct ike_sa *found = i == 0   ? sa_store_find(&lab.store, sa->id)
                               : i == 1 ? sa_store_find_spi(&lab.store, sa->spi_i)
                               : i == 2 ? sa_store_find_peer(&lab.store, 0)
                               : i == 3 ? sa_store_find_child(&lab.store, 0x101, &child)
                                        : sa;
        assert_ptr_equal(found, sa);
        if (i == 4) {
            assert_int_equal(lab.store.due.entries[0].at_ns, 77);
            sa_store_ike_gone(&lab.store, sa, DOWN_EXPIRED, STATUS_DROP);
        }
    }
    assert_int_equal(lab.store.due.entries[0].at_ns, 0);
    store_lab_destroy(&lab);
}

static struct ike_sa *stranger(struct store_lab *lab, uint64_t spi_i, const char *from)
{
    struct ike_sa *sa = sa_store_add(&lab->store, 0, false, IKE_SA_HALF_OPEN);
    sa->spi_i = spi_i;
    sa->path.remote.port = 500;
    assert_true(address_parse(from, &sa->path.remote.ip));
    assert_int_equal(half_open_enter(&lab->store.half_open, sa, lab->store.now_ns), STATUS_OK);
    return sa;
}

/* What strangers cost us is counted until they have proved themselves or we have forgotten them. */
static void test_half_open(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    struct ike_sa *sa = stranger(&lab, 77, "192.0.2.9");
    struct ike_sa *refused = stranger(&lab, 78, "192.0.2.9");
    struct transport_address remote = sa->path.remote;
    assert_ptr_equal(sa_store_find_half_open(&lab.store, 77, &remote, 0), sa);
    assert_int_equal(sa_store_half_open_count(&lab.store), 2);
    sa_store_ike_gone(&lab.store, refused, DOWN_FAILED, STATUS_NOTIFY(AUTHENTICATION_FAILED));
    (void)store_lab_expect(&lab, EVENT_IKE_SA_DOWN);
    assert_null(sa_store_find_half_open(&lab.store, 78, &remote, 0));
    assert_int_equal(sa_store_half_open_count(&lab.store), 1);
    assert_int_equal(lab.store.half_open.count, 2); /* it is kept a while */
    assert_int_equal(half_open_history(&lab.store.half_open, &remote.ip, lab.store.now_ns).failures,
                     1);
    sa->request_hash = 5;
    assert_false(request_index_has(&lab.store.answered, 5));
    sa_store_establish(&lab.store, sa);
    assert_true(request_index_has(&lab.store.answered, 5));
    assert_null(sa_store_find_half_open(&lab.store, 77, &remote, 0));
    assert_int_equal(lab.store.half_open.count, 1);
    sa_store_remove(&lab.store, refused);
    assert_int_equal(lab.store.half_open.count, 0);
    sa_store_remove(&lab.store, sa);
    assert_false(request_index_has(&lab.store.answered, 5));
    store_lab_destroy(&lab);
}

static void test_established(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    lab.peers[0].lifetime = (struct lifetime_config){.soft_ns = 100, .hard_ns = 150};
    lab.peers[1].lifetime = (struct lifetime_config){0};
    struct ike_sa *sa = sa_store_add(&lab.store, 0, true, IKE_SA_AUTH_SENT);
    lab.store.now_ns = 5000;
    sa->close_ns = 1;
    sa_store_establish(&lab.store, sa);
    assert_int_equal(sa->state, IKE_SA_ESTABLISHED);
    assert_true(sa->established_ns == 5000 && sa->soft_ns == 5100 && sa->hard_ns == 5150);
    assert_true(sa->close_ns == UINT64_MAX);
    sa = sa_store_add(&lab.store, 1, true, IKE_SA_AUTH_SENT);
    sa_store_establish(&lab.store, sa);
    assert_true(sa->soft_ns == UINT64_MAX && sa->hard_ns == UINT64_MAX); /* no limit */
    store_lab_destroy(&lab);
}

static void test_child_gone(void **state)
{
    (void)state;
    struct store_lab lab;
    struct child_sa *found;
    store_lab_create(&lab);
    struct ike_sa *sa = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    struct child_sa *last = store_lab_child(&lab, sa, 1, 0x101, 0x201);
    struct child_sa *redundant = store_lab_child(&lab, sa, 2, 0x102, 0x202);
    struct child_sa *first = store_lab_child(&lab, sa, 3, 0x103, 0x203);
    redundant->redundant = true; /* was never installed: nobody is to be told */
    assert_ptr_equal(sa_store_find_child(&lab.store, 0x101, &found), sa);
    assert_ptr_equal(found, last);
    sa_store_child_gone(&lab.store, sa, redundant, DOWN_REPLACED);
    store_lab_expect_none(&lab);
    sa_store_child_gone(&lab.store, sa, last, DOWN_REPLACED);
    struct event event = store_lab_expect(&lab, EVENT_CHILD_SA_DOWN);
    assert_int_equal(event.child.spi_in, 0x101);
    assert_true(event.linger_ns == lab.config.delete_linger_ns);
    sa_store_child_gone(&lab.store, sa, first, DOWN_DELETED_BY_PEER);
    event = store_lab_expect(&lab, EVENT_CHILD_SA_DOWN);
    assert_int_equal(event.reason, DOWN_DELETED_BY_PEER);
    assert_true(event.linger_ns == 0);
    assert_null(sa->children);
    assert_null(sa_store_find_child(&lab.store, 0x103, &found));
    store_lab_destroy(&lab);
}

/* Its Child SAs first, then the request that is out, then those that wait, then itself. */
static void test_ike_gone(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    struct ike_sa *sa = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    (void)store_lab_child(&lab, sa, 1, 0x101, 0x201);
    sa->request.active = true;
    sa->request.task = (struct task){.type = TASK_CHILD_CREATE, .child_index = 4, .command = 11};
    const struct task wanted = {.type = TASK_IKE_DELETE, .command = 12};
    assert_true(task_queue_push(&sa->tasks, &wanted));
    sa_store_ike_gone(&lab.store, sa, DOWN_UNREACHABLE, STATUS_UNREACHABLE);
    (void)store_lab_expect(&lab, EVENT_CHILD_SA_DOWN);
    struct event event = store_lab_expect(&lab, EVENT_CHILD_SA_FAILED);
    assert_int_equal(event.child_index, 4);
    event = store_lab_expect(&lab, EVENT_COMMAND_DONE);
    assert_true(event.command == 11 && event.status == STATUS_UNREACHABLE);
    event = store_lab_expect(&lab, EVENT_COMMAND_DONE);
    assert_true(event.command == 12 && event.status == STATUS_OK); /* it wanted just that */
    event = store_lab_expect(&lab, EVENT_IKE_SA_DOWN);
    assert_int_equal(event.reason, DOWN_UNREACHABLE);
    assert_int_equal(sa->state, IKE_SA_CLOSED);
    assert_true(sa->close_ns > lab.store.now_ns + SECOND && sa->close_ns < UINT64_MAX);
    assert_false(sa->request.active);
    sa_store_ike_gone(&lab.store, sa, DOWN_FAILED, STATUS_OK); /* once is enough */
    store_lab_expect_none(&lab);

    sa = sa_store_add(&lab.store, 0, false, IKE_SA_HALF_OPEN); /* timed out: never anybody's */
    sa_store_ike_gone(&lab.store, sa, DOWN_EXPIRED, STATUS_OK);
    store_lab_expect_none(&lab);
    assert_true(sa->close_ns == lab.store.now_ns);
    store_lab_destroy(&lab);
}

/* Of those that have ended little is left, but of a stranger's, which still counts. */
static void test_put_away(void **state)
{
    (void)state;
    struct store_lab lab;
    struct ike_sa *sas[4];
    store_lab_create(&lab);
    for (size_t i = 0; i < 3; i++) {
        sas[i] = sa_store_add(&lab.store, 0, i == 0, IKE_SA_ESTABLISHED);
    }
    sas[3] = sa_store_add(&lab.store, 0, false, IKE_SA_HALF_OPEN);
    sas[3]->path.remote.ip.family = ADDRESS_V4;
    assert_int_equal(half_open_enter(&lab.store.half_open, sas[3], lab.store.now_ns), STATUS_OK);
    uint64_t spis[4];
    for (size_t i = 0; i < 4; i++) {
        spis[i] = ike_sa_local_spi(sas[i]);
    }
    sa_store_put_away(&lab.store); /* nothing has ended */
    for (size_t i = 0; i < 4; i++) {
        if (i != 1) {
            sa_store_ike_gone(&lab.store, sas[i], DOWN_FAILED, STATUS_DROP);
            (void)store_lab_expect(&lab, EVENT_IKE_SA_DOWN);
        }
        assert_ptr_equal(sa_store_find_spi(&lab.store, spis[i]), sas[i]); /* until then whole */
    }
    uint64_t until_ns = sas[0]->close_ns;
    sa_store_put_away(&lab.store);
    for (size_t i = 0; i < 4; i++) {
        bool whole = sa_store_find_spi(&lab.store, spis[i]) != NULL;
        bool left = closed_list_find(&lab.store.closed, spis[i]) != NULL;
        assert_int_equal(whole, i == 1 || i == 3);
        assert_int_equal(left, i == 0 || i == 2);
    }
    assert_true(closed_list_deadline(&lab.store.closed) == until_ns);
    assert_int_equal(lab.store.due.count, 2);
    assert_int_equal(lab.store.half_open.count, 1);
    uint64_t fresh;
    lab.next = spis[0]; /* taken, as long as it is known */
    assert_int_equal(sa_store_new_ike_spi(&lab.store, &fresh), STATUS_OK);
    assert_true(fresh != spis[0]);
    store_lab_expect_none(&lab);
    store_lab_destroy(&lab);
}

/* One may be removed before it was put away. */
static void test_removed_when_it_has_ended(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    struct ike_sa *first = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    struct ike_sa *second = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    sa_store_ike_gone(&lab.store, first, DOWN_FAILED, STATUS_DROP);
    sa_store_ike_gone(&lab.store, second, DOWN_FAILED, STATUS_DROP);
    sa_store_remove(&lab.store, first);
    sa_store_put_away(&lab.store);
    assert_null(lab.store.ike_sas);
    assert_ptr_equal(lab.store.closed.oldest, lab.store.closed.newest);
    store_lab_destroy(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_of_number),
        cmocka_unit_test(test_inherited_children),
        cmocka_unit_test(test_made_to_replace),
        cmocka_unit_test(test_the_same_again),
        cmocka_unit_test(test_who_has_gone_is_not_the_same_again),
        cmocka_unit_test(test_stirred),
        cmocka_unit_test(test_new_and_gone),
        cmocka_unit_test(test_fresh_spis),
        cmocka_unit_test(test_which_serves_a_peer),
        cmocka_unit_test(test_removed_in_any_order),
        cmocka_unit_test(test_half_open),
        cmocka_unit_test(test_established),
        cmocka_unit_test(test_child_gone),
        cmocka_unit_test(test_ike_gone),
        cmocka_unit_test(test_put_away),
        cmocka_unit_test(test_removed_when_it_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
