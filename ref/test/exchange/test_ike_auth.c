/* IKE_AUTH with a shared key, RFC 7296 1.2, 2.15, 2.21.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/ike_auth.h"
#include "test/exchange/bench.h"

static struct bench bench;

static int set_up(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    world_init(&bench.world, 5);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

/* IKE_SA_INIT has gone well; side 0's IKE_AUTH is in bench.ask. */
static void ask(void)
{
    static const struct task task = {.type = TASK_IKE_AUTH, .command = 7};
    bench_half_open(&bench);
    assert_int_equal(bench_sa(&bench, 0)->state, IKE_SA_AUTH_SENT);
    assert_int_equal(bench_sa(&bench, 1)->state, IKE_SA_HALF_OPEN);
    assert_int_equal(bench_ask(&bench, 0, &task), STATUS_OK);
}

static void test_request(void **state)
{
    (void)state;
    bench.world.sides[0].peers[0].initial_contact = true;
    bench.world.sides[0].peers[0].mobike = true;
    ask();
    const struct message *m = &bench.ask.message;
    assert_true(m->has_id_i && m->has_id_r && m->has_auth && m->has_sa && m->has_ts_i &&
                m->has_ts_r);
    assert_false(m->has_nonce || m->has_ke); /* the Child SA takes those of IKE_SA_INIT */
    assert_int_equal(m->auth.method, AUTH_METHOD_SHARED_KEY);
    assert_non_null(message_notify(m, INITIAL_CONTACT));
    assert_non_null(message_notify(m, MOBIKE_SUPPORTED));
}

/* Without an identity of its own it goes by its address; nobody in particular is asked for. */
static void test_request_by_address(void **state)
{
    (void)state;
    struct peer_config *peer = &bench.world.sides[0].peers[0];
    peer->local_id.type = peer->remote_id.type = 0;
    peer->initial_contact = peer->mobike = false;
    ask();
    const struct message *m = &bench.ask.message;
    static const uint8_t ip[] = {192, 0, 2, 1};
    assert_int_equal(m->id_i.type, ID_IPV4_ADDR);
    assert_true(bytes_equal(m->id_i.data, bytes_of(ip, 4)));
    assert_false(m->has_id_r);
    assert_null(message_notify(m, INITIAL_CONTACT));
    assert_null(message_notify(m, MOBIKE_SUPPORTED));
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct event event;
    ask();
    assert_int_equal(bench_consume(&bench, 1, ike_auth_consume_request), STATUS_OK);
    assert_int_equal(bench_sa(&bench, 1)->state, IKE_SA_ESTABLISHED);
    assert_null(bench_sa(&bench, 1)->init);
    bench_conclude(&bench, 0);
    assert_int_equal(bench_sa(&bench, 0)->state, IKE_SA_ESTABLISHED);
    assert_null(bench_sa(&bench, 0)->init); /* the set-up's secrets are gone */
    assert_int_equal(bench_sa(&bench, 0)->children->spi_in, bench_sa(&bench, 1)->children->spi_out);
    assert_true(bench_event(&bench, 0, EVENT_IKE_SA_UP, &event));
    assert_true(bench_event(&bench, 0, EVENT_CHILD_SA_UP, &event));
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 7);
    assert_int_equal(event.status, STATUS_OK);
}

/* The responder is not convinced, and nothing has come of it. */
static void test_responder_refuses(void **state)
{
    (void)state;
    struct message *m = &bench.ask.message;
    uint8_t spoilt[PRF_OUTPUT_MAX];
    ask();
    const struct message good = *m;
    memcpy(spoilt, good.auth.data.data, good.auth.data.length);
    spoilt[0] ^= 1;
    for (unsigned i = 0; i < 6; i++) {
        enum status expected = STATUS_NOTIFY(AUTHENTICATION_FAILED);
        *m = good;
        switch (i) {
        case 0:
            m->auth.data = bytes_of(spoilt, good.auth.data.length);
            break;
        case 1:
            m->auth.data.length--;
            break;
        case 2:
            m->auth.method = 1;
            break; /* RSA */
        case 3:
            m->id_i.type = ID_RFC822_ADDR;
            break; /* nobody we know */
        case 4:
            m->id_r.type = ID_RFC822_ADDR;
            break; /* somebody we are not */
        default:
            m->has_id_i = false;
            expected = STATUS_NOTIFY(INVALID_SYNTAX);
        }
        assert_int_equal(bench_consume_as_is(&bench, 1, ike_auth_consume_request), expected);
        assert_int_equal(bench_sa(&bench, 1)->state, IKE_SA_HALF_OPEN);
        assert_null(bench_sa(&bench, 1)->children);
    }
    *m = good;
    assert_int_equal(bench_consume_as_is(&bench, 1, ike_auth_consume_request), STATUS_OK);
}

