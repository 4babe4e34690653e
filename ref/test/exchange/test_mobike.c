/* What the two sides of MOBIKE say to each other, RFC 4555; whole moves are in
 * endpoint/test_mobike.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/mobike.h"
#include "exchange/response.h"
#include "test/exchange/core_connected.h"

static struct core_message seen;

static uint8_t room[512];
static struct writer w;
static struct exchange_reply reply;
static struct datagram sent;

static void take(struct core_message *m)
{
    core_message_of(m, sa, INFORMATIONAL, reply.chain.first, writer_bytes(&w));
}

static void start(void)
{
    w = writer_over(room, sizeof room);
    reply = exchange_reply_over(&w);
}

static void our_addresses(const char *one, const char *two)
{
    store->local_addresses.count = two != NULL ? 2 : 1;
    store->local_addresses.items[0] = world_address(one);
    store->local_addresses.items[1] = world_address(two != NULL ? two : one);
}

/* RFC 4555 3.4: all but the one in use, and none that a Child SA protects. */
static void test_announces_the_others(void **state)
{
    static const struct {
        const char *second;
        bool announce_none;
        uint16_t type; /* 0: nothing is said */
    } rows[] = {
        {"192.0.2.9", false, ADDITIONAL_IP4_ADDRESS}, {"2001:db8::9", true, ADDITIONAL_IP6_ADDRESS},
        {NULL, true, NO_ADDITIONAL_ADDRESSES},        {NULL, false, 0},
        {"10.1.0.7", true, NO_ADDITIONAL_ADDRESSES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        our_addresses("192.0.2.1", rows[i].second);
        start();
        mobike_build_additional(store, sa, &reply.chain, rows[i].announce_none);
        take(&seen);
        assert_int_equal(seen.message.notify_count, rows[i].type != 0);
        if (rows[i].type != 0) {
            assert_int_equal(seen.message.notifies[0].type, rows[i].type);
        }
        assert_int_equal(sa->announced.count, store->local_addresses.count);
    }
}

static void test_notes_the_peers_list(void **state)
{
    struct address ours = world_address("192.0.2.77"), inside = world_address("10.2.0.7");
    (void)state;
    start();
    notify_add(&reply.chain, ADDITIONAL_IP4_ADDRESS, address_bytes(&ours));
    notify_add(&reply.chain, ADDITIONAL_IP4_ADDRESS, address_bytes(&inside));
    notify_add(&reply.chain, ADDITIONAL_IP6_ADDRESS, address_bytes(&ours)); /* a wrong length */
    take(&seen);
    sa->mobike = false;
    sa->peer_addresses.count = 0;
    mobike_note_additional(sa, &seen.message, &sa->path);
    assert_int_equal(sa->peer_addresses.count, 0);
    sa->mobike = true;
    mobike_note_additional(sa, &seen.message, &sa->path);
    assert_int_equal(sa->peer_addresses.count, 2); /* where it speaks from comes first */
    assert_true(address_equal(&sa->peer_addresses.items[0], &sa->path.remote.ip));
    assert_true(address_equal(&sa->peer_addresses.items[1], &ours));
    start();
    take(&seen);
    mobike_note_additional(sa, &seen.message, &sa->path); /* carries no list: it stays */
    assert_int_equal(sa->peer_addresses.count, 2);
}

static void test_update_carries_what_3_5_asks_for(void **state)
{
    (void)state;
    start();
    sa->mobike = false;
    assert_int_equal(update_addresses_create_request(store, sa, &reply.chain), STATUS_DROP);
    sa->mobike = true;
    assert_int_equal(update_addresses_create_request(store, sa, &reply.chain), STATUS_OK);
    take(&seen);
    assert_non_null(message_notify(&seen.message, UPDATE_SA_ADDRESSES));
    assert_non_null(message_notify(&seen.message, NAT_DETECTION_SOURCE_IP));
    assert_non_null(message_notify(&seen.message, NAT_DETECTION_DESTINATION_IP));
    assert_non_null(message_notify(&seen.message, NO_ADDITIONAL_ADDRESSES));
}

/* 3.7: the answer must bring the cookie back, of the path in use. */
static void test_return_routability(void **state)
{
    struct request request = {.task = {.type = TASK_RETURN_ROUTABILITY}};
    struct event event;
    (void)state;
    start();
    assert_int_equal(return_routability_create_request(store, sa, &reply.chain), STATUS_OK);
    take(&seen);
    const struct notify_payload *cookie = message_notify(&seen.message, COOKIE2);
    assert_non_null(cookie);
    assert_true(bytes_equal(cookie->data, bytes_of(sa->request.cookie2, COOKIE2_LENGTH)));
    memcpy(request.cookie2, sa->request.cookie2, COOKIE2_LENGTH);
    request.path_changes = sa->path_changes;
    sa->children_follow = true;
    return_routability_consume_response(store, sa, &request, &seen.in);
    assert_false(sa->children_follow);
    assert_true(core_event(&world, 0, EVENT_CHILD_SA_MOVED, &event));
    request.cookie2[0] ^= 1;
    return_routability_consume_response(store, sa, &request, &seen.in);
    assert_int_equal(sa->state, IKE_SA_CLOSED);
    assert_true(core_event(&world, 0, EVENT_IKE_SA_DOWN, &event));
    assert_int_equal(event.reason, DOWN_FAILED);
}

static void test_cookie2_is_returned_as_it_came(void **state)
{
    (void)state;
    start();
    notify_add(&reply.chain, COOKIE2, bytes_of("eight or more", 13));
    static uint8_t copy[64];
    struct bytes request = writer_bytes(&w);
    memcpy(copy, request.data, request.length);
    core_message_of(&seen, sa, INFORMATIONAL, PAYLOAD_NOTIFY, bytes_of(copy, request.length));
    start();
    assert_int_equal(mobike_consume_request(store, sa, &seen.in, &reply), STATUS_OK);
    assert_true(bytes_equal(writer_bytes(&w), bytes_of(copy, request.length)));
}

/* 3.5: the responder's IKE SA follows, its Child SAs wait for the check (3.7). */
static void test_the_responder_is_told(void **state)
{
    struct ike_sa *b = world_core_ike_sa(&world, 1);
    static uint8_t copy[8];
    (void)state;
    start();
    notify_add(&reply.chain, UPDATE_SA_ADDRESSES, bytes_of(NULL, 0));
    memcpy(copy, writer_bytes(&w).data, sizeof copy);
    core_message_of(&seen, b, INFORMATIONAL, PAYLOAD_NOTIFY, bytes_of(copy, sizeof copy));
    seen.path.remote.ip = world_address("192.0.2.50");
    start();
    assert_int_equal(mobike_consume_request(core_store(&world, 1), b, &seen.in, &reply), STATUS_OK);
    assert_true(path_equal(&b->path, &seen.path));
    assert_true(b->children_follow);
    assert_true(task_queue_has(&b->tasks, TASK_RETURN_ROUTABILITY, 0));
    /* the initiator hears no such thing: only it may move the SAs */
    struct path before = sa->path;
    core_message_of(&seen, sa, INFORMATIONAL, PAYLOAD_NOTIFY, bytes_of(copy, sizeof copy));
    seen.path.remote.ip = world_address("192.0.2.51");
    assert_int_equal(mobike_consume_request(store, sa, &seen.in, &reply), STATUS_OK);
    assert_true(path_equal(&sa->path, &before));
}

/* 3.5: a peer that was given its addresses does not get Child SAs to lead elsewhere. */
static void test_addresses_against_the_policy_are_refused(void **state)
{
    struct ike_sa *b = world_core_ike_sa(&world, 1);
    struct peer_config policy = *b->peer;
    struct path before = b->path;
    static uint8_t copy[8];
    (void)state;
    start();
    notify_add(&reply.chain, UPDATE_SA_ADDRESSES, bytes_of(NULL, 0));
    memcpy(copy, writer_bytes(&w).data, sizeof copy);
    core_message_of(&seen, b, INFORMATIONAL, PAYLOAD_NOTIFY, bytes_of(copy, sizeof copy));
    seen.path.remote.ip = world_address("192.0.2.50");
    policy.remote_addresses.count = 1;
    policy.remote_addresses.items[0] = before.remote.ip;
    b->peer = &policy;
    start();
    assert_int_equal(mobike_consume_request(core_store(&world, 1), b, &seen.in, &reply), STATUS_OK);
    assert_true(path_equal(&b->path, &before));
    core_message_of(&seen, b, INFORMATIONAL, reply.chain.first, writer_bytes(&w));
    assert_non_null(message_notify(&seen.message, UNACCEPTABLE_ADDRESSES));
}

/* 3.10: from the second retransmission on a copy goes along another path, too. */
static void test_probes(void **state)
{
    (void)state;
    our_addresses("192.0.2.1", "192.0.2.9");
    assert_int_not_equal(world_command(&world, 0, COMMAND_LIVENESS), 0);
    our_addresses("192.0.2.1", "192.0.2.9");
    sa->request.sent = 1;
    mobike_probe_other_paths(store, sa);
    assert_false(core_datagram(&world, 0, &sent));
    for (sa->request.sent = 2; sa->request.sent < 4; sa->request.sent++) {
        mobike_probe_other_paths(store, sa);
    }
    assert_true(sa->request.probed);
    assert_true(core_datagram(&world, 0, &sent));
    assert_false(path_equal(&sent.path, &sa->path));
    assert_true(bytes_equal(sent.octets, stored_message_bytes(&sa->request.message)));
    struct path answered = sent.path;
    mobike_answered_on(store, sa, &answered); /* that one works: it is taken */
    assert_true(path_equal(&sa->path, &answered));
    assert_true(task_queue_has(&sa->tasks, TASK_UPDATE_ADDRESSES, 0));
}

/* RFC 7296 2.23, RFC 4555 3.8: who follows the peer's NAT, and with what. */
static void test_who_follows_a_nat(void **state)
{
    static const struct {
        bool mobike, nat_remote, nat_local, ike_follows, esp_follows;
    } rows[] = {
        {false, true, false, true, true},    {true, true, false, false, true},
        {false, false, false, false, false}, {false, true, true, false, false},
        {true, true, true, false, false},
    };
    struct path before = sa->path, now = sa->path;
    struct event event;
    (void)state;
    now.remote.port = 33333;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sa->mobike = rows[i].mobike;
        sa->nat_remote = rows[i].nat_remote;
        sa->nat_local = rows[i].nat_local;
        sa->path = before;
        nat_follow(store, sa, &now);
        assert_int_equal(path_equal(&sa->path, &now), rows[i].ike_follows);
        while (core_event(&world, 0, EVENT_CHILD_SA_MOVED, &event)) {
        }
        sa->path = before;
        nat_follow_esp(store, sa, &now);
        assert_int_equal(path_equal(&sa->path, &now), rows[i].ike_follows);
        bool moved = core_event(&world, 0, EVENT_CHILD_SA_MOVED, &event);
        assert_int_equal(moved, rows[i].esp_follows);
    }
}

