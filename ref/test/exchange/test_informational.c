/* What a peer's INFORMATIONAL request may say, RFC 7296 1.4. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/informational.h"
#include "exchange/response.h"
#include "test/exchange/core_connected.h"

static struct core_message seen;

static uint8_t room[512];
static struct writer w;
static struct exchange_reply reply;

static enum status consume(uint8_t first, const void *payloads, size_t length)
{
    w = writer_over(room, sizeof room);
    reply = exchange_reply_over(&w);
    core_message_of(&seen, sa, INFORMATIONAL, first, bytes_of(payloads, length));
    return informational_consume_request(store, sa, &seen.in, &reply);
}

static void test_which_deletes_end_the_ike_sa(void **state)
{
    static const uint8_t protocols[][3] = {
        {0}, {1, PROTOCOL_ESP}, {1, PROTOCOL_IKE}, {2, PROTOCOL_ESP, PROTOCOL_IKE}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct message m = {.delete_count = protocols[i][0]};
        for (size_t n = 0; n < m.delete_count; n++) {
            m.deletes[n].protocol = protocols[i][1 + n];
        }
        assert_int_equal(informational_deletes_ike_sa(&m), i >= 2);
    }
}

static void test_nothing_is_answered_with_nothing(void **state)
{
    (void)state;
    assert_int_equal(consume(PAYLOAD_NONE, NULL, 0), STATUS_OK);
    assert_int_equal(reply.chain.first, PAYLOAD_NONE);
    assert_int_equal(w.length, 0);
    assert_false(reply.close);
}

static void test_delete_of_the_ike_sa(void **state)
{
    static const uint8_t delete[] = {0, 0, 0, 8, PROTOCOL_IKE, 0, 0, 0};
    (void)state;
    assert_int_equal(consume(PAYLOAD_DELETE, delete, sizeof delete), STATUS_OK);
    assert_int_equal(w.length, 0); /* 1.4.1: answered with an empty response */
    assert_true(reply.close);
    assert_int_equal(reply.close_reason, DOWN_DELETED_BY_PEER);
}

/* The pair goes: the peer names its own inbound SPI, the answer names ours (1.4.1). */
static void test_delete_of_a_child_sa(void **state)
{
    uint8_t octets[] = {0, 0, 0, 12, PROTOCOL_ESP, 4, 0, 1, 0, 0, 0, 0};
    uint32_t spi_in = sa->children->spi_in, spi_out = sa->children->spi_out;
    struct writer spi = writer_over(octets + 8, 4);
    struct event down;
    (void)state;
    writer_u32(&spi, spi_out);
    assert_int_equal(consume(PAYLOAD_DELETE, octets, sizeof octets), STATUS_OK);
    assert_false(reply.close);
    assert_int_equal(reply.chain.first, PAYLOAD_DELETE);
    spi = writer_over(octets + 8, 4);
    writer_u32(&spi, spi_in);
    assert_true(bytes_equal(writer_bytes(&w), bytes_of(octets, sizeof octets)));
    assert_null(sa->children);
    assert_true(core_event(&world, 0, EVENT_CHILD_SA_DOWN, &down));
    assert_int_equal(down.reason, DOWN_DELETED_BY_PEER);
    event_wipe(&down);
}

static void test_authentication_failed_closes(void **state)
{
    static const uint8_t notify[] = {0, 0, 0, 8, 0, 0, 0, AUTHENTICATION_FAILED};
    (void)state;
    assert_int_equal(consume(PAYLOAD_NOTIFY, notify, sizeof notify), STATUS_OK);
    assert_true(reply.close); /* 2.21.2 */
    assert_int_equal(reply.close_reason, DOWN_REFUSED);
    assert_int_equal(reply.close_status, STATUS_PEER(AUTHENTICATION_FAILED));
}

static void test_other_errors_are_told_and_end_nothing(void **state)
{
    static const uint8_t notify[] = {0, 0, 0, 8, 0, 0, 0, INVALID_SELECTORS};
    struct event event;
    (void)state;
    assert_int_equal(consume(PAYLOAD_NOTIFY, notify, sizeof notify), STATUS_OK);
    assert_false(reply.close);
    assert_true(core_event(&world, 0, EVENT_NOTIFIED, &event));
    assert_int_equal(event.status, STATUS_PEER(INVALID_SELECTORS));
    event_wipe(&event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_which_deletes_end_the_ike_sa), CASE(test_nothing_is_answered_with_nothing),
        CASE(test_delete_of_the_ike_sa),         CASE(test_delete_of_a_child_sa),
        CASE(test_authentication_failed_closes), CASE(test_other_errors_are_told_and_end_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
