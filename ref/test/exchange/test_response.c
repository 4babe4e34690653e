/* Our responses: sealed, kept and repeated octet for octet. RFC 7296 2.1, 2.21. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/response.h"
#include "test/exchange/core_lab.h"

static struct world world;
static struct ike_sa *asker, *answerer; /* a's and b's */
static uint8_t room[512];
static struct writer w;
static struct exchange_reply reply;
static struct core_message request, seen;
static struct datagram sent;

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 41);
    world_boot(&world);
    world_connect(&world);
    asker = world_core_ike_sa(&world, 0);
    answerer = world_core_ike_sa(&world, 1);
    w = writer_over(room, sizeof room);
    reply = exchange_reply_over(&w);
    core_message_of(&request, answerer, INFORMATIONAL, PAYLOAD_NONE, bytes_of(NULL, 0));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

static void test_goes_where_the_request_came_from(void **state)
{
    (void)state;
    uint32_t id = answerer->expected_request;
    request.path.remote.port = 4999;
    notify_add(&reply.chain, COOKIE2, bytes_of("12345678", 8));
    response_send(core_store(&world, 1), answerer, &request.in, &reply, STATUS_OK);
    assert_true(core_datagram(&world, 1, &sent));
    assert_int_equal(sent.path.remote.port, 4999);
    core_open(&seen, asker, &sent);
    assert_int_equal(seen.header.message_id, id);
    assert_int_equal(seen.header.flags, IKE_FLAG_RESPONSE); /* b is no initiator */
    assert_int_equal(seen.header.exchange_type, INFORMATIONAL);
    assert_int_equal(seen.message.notifies[0].type, COOKIE2);
    assert_int_equal(answerer->expected_request, id + 1);
    assert_false(core_datagram(&world, 1, &sent));
}

static void test_is_repeated_octet_for_octet(void **state)
{
    uint8_t first[IKE_MESSAGE_MAX];
    struct path elsewhere = answerer->path;
    (void)state;
    response_send(core_store(&world, 1), answerer, &request.in, &reply, STATUS_OK);
    assert_true(core_datagram(&world, 1, &sent));
    size_t length = sent.octets.length;
    memcpy(first, sent.octets.data, length);
    uint32_t expected = answerer->expected_request;
    elsewhere.remote.port = 5000;
    response_repeat(core_store(&world, 1), answerer, &elsewhere, true);
    assert_true(core_datagram(&world, 1, &sent));
    assert_true(path_equal(&sent.path, &elsewhere));
    assert_true(sent.encapsulated);
    assert_int_equal(sent.octets.length, length);
    assert_memory_equal(sent.octets.data, first, length);
    assert_int_equal(answerer->duplicates, 1);
    assert_int_equal(answerer->expected_request, expected);
}

/* What was in the reply is thrown away; two errors end the IKE SA without a Delete. */
static void test_errors(void **state)
{
    static const struct {
        uint16_t type;
        bool fatal;
    } cases[] = {
        {NO_PROPOSAL_CHOSEN, false},   {TEMPORARY_FAILURE, false}, {CHILD_SA_NOT_FOUND, false},
        {AUTHENTICATION_FAILED, true}, {INVALID_SYNTAX, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        notify_add(&reply.chain, COOKIE2, bytes_of("12345678", 8));
        reply.error_protocol = PROTOCOL_ESP;
        memcpy(reply.error_spi, "\x01\x02\x03\x04", 4);
        reply.error_spi_length = 4;
        response_send(core_store(&world, 1), answerer, &request.in, &reply,
                      STATUS_NOTIFY(cases[i].type));
        assert_true(core_datagram(&world, 1, &sent));
        core_open(&seen, asker, &sent);
        assert_int_equal(seen.message.notify_count, 1);
        const struct notify_payload *error = &seen.message.notifies[0];
        assert_int_equal(error->type, cases[i].type);
        assert_int_equal(error->protocol, PROTOCOL_ESP);
        assert_true(bytes_equal(error->spi, bytes_of("\x01\x02\x03\x04", 4)));
        assert_int_equal(answerer->state == IKE_SA_CLOSED, cases[i].fatal);
        tear_down(state);
        set_up(state);
    }
}

static void test_silence_leaves_the_window(void **state)
{
    static const enum status silent[] = {STATUS_DROP, STATUS_INTERNAL};
    uint32_t expected = answerer->expected_request;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        response_send(core_store(&world, 1), answerer, &request.in, &reply, silent[i]);
        assert_false(core_datagram(&world, 1, &sent));
        assert_int_equal(answerer->expected_request, expected);
    }
}