/* A responder whose NAT has another port for it is followed there, and told where it is seen now. A
 * request from elsewhere is no reason to go: that a responder says with its addresses. */
static void test_follows_a_responder_to_its_new_port(void **state)
{
    static const struct {
        const char *from; /* NULL: where it was */
        unsigned port_more;
        bool follows;
    } rows[] = {{NULL, 0, false}, {NULL, 1, true}, {"192.0.2.99", 1, false}};
    (void)state;
    sa->mobike = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct path before = sa->path;
        start();
        notify_add(&reply.chain, NO_ADDITIONAL_ADDRESSES, bytes_of(NULL, 0));
        take(&seen);
        seen.path.remote.port += (uint16_t)rows[i].port_more;
        if (rows[i].from != NULL) {
            seen.path.remote.ip = world_address(rows[i].from);
        }
        seen.in.encapsulated = sa->encapsulated;
        mobike_follow_responder(store, sa, &seen.in);
        assert_true(path_equal(&sa->path, rows[i].follows ? &seen.path : &before));
        assert_int_equal(sa->request.active, i >= 1); /* the update of row 1 */
    }
}

/* RFC 4555 3.9, 4.2.5: NO_NATS_ALLOWED names addresses and ports as the sender sees them. When the
 * message has come with others, that is said, and nothing else is done. */
