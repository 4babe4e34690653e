/* load/crowd.c and load/client.c: whole runs against a responder in memory, on a virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "load/crowd.h"
#include "sim/dice.h"

#define MS_NS UINT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)
#define BEGUN_NS SECOND_NS
#define LETTERS 4096

struct letter {
    uint64_t arrives_ns;
    struct path path;
    bool to_responder;
    size_t length;
    uint8_t octets[4096];
};

/* One net between the crowd and its responder: every datagram takes as long, or is lost. */
static struct world {
    struct dice dice;
    struct random_source random;
    struct endpoint_config configs[2]; /* the crowd's, the responder's */
    struct peer_config peers[2];
    struct endpoint *responder;
    struct crowd crowd;
    struct crowd_plan plan;
    uint64_t now_ns, delay_ns;
    bool deaf; /* nothing gets to the responder */
    unsigned cookies;
    struct letter letters[LETTERS];
    size_t sent, delivered;
} world;

static void side_set(unsigned s, const char *local, const char *remote)
{
    static const char psk[] = "a key that all of them know";
    struct endpoint_config *config = &world.configs[s];
    struct peer_config *peer = &world.peers[s];
    const char *error;
    endpoint_config_defaults(config);
    peer_config_defaults(peer);
    config->peers = peer;
    config->peer_count = 1;
    config->prefix_half_open = config->prefix_half_open_max = config->prefix_failures = 0;
    peer->liveness_ns = peer->keepalive_ns = 0;
    peer->lifetime = (struct lifetime_config){0};
    peer->initial_contact = peer->mobike = false;
    peer->retransmission = (struct retransmission_config){
        .timeout_ns = 300 * MS_NS, .timeout_max_ns = SECOND_NS, .backoff_percent = 100, .tries = 3};
    memcpy(peer->psk, psk, sizeof psk - 1);
    peer->psk_length = sizeof psk - 1;
    peer->child_count = 1;
    assert_true(identity_parse(s == 0 ? "client" : "gateway", &peer->local_id) &&
                identity_parse(s == 0 ? "gateway" : "client", &peer->remote_id));
    assert_true(proposal_parse_text("aes128gcm16-prfsha256-x25519", PROTOCOL_IKE,
                                    &peer->proposals.items[0], &error));
    peer->proposals.count = 1;
    child_config_defaults(&peer->children[0]);
    peer->children[0].lifetime = (struct lifetime_config){0};
    peer->children[0].local.count = peer->children[0].remote.count = 1;
    assert_true(selector_parse(local, &peer->children[0].local.items[0]) &&
                selector_parse(remote, &peer->children[0].remote.items[0]));
}

static int set_up(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world.dice = dice_of(7, 1);
    world.random = dice_source(&world.dice);
    world.now_ns = BEGUN_NS;
    world.delay_ns = MS_NS;
    world.plan =
        (struct crowd_plan){.clients = 4, .at_once = 4, .count = 20, .offer_ns = 60 * SECOND_NS};
    side_set(0, "10.64.0.0/16", "10.2.0.0/24");
    side_set(1, "10.2.0.0/24", "10.64.0.0/16");
    return 0;
}

static void world_open(void)
{
    struct command route = {.path = {.local = {.port = IKE_PORT}, .remote = {.port = IKE_PORT}}};
    struct selector_list inners[4] = {{0}};
    assert_true(address_parse("192.0.2.1", &route.path.local.ip) &&
                address_parse("192.0.2.2", &route.path.remote.ip));
    for (unsigned i = 0; i < 4; i++) {
        struct address own = address_from(bytes_of((const uint8_t[]){10, 64, 0, (uint8_t)i}, 4));
        inners[i].count = 1;
        inners[i].items[0] = selector_host(&own);
    }
    const struct crowd_members members = {.config = &world.configs[0],
                                          .initiates = &route,
                                          .initiate_count = 1,
                                          .inners = inners,
                                          .inner_count = 4};
    world.responder = endpoint_create(&world.configs[1], &world.random, world.now_ns);
    assert_non_null(world.responder);
    assert_true(
        crowd_open(&world.crowd, &world.plan, &members, &world.random, world.now_ns, SECOND_NS));
}

static int tear_down(void **state)
{
    (void)state;
    crowd_close(&world.crowd);
    endpoint_destroy(world.responder);
    return 0;
}

static void post(const struct datagram *datagram, bool to_responder)
{
    if (to_responder && world.deaf) {
        return;
    }
    assert_true(world.sent - world.delivered < LETTERS);
    struct letter *letter = &world.letters[world.sent++ % LETTERS];
    assert_true(datagram->octets.length <= sizeof letter->octets);
    *letter = (struct letter){
        .arrives_ns = world.now_ns + world.delay_ns,
        .path = {.local = datagram->path.remote, .remote = datagram->path.local},
        .to_responder = to_responder,
        .length = datagram->octets.length,
    };
    memcpy(letter->octets, datagram->octets.data, letter->length);
}