static void test_closes_when_the_reply_says_so(void **state)
{
    struct event down;
    (void)state;
    reply.close = true;
    reply.close_reason = DOWN_DELETED_BY_PEER;
    response_send(core_store(&world, 1), answerer, &request.in, &reply, STATUS_OK);
    assert_true(core_datagram(&world, 1, &sent));
    assert_int_equal(answerer->state, IKE_SA_CLOSED);
    assert_true(core_event(&world, 1, EVENT_IKE_SA_DOWN, &down));
    assert_int_equal(down.reason, DOWN_DELETED_BY_PEER);
    event_wipe(&down);
}

/* The flags answer the flags: whoever asked as initiator is answered by a responder. */
static void test_unprotected(void **state)
{
    static const uint8_t flags[][2] = {
        {IKE_FLAG_INITIATOR, IKE_FLAG_RESPONSE},
        {0, IKE_FLAG_RESPONSE | IKE_FLAG_INITIATOR},
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ike_header of = {.spi_i = 7,
                                .spi_r = 9,
                                .exchange_type = 37,
                                .flags = flags[i][0],
                                .message_id = 3,
                                .length = IKE_HEADER_LENGTH + 9};
        response_send_unprotected(core_store(&world, 1), &of, &answerer->path, true,
                                  INVALID_IKE_SPI, bytes_of("\x2a", 1));
        assert_true(core_datagram(&world, 1, &sent));
        assert_true(sent.encapsulated);
        core_decode(&seen, &sent);
        assert_int_equal(seen.header.spi_i, 7);
        assert_int_equal(seen.header.spi_r, 9);
        assert_int_equal(seen.header.exchange_type, 37);
        assert_int_equal(seen.header.message_id, 3);
        assert_int_equal(seen.header.flags, flags[i][1]);
        assert_int_equal(seen.message.notifies[0].type, INVALID_IKE_SPI);
        assert_true(bytes_equal(seen.message.notifies[0].data, bytes_of("\x2a", 1)));
    }
}

/* The request has had its effect; without an answer it would come again and have it twice. */
static void test_an_answer_that_cannot_be_made(void **state)
{
    struct event down;
    (void)state;
    w = writer_over(room, 4);
    notify_add(&reply.chain, COOKIE2, bytes_of("12345678", 8));
    response_send(core_store(&world, 1), answerer, &request.in, &reply, STATUS_OK);
    assert_false(core_datagram(&world, 1, &sent));
    assert_int_equal(answerer->state, IKE_SA_CLOSED);
    assert_true(core_event(&world, 1, EVENT_IKE_SA_DOWN, &down));
    assert_int_equal(down.reason, DOWN_FAILED);
    event_wipe(&down);
}

/* 2.2: behind the last Message ID there is none. */
static void test_the_last_message_id(void **state)
{
    (void)state;
    request.header.message_id = UINT32_MAX;
    response_send(core_store(&world, 1), answerer, &request.in, &reply, STATUS_OK);
    assert_true(core_datagram(&world, 1, &sent)); /* it is answered */
    assert_int_equal(answerer->state, IKE_SA_CLOSED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_answer_that_cannot_be_made),
        CASE(test_the_last_message_id),
        CASE(test_goes_where_the_request_came_from),
        CASE(test_is_repeated_octet_for_octet),
        CASE(test_errors),
        CASE(test_silence_leaves_the_window),
        CASE(test_closes_when_the_reply_says_so),
        CASE(test_unprotected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