static void test_no_nats_allowed(void **state)
{
    struct ike_sa *b = world_core_ike_sa(&world, 1);
    static uint8_t copy[64];
    (void)state;
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        struct path before = b->path;
        uint8_t octets[12];
        struct writer named = writer_over(octets, sizeof octets);
        struct address moved = world_address("192.0.2.50");
        writer_put(&named, address_bytes(&moved));
        writer_put(&named, address_bytes(&before.local.ip));
        writer_u16(&named, before.remote.port);
        writer_u16(&named, (uint16_t)(before.local.port + wrong));
        start();
        notify_add(&reply.chain, UPDATE_SA_ADDRESSES, bytes_of(NULL, 0));
        notify_add(&reply.chain, NO_NATS_ALLOWED, writer_bytes(&named));
        struct bytes request = writer_bytes(&w);
        memcpy(copy, request.data, request.length);
        core_message_of(&seen, b, INFORMATIONAL, PAYLOAD_NOTIFY, bytes_of(copy, request.length));
        seen.path.remote.ip = moved;
        start();
        assert_int_equal(mobike_consume_request(core_store(&world, 1), b, &seen.in, &reply),
                         STATUS_OK);
        assert_int_equal(path_equal(&b->path, &before), wrong);
        core_message_of(&seen, b, INFORMATIONAL, reply.chain.first, writer_bytes(&w));
        assert_int_equal(message_notify(&seen.message, UNEXPECTED_NAT_DETECTED) != NULL, wrong);
        b->path = before;
    }
}

