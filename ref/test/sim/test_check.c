/* Each rule, broken once: what a check must see and what it must let pass. That they find faults in
 * the reference is what `make sim-mutants` shows. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "exchange/response.h"
#include "sa/puzzle.h"
#include "sim/check.h"
#include "sim/config.h"
#include "sim/mirror.h"
#include "sim/run.h"
#include "sim/traffic.h"

static struct sim *sim;
static struct script script;
static struct host *host;
static uint8_t octets[256];

static int set_up(void **state)
{
    (void)state;
    sim = calloc(1, sizeof *sim);
    assert_non_null(sim);
    script_init(&script, 1);
    sim->script = &script;
    sim->now_ns = SIM_START_NS;
    config_apply(sim);
    host = &sim->hosts[0];
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run_end(sim);
    free(sim);
    return 0;
}

static void assert_held(void)
{
    assert_string_equal(sim->violation, "");
}

static void assert_broken(const char *words)
{
    if (strstr(sim->violation, words) == NULL) {
        fail_msg("\"%s\" says nothing of \"%s\"", sim->violation, words);
    }
    sim->violation[0] = 0;
}

/* INFORMATIONAL in SK of an IKE SA 1_2; `iv` is its IV and the rest of it. */
static struct bytes message(uint32_t message_id, uint8_t flags, uint8_t iv, size_t length)
{
    struct writer w = writer_over(octets, sizeof octets);
    struct ike_header header = {.spi_i = 1,
                                .spi_r = 2,
                                .next_payload = PAYLOAD_SK,
                                .exchange_type = INFORMATIONAL,
                                .flags = flags,
                                .message_id = message_id};
    ike_header_build(&w, &header);
    writer_u32(&w, (uint32_t)length);
    for (size_t i = 0; i < length; i++) {
        writer_u8(&w, iv);
    }
    ike_header_patch_length(&w);
    return writer_bytes(&w);
}

static void sent(uint32_t message_id, uint8_t flags, uint8_t iv, size_t length)
{
    check_message_sent(sim, host, message(message_id, flags, iv, length));
}

static void heard(uint32_t message_id)
{
    check_message_received(sim, host, message(message_id, IKE_FLAG_RESPONSE, 0, 40));
}

static void test_a_message_keeps_its_octets(void **state)
{
    (void)state;
    sent(1, IKE_FLAG_INITIATOR, 7, 40);
    sent(1, IKE_FLAG_INITIATOR, 7, 40);
    assert_held();
    sent(1, IKE_FLAG_INITIATOR, 8, 40);
    assert_broken("again with other octets");
    sent(3, IKE_FLAG_RESPONSE, 9, 40);
    sent(3, IKE_FLAG_RESPONSE, 10, 40);
    assert_broken("again with other octets");
}

static void test_an_iv_serves_once(void **state)
{
    (void)state;
    sent(1, IKE_FLAG_RESPONSE, 7, 40);
    sent(2, IKE_FLAG_RESPONSE | IKE_FLAG_INITIATOR, 7, 40); /* the other key */
    assert_held();
    sent(2, IKE_FLAG_RESPONSE, 7, 44);
    assert_broken("one key and one IV");
    sent(4, IKE_FLAG_RESPONSE, 9, 3);
    assert_broken("without room for an IV");
}

/* IKE_SA_INIT: a cookie, with a puzzle of that many bits or, in a request, with these keys. */
static struct bytes init_message(uint8_t flags, uint8_t difficulty, struct bytes keys)
{
    static const uint8_t cookie[] = "a cookie";
    struct writer w = writer_over(octets, sizeof octets);
    struct ike_header header = {.spi_i = 1, .exchange_type = IKE_SA_INIT, .flags = flags};
    ike_header_build(&w, &header);
    struct chain_writer chain = chain_writer_over(&w);
    notify_add(&chain, COOKIE, bytes_of(cookie, sizeof cookie));
    if (difficulty > 0) {
        struct puzzle_notify puzzle = {.prf = PRF_HMAC_SHA2_256, .difficulty = difficulty};
        notify_add_puzzle(&chain, &puzzle);
    }
    if (keys.length > 0) {
        payload_begin(&chain, PAYLOAD_PS);
        ps_payload_build(&w, keys);
        payload_end(&chain);
    }
    writer_patch_u8(&w, 16, chain.first);
    ike_header_patch_length(&w);
    return writer_bytes(&w);
}

