/* IKE_SA_INIT, RFC 7296 1.2, 2.6, 2.7, 2.21.1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/ike_sa_init.h"
#include "test/exchange/core_lab.h"

static struct world world;
static struct sa_store *a, *b;
static struct core_message seen;
static struct datagram sent;
static uint8_t kept[IKE_MESSAGE_MAX];

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 44);
    world_boot(&world);
    a = core_store(&world, 0);
    b = core_store(&world, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

static const struct path path = {.local = {{ADDRESS_V4, {192, 0, 2, 1}}, 500},
                                 .remote = {{ADDRESS_V4, {192, 0, 2, 2}}, 500}};

/* a's request is kept, and decoded as b gets it. */
static struct ike_sa *ask(void)
{
    struct task task = {.type = TASK_CHILD_CREATE, .command = 1};
    struct ike_sa *sa = ike_sa_init_start(a, 0, &path, false, &task);
    assert_non_null(sa);
    assert_true(core_datagram(&world, 0, &sent));
    memcpy(kept, sent.octets.data, sent.octets.length);
    sent.octets.data = kept;
    core_decode(&seen, &sent);
    return sa;
}

static void assert_refused(uint16_t type, struct bytes data)
{
    assert_true(core_datagram(&world, 1, &sent));
    core_decode(&seen, &sent);
    assert_int_equal(seen.message.notify_count, 1);
    assert_int_equal(seen.message.notifies[0].type, type);
    assert_true(data.data == NULL || bytes_equal(seen.message.notifies[0].data, data));
    assert_null(b->ike_sas);
}

static void test_start(void **state)
{
    (void)state;
    struct ike_sa *sa = ask();
    assert_int_equal(sa->state, IKE_SA_INIT_SENT);
    assert_int_equal(sa->tasks.count, 1); /* waits for the IKE SA */
    assert_true(path_equal(&sent.path, &path));
    assert_int_equal(seen.header.spi_i, sa->spi_i);
    assert_int_equal(seen.header.spi_r, 0);
    assert_int_equal(seen.header.message_id, 0);
    assert_int_equal(seen.header.flags, IKE_FLAG_INITIATOR);
    assert_int_equal(message_rules_check(IKE_SA_INIT, false, &seen.message), STATUS_OK);
    assert_int_equal(seen.message.ke.group, WORLD_KE_A);
    assert_non_null(message_notify(&seen.message, NAT_DETECTION_SOURCE_IP));
}

static void test_start_is_impossible(void **state)
{
    struct task task = {.type = TASK_CHILD_CREATE};
    (void)state;
    world_stand_in_ike(&world.sides[0].peers[0].proposals, 40999); /* nobody has that group */
    assert_null(ike_sa_init_start(a, 0, &path, false, &task));
    assert_null(a->ike_sas);
    assert_false(core_datagram(&world, 0, &sent));
}

/* The answer, once for each copy of the request; another request of that SPI is one of its own, and
 * a copy that comes when IKE_AUTH has been is not heard. */
static void test_request_and_copies(void **state)
{
    static uint8_t answer[IKE_MESSAGE_MAX];
    (void)state;
    ask();
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_OK);
    assert_non_null(b->ike_sas);
    assert_int_equal(b->ike_sas->state, IKE_SA_HALF_OPEN);
    assert_int_equal(b->ike_sas->close_ns, b->now_ns + b->config->half_open_timeout_ns);
    assert_true(core_datagram(&world, 1, &sent));
    size_t length = sent.octets.length;
    memcpy(answer, sent.octets.data, length);
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_OK);
    assert_true(core_datagram(&world, 1, &sent));
    assert_true(bytes_equal(sent.octets, bytes_of(answer, length)));
    assert_int_equal(sa_store_half_open_count(b), 1);
    kept[seen.message.nonce.nonce.data - kept] ^= 1;
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_OK);
    assert_true(core_datagram(&world, 1, &sent));
    assert_false(bytes_equal(sent.octets, bytes_of(answer, length)));
    assert_int_equal(sa_store_half_open_count(b), 2);
    sa_store_establish(b, b->ike_sas);
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_DROP);
    assert_false(core_datagram(&world, 1, &sent));
}