/* No Child SA can be had: the IKE SA stands all the same, its answer carries the error (1.2). */
static void test_without_child(void **state)
{
    (void)state;
    struct event event;
    ask();
    world_propose(&bench.world.sides[1].peers[0].children[0].proposals, PROTOCOL_ESP,
                  "aes256-sha512");
    assert_int_equal(bench_consume(&bench, 1, ike_auth_consume_request), STATUS_OK);
    const struct message *m = mail_read(&bench.answer);
    assert_true(m->has_auth && m->has_id_r);
    assert_false(m->has_sa);
    assert_non_null(message_notify(m, NO_PROPOSAL_CHOSEN));
    bench_conclude(&bench, 0);
    assert_true(bench_event(&bench, 0, EVENT_CHILD_SA_FAILED, &event));
    assert_int_equal(event.status, STATUS_PEER(NO_PROPOSAL_CHOSEN));
    assert_int_equal(bench_sa(&bench, 0)->state, IKE_SA_DELETING); /* it serves nobody */
}

static void test_refused(void **state)
{
    (void)state;
    struct event event;
    ask();
    bench_conclude_error(&bench, 0, AUTHENTICATION_FAILED, bytes_of(NULL, 0));
    assert_int_equal(bench_sa(&bench, 0)->state, IKE_SA_CLOSED);
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.status, STATUS_PEER(AUTHENTICATION_FAILED));
}

static bool no_randomness(void *state, uint8_t *out, size_t length)
{
    (void)state;
    (void)out;
    (void)length;
    return false;
}

/* A NAT was found where none is allowed: from the beginning once more (RFC 4555 3.9), unless it is
 * to end anyway, has been tried often enough, or cannot be begun. */
static void test_nat_found(void **state)
{
    static const struct random_source none = {no_randomness, NULL};
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct event event;
        ask();
        struct sa_store *store = bench_store(&bench, 0);
        struct ike_sa *sa = bench_sa(&bench, 0);
        struct task end = {.type = TASK_IKE_DELETE, .command = 8};
        sa->request.task.attempts = i == 1 ? sa->peer->retransmission.tries - 1 : 0;
        store->shutting_down = i == 2;
        assert_true(i != 3 || task_queue_push(&sa->tasks, &end));
        store->random = i == 4 ? &none : store->random;
        bench_conclude_error(&bench, 0, UNEXPECTED_NAT_DETECTED, bytes_of(NULL, 0));
        assert_int_equal(sa->state, IKE_SA_CLOSED);
        bool again = bench_sa(&bench, 0) != sa;
        assert_int_equal(again, i == 0);
        assert_int_equal(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event), i > 0);
        if (again) {
            assert_int_equal(bench_sa(&bench, 0)->state, IKE_SA_INIT_SENT);
            assert_int_equal(bench_sa(&bench, 0)->tasks.items[0].command, 7);
            assert_int_equal(bench_sa(&bench, 0)->tasks.items[0].attempts, 1);
        }
        tear_down(state);
        set_up(state);
    }
}

/* NO_NATS_ALLOWED is MOBIKE's: without that it is a notification like any other that means nothing.
 */
static void test_nat_forbidden(void **state)
{
    static const uint8_t elsewhere[12] = {10};
    (void)state;
    for (unsigned mobike = 0; mobike < 2; mobike++) {
        bench.world.sides[1].peers[0].mobike = mobike;
        ask();
        struct message *m = &bench.ask.message;
        m->notifies[m->notify_count].type = NO_NATS_ALLOWED;
        m->notifies[m->notify_count++].data = bytes_of(elsewhere, sizeof elsewhere);
        assert_int_equal(bench_consume_as_is(&bench, 1, ike_auth_consume_request),
                         mobike ? STATUS_NOTIFY(UNEXPECTED_NAT_DETECTED) : STATUS_OK);
        tear_down(state);
        set_up(state);
    }
}

/* The responder proves itself badly: it is told so in a request of its own (2.21.2). */
static void test_initiator_refuses(void **state)
{
    (void)state;
    struct event event;
    struct task tell = {.type = TASK_AUTH_FAILED};
    ask();
    assert_int_equal(bench_consume(&bench, 1, ike_auth_consume_request), STATUS_OK);
    bench.world.sides[0].peers[0].psk[0] ^= 1;
    bench_conclude(&bench, 0);
    struct ike_sa *sa = bench_sa(&bench, 0);
    assert_int_equal(sa->state, IKE_SA_DELETING);
    assert_null(sa->children);
    assert_true(sa->request.active);
    assert_int_equal(sa->request.task.type, TASK_AUTH_FAILED);
    assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.status, STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_int_equal(bench_ask(&bench, 0, &tell), STATUS_OK);
    assert_int_equal(bench.ask.message.notify_count, 1);
    assert_int_equal(bench.ask.message.notifies[0].type, AUTHENTICATION_FAILED);
    (void)mail_begin(&bench.answer);
    bench_conclude(&bench, 0); /* whatever the answer */
    assert_int_equal(sa->state, IKE_SA_CLOSED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_request),           TEST(test_request_by_address), TEST(test_there_and_back),
        TEST(test_responder_refuses), TEST(test_without_child),      TEST(test_refused),
        TEST(test_initiator_refuses), TEST(test_nat_found),          TEST(test_nat_forbidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
