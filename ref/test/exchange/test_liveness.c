/* An INFORMATIONAL that asks nothing: RFC 7296 2.4, RFC 4555 3.8. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/liveness.h"
#include "test/exchange/core_connected.h"

static struct core_message seen;

/* Nothing is asked; only an initiator of MOBIKE behind a NAT adds how it sees the path. */
static void test_what_is_asked(void **state)
{
    static const struct {
        bool mobike, initiator, supported, nat_local;
        size_t notifies;
    } rows[] = {
        {true, true, true, false, 0}, {true, true, true, true, 2},  {false, true, true, true, 0},
        {true, false, true, true, 0}, {true, true, false, true, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t octets[256];
        struct writer w = writer_over(octets, sizeof octets);
        struct chain_writer chain = chain_writer_over(&w);
        sa->mobike = rows[i].mobike;
        sa->mobike_initiator = rows[i].initiator;
        sa->nat_supported = rows[i].supported;
        sa->nat_local = rows[i].nat_local;
        assert_int_equal(liveness_create_request(store, sa, &chain), STATUS_OK);
        core_message_of(&seen, sa, INFORMATIONAL, chain.first, writer_bytes(&w));
        assert_int_equal(seen.message.notify_count, rows[i].notifies);
        if (rows[i].notifies > 0) {
            assert_non_null(message_notify(&seen.message, NAT_DETECTION_SOURCE_IP));
            assert_non_null(message_notify(&seen.message, NAT_DETECTION_DESTINATION_IP));
        }
    }
}

static void test_an_answer_is_a_sign_of_life(void **state)
{
    struct request request = {.task = {.type = TASK_LIVENESS, .command = 5}};
    struct event event;
    (void)state;
    store->now_ns += WORLD_S;
    core_message_of(&seen, sa, INFORMATIONAL, PAYLOAD_NONE, bytes_of(NULL, 0));
    liveness_consume_response(store, sa, &request, &seen.in);
    assert_int_equal(sa->nat_checked_ns, store->now_ns);
    assert_true(core_event(&world, 0, EVENT_LIVENESS, &event));
    assert_int_equal(event.status, STATUS_OK);
    assert_int_equal(event.ike_sa, sa->id);
    assert_true(core_event(&world, 0, EVENT_COMMAND_DONE, &event));
    assert_int_equal(event.command, 5);
    assert_int_equal(event.status, STATUS_OK);
    assert_int_equal(sa->tasks.count, 0);
    assert_false(sa->request.active); /* no NAT: nothing more to ask */
}

/* RFC 4555 3.8: the answer tells how the peer sees us; a new mapping is answered by an update. */
static void test_a_changed_mapping_is_noticed(void **state)
{
    uint8_t payload[28] = {
        0, 0, 0, 28, 0, 0, NAT_DETECTION_DESTINATION_IP >> 8, NAT_DETECTION_DESTINATION_IP & 0xff};
    struct request request = {.task = {.type = TASK_LIVENESS}};
    (void)state;
    sa->nat_supported = sa->nat_local = sa->mobike = sa->mobike_initiator = true;
    for (unsigned i = 0; i < 3; i++) { /* first seen, the same, another */
        payload[27] = i == 2 ? 1 : 0;
        core_message_of(&seen, sa, INFORMATIONAL, PAYLOAD_NOTIFY,
                        bytes_of(payload, sizeof payload));
        memset(sa->nat_hash, 0, sizeof sa->nat_hash);
        sa->has_nat_hash = true;
        liveness_consume_response(store, sa, &request, &seen.in);
        bool update = sa->request.active && sa->request.task.type == TASK_UPDATE_ADDRESSES;
        assert_int_equal(update, i == 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_what_is_asked),
        CASE(test_an_answer_is_a_sign_of_life),
        CASE(test_a_changed_mapping_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