static void test_a_puzzle_is_solved(void **state)
{
    static const uint8_t cookie[] = "a cookie", bad[] = {1, 2, 3, 4};
    struct puzzle_search search;
    (void)state;
    check_message_sent(sim, host, init_message(IKE_FLAG_INITIATOR, 0, bytes_of(NULL, 0)));
    check_message_received(sim, host, init_message(IKE_FLAG_RESPONSE, 9, bytes_of(NULL, 0)));
    assert_int_equal(puzzle_search_begin(&search, PRF_HMAC_SHA2_256, 9,
                                         bytes_of(cookie, sizeof cookie), bytes_of(NULL, 0)),
                     STATUS_OK);
    assert_true(puzzle_search_go_on(&search, UINT32_MAX));
    check_message_sent(sim, host, init_message(IKE_FLAG_INITIATOR, 0, puzzle_search_keys(&search)));
    assert_held();
    check_message_sent(sim, host, init_message(IKE_FLAG_INITIATOR, 0, bytes_of(bad, 4)));
    assert_broken("without its solution");
    check_message_sent(sim, host, init_message(IKE_FLAG_INITIATOR, 0, bytes_of(NULL, 0)));
    assert_broken("without its solution");
    check_message_sent(sim, &sim->hosts[1], init_message(IKE_FLAG_INITIATOR, 0, bytes_of(NULL, 0)));
    assert_held(); /* somebody else's puzzle */
    check_message_received(sim, host, init_message(IKE_FLAG_RESPONSE, 12, bytes_of(NULL, 0)));
    check_message_sent(sim, host, init_message(IKE_FLAG_INITIATOR, 0, bytes_of(NULL, 0)));
    assert_held(); /* two copies that differ: nobody knows which one it has read */
}

/* One fragment of an INFORMATIONAL request of the same IKE SA. */
static void fragment_sent(uint32_t message_id, uint16_t number, uint16_t total, uint8_t iv)
{
    struct bytes m = message(message_id, IKE_FLAG_INITIATOR, iv, 60);
    octets[16] = PAYLOAD_SKF;
    octets[IKE_HEADER_LENGTH + 4] = (uint8_t)(number >> 8);
    octets[IKE_HEADER_LENGTH + 5] = (uint8_t)number;
    octets[IKE_HEADER_LENGTH + 6] = (uint8_t)(total >> 8);
    octets[IKE_HEADER_LENGTH + 7] = (uint8_t)total;
    check_message_sent(sim, host, m);
}

/* RFC 7383 2.5: each fragment keeps its octets; who cuts anew cuts smaller. */
static void test_fragments_of_one_message(void **state)
{
    (void)state;
    fragment_sent(1, 1, 2, 7);
    fragment_sent(1, 2, 2, 8);
    fragment_sent(1, 1, 2, 7);
    assert_held();
    fragment_sent(1, 2, 2, 9);
    assert_broken("again with other octets");
    fragment_sent(1, 1, 3, 10);
    fragment_sent(1, 3, 3, 11);
    assert_held();
    fragment_sent(1, 2, 3, 8);
    assert_broken("one key and one IV");
    fragment_sent(1, 4, 2, 12);
    assert_broken("from 3 fragments to 2");
    sent(1, IKE_FLAG_INITIATOR, 13, 40);
    assert_broken("from 3 fragments to 1");
}

static void test_fragments_wait_for_their_turn(void **state)
{
    (void)state;
    fragment_sent(1, 1, 2, 7);
    fragment_sent(1, 2, 2, 8);
    assert_held();
    fragment_sent(2, 1, 2, 9);
    assert_broken("before 1 was answered");
    heard(1);
    heard(2);
    fragment_sent(3, 1, 2, 10);
    assert_held();
    heard(3);
    fragment_sent(5, 1, 2, 11);
    assert_broken("request 5 follows request 3");
}

static void test_nothing_in_the_clear(void **state)
{
    struct bytes m = message(1, 0, 7, 200);
    (void)state;
    octets[16] = PAYLOAD_DELETE;
    check_message_sent(sim, host, m);
    assert_broken("in the clear");
    m = message(1, IKE_FLAG_RESPONSE, 7, 12);
    octets[16] = PAYLOAD_NOTIFY; /* a hint */
    check_message_sent(sim, host, m);
    assert_held();
}