static void test_not_heard(void **state)
{
    (void)state;
    ask();
    seen.header.spi_i = 0;
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_DROP);
    seen.header.spi_i = 5;
    b->shutting_down = true;
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_DROP);
    assert_false(core_datagram(&world, 1, &sent));
    assert_null(b->ike_sas);
}

static void test_refused(void **state)
{
    static const uint8_t group_b[2] = {WORLD_KE_B >> 8, WORLD_KE_B & 0xff};
    struct proposal_list *ours = &world.sides[1].peers[0].proposals;
    struct transform *offered;
    (void)state;
    ask();
    world_stand_in_ike(ours, WORLD_KE_B);
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    assert_refused(NO_PROPOSAL_CHOSEN, bytes_of(NULL, 0));
    ask(); /* offers b's group as well, but its key is of the other: 1.2 */
    offered = &seen.message.sa.proposals[0].transforms[seen.message.sa.proposals[0].count++];
    *offered = (struct transform){.type = TRANSFORM_KE, .id = WORLD_KE_B};
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_NOTIFY(INVALID_KE_PAYLOAD));
    assert_refused(INVALID_KE_PAYLOAD, bytes_of(group_b, 2));
    ask();
    seen.message.has_nonce = false;
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_NOTIFY(INVALID_SYNTAX));
    assert_refused(INVALID_SYNTAX, bytes_of(NULL, 0));
}

/* 2.6: no state before the cookie has come back, and it is asked for once. */
static void test_cookie(void **state)
{
    (void)state;
    world.sides[1].config.cookie_threshold = 0;
    struct ike_sa *sa = ask();
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_DROP);
    assert_int_equal(b->counters.cookies_sent, 1);
    assert_refused(COOKIE, bytes_of(NULL, 0));
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_OK);
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_DROP); /* a copy */
    assert_true(core_datagram(&world, 0, &sent));
    core_decode(&seen, &sent);
    assert_int_equal(seen.message.notifies[0].type, COOKIE);
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_OK);
    assert_non_null(b->ike_sas);
}

static void test_response_leads_to_ike_auth(void **state)
{
    (void)state;
    struct ike_sa *sa = ask();
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_OK);
    assert_true(core_datagram(&world, 1, &sent));
    core_decode(&seen, &sent);
    seen.header.spi_r = 0;
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_DROP);
    seen.header.spi_r = b->ike_sas->spi_r;
    seen.message.ke.group = WORLD_KE_B;
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_DROP);
    assert_int_equal(sa->state, IKE_SA_INIT_SENT); /* anybody may have sent those: 2.21.1 */
    seen.message.ke.group = WORLD_KE_A;
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_OK);
    assert_int_equal(sa->state, IKE_SA_AUTH_SENT);
    assert_int_equal(sa->spi_r, b->ike_sas->spi_r);
    assert_int_equal(sa->next_request, 2);
}

/* 2.21.1: an error in the open is believed when nothing better comes in one interval. */
static void test_error_is_not_believed_at_once(void **state)
{
    (void)state;
    struct ike_sa *sa = ask();
    memset(&seen.message, 0, sizeof seen.message);
    seen.message.notify_count = 1;
    seen.message.notifies[0].type = NO_PROPOSAL_CHOSEN;
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_OK);
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_DROP); /* once */
    assert_int_equal(sa->state, IKE_SA_INIT_SENT);
    assert_int_equal(sa->request.error, STATUS_PEER(NO_PROPOSAL_CHOSEN));
    assert_int_equal(sa->request.give_up_ns, a->now_ns + sa->peer->retransmission.timeout_ns);
}

/* 2.21.1: any error fails the exchange, whatever stands beside it. */
static void test_error_beside_an_answer(void **state)
{
    (void)state;
    struct ike_sa *sa = ask();
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_OK);
    assert_true(core_datagram(&world, 1, &sent));
    core_decode(&seen, &sent);
    struct notify_payload *added = &seen.message.notifies[seen.message.notify_count++];
    *added = (struct notify_payload){.type = NO_PROPOSAL_CHOSEN};
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_OK);
    assert_int_equal(sa->state, IKE_SA_INIT_SENT);
    assert_int_equal(sa->request.error, STATUS_PEER(NO_PROPOSAL_CHOSEN));
}