static void responder_drain(void)
{
    struct event event;
    struct datagram datagram;
    while (endpoint_next_event(world.responder, &event)) {
        event_wipe(&event);
    }
    while (endpoint_next_datagram(world.responder, &datagram)) {
        post(&datagram, false);
    }
}

static void client_drain(struct client *client)
{
    struct datagram datagram;
    while (crowd_next_datagram(&world.crowd, client, &datagram)) {
        post(&datagram, true);
    }
}

static void deliver(const struct letter *letter)
{
    struct datagram datagram = {.path = letter->path,
                                .octets = bytes_of(letter->octets, letter->length)};
    if (letter->to_responder) {
        (void)!endpoint_receive(world.responder, &datagram, world.now_ns);
        responder_drain();
        return;
    }
    struct client *client = crowd_receive(&world.crowd, &datagram, world.now_ns);
    assert_non_null(client);
    crowd_settle(&world.crowd, client, world.now_ns);
    client_drain(client);
}

/* To the next time that anything is due. Letters arrive in the order they were sent. */
static void step(void)
{
    struct client *client;
    while (world.delivered < world.sent &&
           world.letters[world.delivered % LETTERS].arrives_ns <= world.now_ns) {
        deliver(&world.letters[world.delivered++ % LETTERS]);
    }
    if (endpoint_deadline(world.responder) <= world.now_ns) {
        endpoint_expire(world.responder, world.now_ns);
        responder_drain();
    }
    while ((client = crowd_work(&world.crowd, world.now_ns)) != NULL) {
        client_drain(client);
    }
    uint64_t next_ns = crowd_deadline(&world.crowd, world.now_ns);
    next_ns = next_ns > world.now_ns ? next_ns : world.now_ns + MS_NS; /* its patience has ended */
    if (endpoint_deadline(world.responder) < next_ns) {
        next_ns = endpoint_deadline(world.responder);
    }
    if (world.delivered < world.sent &&
        world.letters[world.delivered % LETTERS].arrives_ns < next_ns) {
        next_ns = world.letters[world.delivered % LETTERS].arrives_ns;
    }
    world.now_ns = next_ns;
}

static void run(void)
{
    unsigned steps = 0;
    while (!crowd_over(&world.crowd, world.now_ns)) {
        step();
        assert_true(++steps < 1000000);
    }
    for (unsigned i = 0; i < 10;
         i++) { /* the last Delete's answer has been sent: nothing is left */
        step();
    }
}

static struct endpoint_counters responder_counters(void)
{
    struct endpoint_counters counters;
    endpoint_counters(world.responder, &counters);
    return counters;
}

/* Two round trips of two milliseconds each; and the Delete, which no latency holds. */
static void a_closed_loop_makes_and_deletes(void **state)
{
    (void)state;
    world_open();
    run();
    struct crowd *crowd = &world.crowd;
    assert_int_equal(crowd->begun, 20);
    assert_int_equal(crowd->done, 20);
    assert_int_equal(crowd->done_in_time, 20);
    assert_int_equal(crowd->failed.total, 0);
    assert_int_equal(crowd->lost, 0);
    assert_int_equal(crowd_offered(crowd), 20);
    assert_true(latencies_quantile(&crowd->latencies, 0) == 4 * MS_NS);
    assert_true(latencies_quantile(&crowd->latencies, 1) == 4 * MS_NS);
    assert_int_equal(responder_counters().ike_sas, 0);
    assert_int_equal(crowd_counters(crowd).datagrams_out, 60);
    /* five after the other, each of 6 ms but the last, whose Delete is not waited for */
    assert_true(crowd_duration(crowd) == 28 * MS_NS);
}

/* One client, who takes 600 ms for each of what is due every 100 ms: the fifth begins at 2.4 s and
 * is done at 2.8 s, 2.4 s after it was due. From its own beginning it would have been 0.4 s. */
static void a_latency_counts_from_when_it_was_due(void **state)
{
    (void)state;
    world.plan = (struct crowd_plan){.clients = 1,
                                     .at_once = 1,
                                     .pace = PACE_EVEN,
                                     .rate = 10,
                                     .count = 1000,
                                     .offer_ns = 2500 * MS_NS};
    world.delay_ns = 100 * MS_NS;
    world_open();
    run();
    struct crowd *crowd = &world.crowd;
    assert_int_equal(crowd_offered(crowd), 25);
    assert_int_equal(crowd->begun, 5);
    assert_int_equal(crowd->done, 5);
    assert_int_equal(crowd->done_in_time, 4);
    assert_in_range(latencies_quantile(&crowd->latencies, 0), 399 * MS_NS, 401 * MS_NS);
    assert_in_range(latencies_quantile(&crowd->latencies, 1), 2399 * MS_NS, 2401 * MS_NS);
    assert_in_range(crowd->late_max_ns, 1999 * MS_NS, 2001 * MS_NS);
    assert_true(crowd_duration(crowd) == 2500 * MS_NS);
}