/* 3.7 is for who doubts; without room to ask, Child SAs go where the peer says that it is. */
static void test_no_room_to_check(void **state)
{
    struct ike_sa *b = world_core_ike_sa(&world, 1);
    struct event event;
    static uint8_t copy[8];
    (void)state;
    for (unsigned i = 0; i < TASKS_MAX; i++) {
        struct task later = {.type = TASK_LIVENESS, .not_before_ns = UINT64_MAX};
        assert_true(task_queue_push(&b->tasks, &later));
    }
    start();
    notify_add(&reply.chain, UPDATE_SA_ADDRESSES, bytes_of(NULL, 0));
    memcpy(copy, writer_bytes(&w).data, sizeof copy);
    core_message_of(&seen, b, INFORMATIONAL, PAYLOAD_NOTIFY, bytes_of(copy, sizeof copy));
    seen.path.remote.ip = world_address("192.0.2.50");
    start();
    assert_int_equal(mobike_consume_request(core_store(&world, 1), b, &seen.in, &reply), STATUS_OK);
    assert_false(b->children_follow);
    assert_true(core_event(&world, 1, EVENT_CHILD_SA_MOVED, &event));
    assert_true(path_equal(&event.child.path, &seen.path));
    event_wipe(&event);
}

/* 3.7: a cookie that came back says nothing of the path we have gone to since; it is asked anew. */
static void test_the_cookie_of_another_path(void **state)
{
    struct request request = {.task = {.type = TASK_RETURN_ROUTABILITY}};
    (void)state;
    start();
    notify_add(&reply.chain, COOKIE2, bytes_of(request.cookie2, COOKIE2_LENGTH));
    take(&seen);
    request.path_changes = sa->path_changes++;
    sa->children_follow = true;
    return_routability_consume_response(store, sa, &request, &seen.in);
    assert_true(sa->children_follow);
    assert_int_equal(sa->request.task.type, TASK_RETURN_ROUTABILITY);
    struct task waits = {.type = TASK_RETURN_ROUTABILITY};
    assert_true(task_queue_push(&sa->tasks, &waits));
    return_routability_consume_response(store, sa, &request, &seen.in);
    assert_int_equal(sa->tasks.count, 1); /* once is enough */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_no_nats_allowed),
        CASE(test_no_room_to_check),
        CASE(test_the_cookie_of_another_path),
        CASE(test_follows_a_responder_to_its_new_port),
        CASE(test_announces_the_others),
        CASE(test_notes_the_peers_list),
        CASE(test_update_carries_what_3_5_asks_for),
        CASE(test_return_routability),
        CASE(test_cookie2_is_returned_as_it_came),
        CASE(test_the_responder_is_told),
        CASE(test_addresses_against_the_policy_are_refused),
        CASE(test_probes),
        CASE(test_who_follows_a_nat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
