/* SA, TS, transport mode and keys of a Child SA, RFC 7296 1.2, 1.3.1, 1.3.3, 2.9. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exchange/child_negotiation.h"
#include "sa/narrowing.h"
#include "exchange/child_create.h"
#include "test/exchange/bench.h"

static struct bench bench;

static int set_up(void **state)
{
    (void)state;
    bench_connect(&bench, 5);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

/* A further Child SA is asked for by side 0 and answered by side 1, not yet concluded; its offer is
 * like that of the first. */
static void offer(void)
{
    struct task task = {.type = TASK_CHILD_CREATE, .has_key = true};
    task.key.source = world_address("2001:db8::1"); /* of no use in these selectors */
    task.key.destination = task.key.source;
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
}

static enum status answer(void)
{
    return bench_consume_as_is(&bench, 1, create_child_sa_consume_request);
}

static enum status conclude(bool redundant, struct child_sa **out)
{
    struct ike_sa *sa = bench_sa(&bench, 0);
    struct child_exchange exchange = {
        .redundant = redundant,
        .ni = bytes_of(sa->request.nonce, sizeof sa->request.nonce),
        .nr = bench.answer.message.nonce.nonce,
    };
    return child_offer_conclude(bench_store(&bench, 0), sa, &sa->request, &bench.answer.message,
                                &exchange, out);
}

/* IKE_AUTH has nonces and keys already: no Ni, no KE, no KE transform (1.2). */
static void test_offer(void **state)
{
    (void)state;
    for (int in_ike_auth = 0; in_ike_auth < 2; in_ike_auth++) {
        offer();
        struct ike_sa *sa = bench_sa(&bench, 0);
        const struct child_config *config = &sa->peer->children[0];
        if (in_ike_auth == 1) {
            assert_int_equal(child_offer_build(bench_store(&bench, 0), sa, config, NULL, true,
                                               mail_begin(&bench.ask)),
                             STATUS_OK);
        }
        uint8_t spi[4];
        const struct message *m = mail_read(&bench.ask);
        assert_int_equal(m->has_nonce, in_ike_auth == 0);
        assert_int_equal(m->has_ke, in_ike_auth == 0);
        assert_true(bytes_equal(m->sa.proposals[0].spi, mail_spi(sa->request.spi_in, spi)));
        assert_true(sa->request.spi_in >= 256);
        for (size_t i = 0; i < m->sa.proposals[0].count; i++) {
            assert_true(in_ike_auth == 0 || m->sa.proposals[0].transforms[i].type != TRANSFORM_KE);
        }
        assert_true(selectors_within(selectors_of(&m->ts_i), selectors_of(&config->local)));
        assert_true(selectors_within(selectors_of(&m->ts_r), selectors_of(&config->remote)));
        assert_null(message_notify(m, USE_TRANSPORT_MODE));
    }
}

/* The packet that wanted it comes first, as a selector of its own (2.9). */
static void test_packet_first(void **state)
{
    (void)state;
    struct task task = {.type = TASK_CHILD_CREATE, .has_key = true};
    task.key = (struct packet_key){.source = world_address("10.1.0.7"),
                                   .destination = world_address("10.2.0.9"),
                                   .protocol = 17,
                                   .has_ports = true,
                                   .source_port = 4000,
                                   .destination_port = 53};
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
    const struct message *m = &bench.ask.message;
    assert_int_equal(m->ts_i.count, 2);
    assert_int_equal(m->ts_r.count, 2);
    const struct traffic_selector *first = &m->ts_r.items[0];
    assert_true(address_equal(&first->start, &task.key.destination));
    assert_true(address_equal(&first->end, &task.key.destination));
    assert_int_equal(first->protocol, 17);
    assert_int_equal(first->port_start, 53);
    assert_int_equal(first->port_end, 53);
    assert_int_equal(m->ts_i.items[0].port_start, 4000);
}

/* Rekeyed is what there is, not what is configured. */
static void test_offer_of_a_rekey(void **state)
{
    (void)state;
    struct child_sa old = *bench_sa(&bench, 0)->children;
    old.local.items[0].port_start = old.local.items[0].port_end = 80;
    old.transport_mode = true;
    struct ike_sa *sa = bench_sa(&bench, 0);
    assert_int_equal(child_offer_build(bench_store(&bench, 0), sa, &sa->peer->children[0], &old,
                                       true, mail_begin(&bench.ask)),
                     STATUS_OK);
    const struct message *m = mail_read(&bench.ask);
    assert_int_equal(m->ts_i.items[0].port_end, 80);
    assert_non_null(message_notify(m, USE_TRANSPORT_MODE));
}