/* What a has been told in the open, as it reads it. */
static void told(uint16_t type, const void *data, size_t length)
{
    memset(&seen.message, 0, sizeof seen.message);
    seen.message.notify_count = 1;
    seen.message.notifies[0].type = type;
    seen.message.notifies[0].data = bytes_of(data, length);
}

/* 2.6: a cookie has 1 to 64 octets; and whoever sends a new one each time is not followed for ever.
 */
static void test_cookies_without_end(void **state)
{
    uint8_t cookie[COOKIE_MAX + 1] = {0};
    (void)state;
    struct ike_sa *sa = ask();
    told(COOKIE, cookie, 0);
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_DROP);
    told(COOKIE, cookie, sizeof cookie);
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_DROP);
    assert_false(core_datagram(&world, 0, &sent));
    unsigned followed = 0;
    for (cookie[0] = 1; cookie[0] < 20; cookie[0]++) {
        told(COOKIE, cookie, COOKIE_MAX);
        followed += ike_sa_init_consume_response(a, sa, &seen.in) == STATUS_OK;
    }
    assert_int_equal(followed, 4);
    assert_int_equal(sa->state, IKE_SA_INIT_SENT); /* the request is repeated as it was last */
}

/* RFC 8019 7.1: who is searching for a puzzle's solution has its next request before it; what is
 * said in the open meanwhile, a copy of the puzzle most of all, changes nothing. */
static void test_searching(void **state)
{
    static const uint8_t cookie[8] = {1};
    (void)state;
    struct ike_sa *sa = ask();
    sa->init->searching = true;
    told(COOKIE, cookie, sizeof cookie);
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_DROP);
    told(NO_PROPOSAL_CHOSEN, NULL, 0);
    assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in), STATUS_DROP);
    assert_false(core_datagram(&world, 0, &sent));
    assert_int_equal(sa->request.error, STATUS_OK);
}

/* 1.2: another group is tried when we have offered it, and when it is another. */
static void test_another_group(void **state)
{
    static const struct {
        uint16_t group;
        size_t length;
        bool followed;
    } rows[] = {
        {WORLD_KE_A, 2, false}, {WORLD_KE_B, 1, false}, {WORLD_KE_B, 3, false},
        {40999, 2, false},      {WORLD_KE_B, 2, true},
    };
    struct proposal *ours = &world.sides[0].peers[0].proposals.items[0];
    (void)state;
    struct ike_sa *sa = ask();
    ours->transforms[ours->count++] = (struct transform){.type = TRANSFORM_KE, .id = WORLD_KE_B};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t data[3] = {(uint8_t)(rows[i].group >> 8), (uint8_t)rows[i].group};
        told(INVALID_KE_PAYLOAD, data, rows[i].length);
        assert_int_equal(ike_sa_init_consume_response(a, sa, &seen.in) == STATUS_OK,
                         rows[i].followed);
        assert_int_equal(core_datagram(&world, 0, &sent), rows[i].followed);
    }
    core_decode(&seen, &sent);
    assert_int_equal(seen.message.ke.group, WORLD_KE_B);
}

/* A peer that may call from one address alone lends its proposals to nobody else. */
static void test_from_elsewhere(void **state)
{
    struct address_list *allowed = &world.sides[1].peers[0].remote_addresses;
    (void)state;
    allowed->count = 1;
    allowed->items[0] = world_address("192.0.2.77");
    ask();
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    assert_refused(NO_PROPOSAL_CHOSEN, bytes_of(NULL, 0));
    allowed->items[0] = path.local.ip;
    ask();
    assert_int_equal(ike_sa_init_consume_request(b, &seen.in), STATUS_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_searching),
        CASE(test_cookies_without_end),
        CASE(test_another_group),
        CASE(test_from_elsewhere),
        CASE(test_start),
        CASE(test_start_is_impossible),
        CASE(test_request_and_copies),
        CASE(test_not_heard),
        CASE(test_refused),
        CASE(test_cookie),
        CASE(test_response_leads_to_ike_auth),
        CASE(test_error_is_not_believed_at_once),
        CASE(test_error_beside_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