static void silence_is_a_timeout(void **state)
{
    (void)state;
    world.deaf = true;
    world.plan.count = 6;
    world_open();
    run();
    assert_int_equal(world.crowd.failed.total, 6);
    assert_string_equal(world.crowd.failed.causes[0].name, "timeout");
    assert_int_equal(world.crowd.done, 0);
    assert_int_equal(crowd_counters(&world.crowd).retransmissions, 12);
}

/* What would take longer than there is patience is left as it is. */
static void what_does_not_end_is_not_waited_for(void **state)
{
    (void)state;
    world.deaf = true;
    world.peers[0].retransmission.tries = 1000;
    world.plan.count = 2;
    world_open();
    run();
    assert_int_equal(world.crowd.begun, 2);
    assert_int_equal(world.crowd.failed.total, 0);
    assert_int_equal(world.crowd.connecting, 2);
    assert_true(world.now_ns <= BEGUN_NS + GRACE_NS + 10 * SECOND_NS);
}

static void a_refusal_has_its_name(void **state)
{
    (void)state;
    world.peers[1].psk[0] ^= 1;
    world_open();
    run();
    assert_int_equal(world.crowd.done, 0);
    assert_int_equal(world.crowd.failed.count, 1);
    assert_int_equal(world.crowd.failed.total, 20);
    assert_string_equal(world.crowd.failed.causes[0].name, "AUTHENTICATION_FAILED");
}

/* The IKE SA stands then (RFC 7296 1.2), and is deleted all the same. */
static void without_a_child_sa_it_has_failed(void **state)
{
    (void)state;
    assert_true(selector_parse("10.99.0.0/16", &world.peers[1].children[0].remote.items[0]));
    world.plan.keep = true;
    world.plan.count = 4;
    world_open();
    run();
    assert_int_equal(world.crowd.failed.total, 4);
    assert_string_equal(world.crowd.failed.causes[0].name, "TS_UNACCEPTABLE");
    assert_int_equal(world.crowd.lost, 0);
    assert_int_equal(responder_counters().ike_sas, 0);
}

static void cookies_are_brought_back(void **state)
{
    (void)state;
    world.configs[1].cookie_threshold = 0;
    world_open();
    run();
    assert_int_equal(world.crowd.done, 20);
    assert_int_equal(responder_counters().cookies_sent, 20);
}

static void who_keeps_leaves_all_standing(void **state)
{
    (void)state;
    world.plan.keep = true;
    world.plan.count = 4;
    world.plan.at_once = 2;
    world_open();
    run();
    assert_int_equal(world.crowd.done, 4);
    assert_int_equal(responder_counters().ike_sas, 4);
    assert_int_equal(responder_counters().child_sas, 4);
    assert_true(crowd_duration(&world.crowd) == 8 * MS_NS); /* two, then two */
}

static void what_the_responder_ends_is_lost(void **state)
{
    (void)state;
    struct command end = {.type = COMMAND_SHUTDOWN};
    world.plan.keep = true;
    world.plan.count = 4;
    world_open();
    run();
    assert_int_equal(endpoint_command(world.responder, &end, world.now_ns), STATUS_OK);
    responder_drain();
    for (unsigned i = 0; i < 10; i++) {
        step();
    }
    assert_int_equal(world.crowd.lost, 4);
    assert_int_equal(world.crowd.idle_count, 4);
}

/* Longer than an endpoint of a client's lives: counters are of all that it had. */
static void one_client_goes_on_and_on(void **state)
{
    (void)state;
    world.plan.clients = world.plan.at_once = 1;
    world.plan.count = 70;
    world_open();
    run();
    assert_int_equal(world.crowd.done, 70);
    assert_int_equal(crowd_counters(&world.crowd).datagrams_out, 210);
    assert_int_equal(crowd_counters(&world.crowd).retransmissions, 0);
}

static void what_is_nobodys_is_left_alone(void **state)
{
    (void)state;
    world_open();
    static const uint8_t octets[28] = {1, 2, 3};
    struct datagram datagram = {.octets = bytes_of(octets, sizeof octets)};
    assert_null(crowd_receive(&world.crowd, &datagram, world.now_ns));
    datagram.octets.length = 7;
    assert_null(crowd_receive(&world.crowd, &datagram, world.now_ns));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_closed_loop_makes_and_deletes),
        CASE(a_latency_counts_from_when_it_was_due),
        CASE(silence_is_a_timeout),
        CASE(what_does_not_end_is_not_waited_for),
        CASE(a_refusal_has_its_name),
        CASE(without_a_child_sa_it_has_failed),
        CASE(cookies_are_brought_back),
        CASE(who_keeps_leaves_all_standing),
        CASE(what_the_responder_ends_is_lost),
        CASE(one_client_goes_on_and_on),
        CASE(what_is_nobodys_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