static void test_one_request_at_a_time(void **state)
{
    (void)state;
    sent(0, 0, 1, 40);
    sent(1, 0, 2, 40);
    assert_broken("before 0 was answered");
    heard(1);
    sent(2, 0, 3, 40);
    assert_held();
    heard(2);
    sent(4, 0, 4, 40);
    assert_broken("request 4 follows request 2");
}

static void test_requests_begin_at_the_beginning(void **state)
{
    (void)state;
    sent(2, 0, 3, 40);
    assert_broken("first request");
}

static struct event child_up(uint32_t spi_in, uint8_t key)
{
    struct event event = {.type = EVENT_CHILD_SA_UP, .child_sa = spi_in, .ike_sa = 1};
    event.child.spi_in = spi_in;
    event.child.spi_out = spi_in + 1;
    event.child.encryption_in.length = event.child.encryption_out.length = 4;
    memset(event.child.encryption_in.data, key, 4);
    memset(event.child.encryption_out.data, key + 1, 4);
    return event;
}

static void test_a_key_serves_once(void **state)
{
    struct event one = child_up(300, 1), two = child_up(400, 1), three = child_up(500, 9);
    (void)state;
    check_keys(sim, host, &one);
    assert_held();
    check_keys(sim, host, &two);
    assert_broken("same key");
    three.child.encryption_out = three.child.encryption_in;
    check_keys(sim, host, &three);
    assert_broken("both directions");
    check_keys(sim, &sim->hosts[1], &one); /* the peer has them too */
    assert_held();
}

static void test_what_is_gone_stays_gone(void **state)
{
    struct event up = child_up(300, 1), down = up, ike = {.type = EVENT_IKE_SA_DOWN};
    (void)state;
    down.type = EVENT_CHILD_SA_DOWN;
    down.linger_ns = 5;
    check_gone_event(sim, host, &up);
    check_gone_event(sim, host, &down);
    assert_true(check_gone_spi_out(sim, host, 301));
    assert_false(check_gone_spi_out(sim, host, 300));
    assert_false(check_gone_spi_in(sim, host, 300)); /* it lingers */
    sim->now_ns += 6;
    assert_true(check_gone_spi_in(sim, host, 300));
    assert_held();
    check_gone_event(sim, host, &up);
    assert_broken("came back");
    ike.ike.spi_i = 1;
    ike.ike.spi_r = 2;
    check_gone_event(sim, host, &ike);
    sent(0, 0, 1, 40); /* its last words */
    assert_held();
    host->drains++;
    sent(1, IKE_FLAG_RESPONSE, 2, 40);
    assert_broken("an IKE SA that is down");
}

static void esp(uint32_t spi, uint32_t sequence, uint8_t iv, const char *text)
{
    uint8_t packet[64] = {0};
    struct writer w = writer_over(packet, sizeof packet);
    writer_u32(&w, spi);
    writer_u32(&w, sequence);
    writer_u64(&w, iv);
    writer_put(&w, bytes_of(text, strlen(text)));
    check_esp_sent(sim, host, writer_bytes(&w));
}

static void test_esp(void **state)
{
    (void)state;
    esp(300, 1, 1, "x");
    esp(300, 2, 2, "x");
    esp(301, 1, 1, "x");
    assert_held();
    esp(300, 3, 2, "x");
    assert_broken("one IV");
    esp(300, 3, 4, "x");
    assert_broken("sequence number 3 after 3");
    esp(300, 4, 5, "so PLAINTEXT it is");
    assert_broken("in the clear");
}

static void test_inner_packets(void **state)
{
    uint8_t packet[64] = {0x45};
    struct bytes all = bytes_of(packet, sizeof packet);
    (void)state;
    sim->flow_count = 1;
    sim->flows[0] = (struct flow){.from = 1, .to = 0};
    memcpy(packet + 28, TRAFFIC_MARK, TRAFFIC_MARK_LENGTH);
    packet[28 + TRAFFIC_MARK_LENGTH + 8] = 5; /* number 5 of flow 0 */
    (void)ledger_note(&sim->checks.inner, 5, traffic_content(all), NULL);
    check_inner_arrived(sim, host, 300, all);
    assert_held();
    check_inner_arrived(sim, host, 300, all);
    assert_broken("delivered twice");
    packet[60] = 1;
    check_inner_arrived(sim, host, 300, all);
    assert_broken("came out changed");
    packet[30] = 1;
    check_inner_arrived(sim, host, 300, all);
    assert_broken("that nobody sent");
}