static void test_is_out(void **state)
{
    (void)state;
    struct ike_sa *sa = bench_sa(&bench, 0);
    for (int type = TASK_NONE; type < TASK_TYPES; type++) {
        bool makes = type == TASK_CHILD_CREATE || type == TASK_CHILD_REKEY;
        sa->request.task.type = (enum task_type)type;
        sa->request.active = true;
        assert_int_equal(child_offer_is_out(sa), makes);
        sa->request.active = false;
        assert_false(child_offer_is_out(sa));
    }
}

/* Each answer spoilt in one way; nothing is installed but for the last, which is good. */
static void test_conclusions(void **state)
{
    (void)state;
    struct child_sa *child;
    struct request *request = &bench_sa(&bench, 0)->request;
    offer();
    assert_int_equal(answer(), STATUS_OK);
    struct message *m = &bench.answer.message;
    (void)mail_read(&bench.answer);
    const struct message good = *m;
    static const uint8_t reserved[4] = {0, 0, 0, 255};
    m->has_ts_r = false;
    assert_int_equal(conclude(false, &child), STATUS_NOTIFY(INVALID_SYNTAX));
    *m = good;
    m->ts_i.items[0].end.octets[2]++; /* wider than asked for */
    assert_int_equal(conclude(false, &child), STATUS_NOTIFY(TS_UNACCEPTABLE));
    *m = good;
    m->sa.proposals[0].spi = bytes_of(reserved, 4);
    assert_int_equal(conclude(false, &child), STATUS_NOTIFY(INVALID_SYNTAX));
    *m = good;
    m->sa.proposals[0].number++; /* not one of ours */
    assert_int_equal(conclude(false, &child), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    *m = good;
    m->has_ke = false;
    assert_int_equal(conclude(false, &child), STATUS_NOTIFY(INVALID_SYNTAX));
    *m = good;
    m->notify_count = 1; /* transport mode was not ours to have */
    m->notifies[0] = (struct notify_payload){.type = USE_TRANSPORT_MODE};
    assert_int_equal(conclude(false, &child), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    *m = good;
    request->gone_count = 1; /* deleted by the peer before we heard of it */
    request->gone[0] = bench_sa(&bench, 1)->children->spi_in;
    assert_int_equal(conclude(false, &child), STATUS_DROP);
    request->gone_count = 0;
    assert_int_equal(bench_child_count(&bench, 0), 1);
    m->ts_r.items[0].port_end = 80; /* narrower is the responder's right */
    assert_int_equal(conclude(false, &child), STATUS_OK);
    assert_ptr_equal(child, bench_sa(&bench, 0)->children);
    assert_int_equal(child->spi_in, request->spi_in);
    assert_int_equal(child->remote.items[0].port_end, 80);
    assert_int_equal(child->key_exchange->id, WORLD_KE_A);
}

/* A loser (2.8.1) is only there to be deleted: the host hears nothing of it, neither do we of one
 * that is rejected. */
static void test_never_installed(void **state)
{
    (void)state;
    struct child_sa *child;
    struct event event;
    offer();
    assert_int_equal(answer(), STATUS_OK);
    (void)mail_read(&bench.answer);
    assert_int_equal(conclude(true, &child), STATUS_OK);
    assert_true(child->redundant);
    struct ike_sa *sa = bench_sa(&bench, 0);
    child_offer_reject(bench_store(&bench, 0), sa, &sa->request, &bench.answer.message);
    assert_int_equal(sa->children->state, CHILD_SA_DELETING);
    assert_true(sa->children->redundant);
    assert_int_equal(sa->children->spi_out, bench_sa(&bench, 1)->children->spi_in);
    assert_true(task_queue_has(&sa->tasks, TASK_CHILD_DELETE, sa->children->id));
    assert_false(bench_event(&bench, 0, EVENT_CHILD_SA_UP, &event));
}

static void test_answers(void **state)
{
    (void)state;
    static const uint8_t reserved[4] = {0, 0, 0, 255};
    struct message *m = &bench.ask.message;
    offer();
    const struct message good = *m;
    m->has_ts_r = false; /* half of the selectors */
    assert_int_equal(answer(), STATUS_NOTIFY(INVALID_SYNTAX));
    *m = good;
    m->ts_r.items[0].start = m->ts_r.items[0].end = world_address("203.0.113.1");
    assert_int_equal(answer(), STATUS_NOTIFY(TS_UNACCEPTABLE));
    *m = good;
    m->sa.proposals[0].spi = bytes_of(reserved, 4);
    assert_int_equal(answer(), STATUS_NOTIFY(INVALID_SYNTAX));
    *m = good;
    m->sa.proposals[0].count = 0;
    assert_int_equal(answer(), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    *m = good;
    m->ke.group = WORLD_KE_B; /* and the group that it should be goes back (1.3) */
    assert_int_equal(answer(), STATUS_NOTIFY(INVALID_KE_PAYLOAD));
    assert_int_equal(bench.reply.error_data_length, 2);
    assert_int_equal(bench.reply.error_data[0] << 8 | bench.reply.error_data[1], WORLD_KE_A);
    assert_int_equal(bench_child_count(&bench, 1), 1);
    *m = good;
    m->ts_i.items[0].end.octets[2]++; /* wider than our policy: narrowed */
    assert_int_equal(answer(), STATUS_OK);
    assert_true(selectors_within(selectors_of(&mail_read(&bench.answer)->ts_i),
                                 selectors_of(&bench_sa(&bench, 1)->peer->children[0].remote)));
}

static void test_lifetime(void **state)
{
    (void)state;
    struct child_sa child = {0};
    struct sa_store *store = bench_store(&bench, 0);
    struct lifetime_config lifetime = {0};
    child_sa_set_lifetime(store, &child, &lifetime);
    assert_true(child.soft_ns == UINT64_MAX);
    assert_true(child.hard_ns == UINT64_MAX);
    lifetime = (struct lifetime_config){
        .soft_ns = 100 * WORLD_S, .hard_ns = 120 * WORLD_S, .jitter_ns = 10 * WORLD_S};
    for (unsigned i = 0; i < 50; i++) {
        child_sa_set_lifetime(store, &child, &lifetime);
        assert_true(child.hard_ns == store->now_ns + 120 * WORLD_S);
        assert_true(child.soft_ns <= store->now_ns + 100 * WORLD_S);
        assert_true(child.soft_ns >= store->now_ns + 90 * WORLD_S);
    }
    assert_true(child.installed_ns == store->now_ns);
}

/* 1.3.1: who insists on transport mode makes no Child SA in tunnel mode, whichever side it is. */
static void test_transport_mode_or_nothing(void **state)
{
    (void)state;
    struct child_sa *made;
    struct child_config *theirs = &bench.world.sides[1].peers[0].children[0];
    struct child_config *ours = &bench.world.sides[0].peers[0].children[0];
    theirs->transport_mode = theirs->transport_required = true;
    offer();
    assert_int_equal(answer(), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    theirs->transport_mode = theirs->transport_required = false;
    ours->transport_mode = ours->transport_required = true;
    offer();
    assert_non_null(message_notify(&bench.ask.message, USE_TRANSPORT_MODE));
    assert_int_equal(answer(), STATUS_OK);
    (void)mail_read(&bench.answer);
    assert_null(message_notify(&bench.answer.message, USE_TRANSPORT_MODE));
    assert_int_equal(conclude(false, &made), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
}

/* 2.23.1: side 0 is behind a NAT. Its own address is not what side 1 sees: each puts in the
 * selectors that it receives what it sees itself. */
static void test_transport_mode_through_a_nat(void **state)
{
    (void)state;
    struct child_sa *made;
    for (unsigned side = 0; side < 2; side++) {
        struct child_config *child = &bench.world.sides[side].peers[0].children[0];
        child->transport_mode = true;
        child->local.count = child->remote.count = 0; /* the two ends themselves */
    }
    struct ike_sa *inside = bench_sa(&bench, 0);
    struct ike_sa *outside = bench_sa(&bench, 1);
    const struct address seen = outside->path.remote.ip;
    inside->path.local.ip = world_address("10.99.0.5");
    offer();
    assert_int_equal(answer(), STATUS_NOTIFY(TS_UNACCEPTABLE)); /* unless there is a NAT */
    inside->nat_local = outside->nat_remote = true;
    assert_int_equal(answer(), STATUS_OK);
    const struct message *m = mail_read(&bench.answer);
    assert_true(address_equal(&m->ts_i.items[0].start, &seen));
    assert_true(address_equal(&m->ts_i.items[0].end, &seen));
    assert_true(address_equal(&outside->children->remote.items[0].start, &seen));
    inside->nat_local = false;
    assert_int_equal(conclude(false, &made), STATUS_NOTIFY(TS_UNACCEPTABLE));
    inside->nat_local = true;
    assert_int_equal(conclude(false, &made), STATUS_OK);
    assert_true(address_equal(&made->local.items[0].start, &inside->path.local.ip));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_transport_mode_or_nothing),
        TEST(test_offer),
        TEST(test_packet_first),
        TEST(test_offer_of_a_rekey),
        TEST(test_is_out),
        TEST(test_conclusions),
        TEST(test_never_installed),
        TEST(test_answers),
        TEST(test_lifetime),
        TEST(test_transport_mode_through_a_nat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