static void test_reasons(void **state)
{
    struct event lost = {.type = EVENT_IKE_SA_DOWN, .reason = DOWN_UNREACHABLE};
    struct event failed = {.type = EVENT_COMMAND_DONE, .status = STATUS_DROP, .command = 1};
    (void)state;
    check_reasons(sim, host, &lost); /* in a storm anything may happen */
    assert_held();
    script.settings[SET_PLAN] = PLAN_CALM;
    check_reasons(sim, host, &failed);
    assert_held();
    check_reasons(sim, host, &lost);
    assert_broken("nothing explains it");
    lost.reason = DOWN_REPLACED;
    check_reasons(sim, host, &lost);
    assert_held();
    script.settings[SET_PLAN] = PLAN_LIFE;
    check_reasons(sim, host, &failed);
    assert_broken("nothing explains it");
}

static void test_the_record_of_a_host(void **state)
{
    struct event ike = {.type = EVENT_IKE_SA_UP, .ike_sa = 1}, child = child_up(300, 1);
    (void)state;
    mirror_event(sim, host, &child);
    assert_broken("without its IKE SA");
    mirror_event(sim, host, &ike);
    mirror_event(sim, host, &child);
    assert_held();
    mirror_event(sim, host, &ike);
    assert_broken("came up twice");
    ike.type = EVENT_IKE_SA_DOWN;
    mirror_event(sim, host, &ike);
    assert_broken("left Child SA 300 up");
    child.type = EVENT_CHILD_SA_DOWN;
    mirror_event(sim, host, &child);
    assert_held();
    mirror_event(sim, host, &child);
    assert_broken("was not up");
    struct event done = {.type = EVENT_COMMAND_DONE, .command = 3};
    mirror_event(sim, host, &done);
    assert_broken("nobody gave");
    host->commands[3].given = true;
    mirror_event(sim, host, &done);
    assert_held();
    mirror_event(sim, host, &done);
    assert_broken("answered twice");
}

static void known(struct host *at, bool client)
{
    at->on = true;
    at->ike_count = at->child_count = 1;
    at->ike[0] = (struct known_ike_sa){.id = 1, .spi_i = 1, .spi_r = 2, .initiator = client};
    at->child[0] = (struct known_child_sa){.id = 1,
                                           .ike_sa = 1,
                                           .spi_in = client ? 300 : 301,
                                           .spi_out = client ? 301 : 300,
                                           .keys_in = client ? 1 : 2,
                                           .keys_out = client ? 2 : 1,
                                           .selectors_ours = client ? 5 : 6,
                                           .selectors_theirs = client ? 6 : 5};
    at->ike[0].path.local = (struct transport_address){at->addresses.items[0], 500};
    at->ike[0].path.remote = (struct transport_address){sim->hosts[client].addresses.items[0], 500};
    at->child[0].path = at->ike[0].path;
    at->endpoint = endpoint_create(&at->config, &at->random, sim->now_ns);
}

static void test_agreement(void **state)
{
    struct host *b = &sim->hosts[1];
    (void)state;
    known(host, true);
    known(b, false);
    assert_null(check_agreement(sim));
    b->child[0].keys_in++;
    assert_non_null(strstr(check_agreement(sim), "other keys"));
    b->child[0].keys_in--;
    b->child[0].selectors_ours++;
    assert_non_null(strstr(check_agreement(sim), "selectors"));
    b->child[0].selectors_ours--;
    b->child[0].path.remote.port++;
    assert_non_null(strstr(check_agreement(sim), "do not send to each other"));
    b->child[0].path.remote.port--;
    b->ike[0].spi_r++;
    assert_non_null(strstr(check_agreement(sim), "at one side only"));
    b->ike_count = 0;
    assert_non_null(strstr(check_agreement(sim), "at one side only"));
    endpoint_destroy(host->endpoint);
    endpoint_destroy(b->endpoint);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_fragments_of_one_message),
        CASE(test_fragments_wait_for_their_turn),
        CASE(test_a_message_keeps_its_octets),
        CASE(test_an_iv_serves_once),
        CASE(test_a_puzzle_is_solved),
        CASE(test_nothing_in_the_clear),
        CASE(test_one_request_at_a_time),
        CASE(test_requests_begin_at_the_beginning),
        CASE(test_a_key_serves_once),
        CASE(test_what_is_gone_stays_gone),
        CASE(test_esp),
        CASE(test_inner_packets),
        CASE(test_reasons),
        CASE(test_the_record_of_a_host),
        CASE(test_agreement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
