/* Client puzzles between two endpoints, and with one who does not play by the rules. RFC 8019 7. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/client_puzzle.h"
#include "exchange/ike_sa_init.h"
#include "test/endpoint/stranger.h"
#include "test/exchange/core_lab.h"

static struct world world;
static struct world_side *const a = &world.sides[0];
static struct world_side *const b = &world.sides[1];
static struct endpoint_counters counters;

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 46);
    b->config.cookie_threshold = 0;
    b->config.puzzle_threshold = 0;
    b->config.puzzle_difficulty = 10;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

/* Somebody's junk is about: there will be a puzzle before IKE_AUTH as well. */
static struct ike_sa bad = {.state = IKE_SA_HALF_OPEN, .spi_i = 1};

static void junk_begins(void)
{
    struct half_open_table *table = &core_store(&world, 1)->half_open;
    bad.failures = 0;
    bad.path.remote = (struct transport_address){world_address("203.0.113.1"), 500};
    assert_int_equal(half_open_enter(table, &bad, world.now_ns), STATUS_OK);
    half_open_failed(table, &bad, world.now_ns);
}

static void junk_ends(void)
{
    half_open_leave(&core_store(&world, 1)->half_open, &bad, world.now_ns);
}

static enum status connect(void)
{
    uint32_t id = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 30 * WORLD_S);
    assert_true(world_answered(&world, 0, id));
    endpoint_counters(b->endpoint, &counters);
    return world_result(&world, 0, id);
}

static void test_in_ike_sa_init(void **state)
{
    (void)state;
    world_boot(&world);
    assert_int_equal(connect(), STATUS_OK);
    world_assert_agreement(&world);
    assert_int_equal(world.packet_count, 6);
    assert_int_equal(counters.puzzles_sent, 1);
    assert_int_equal(counters.puzzles_solved, 1);
}

static void test_in_ike_auth_too(void **state)
{
    (void)state;
    world_boot(&world);
    junk_begins();
    assert_int_equal(connect(), STATUS_OK);
    junk_ends();
    world_assert_agreement(&world);
    assert_int_equal(world.packet_count, 6);
    assert_int_equal(counters.puzzles_solved, 2);
}

/* In fragments: the solution goes with the first one alone, which all others wait for. */
static unsigned late; /* the number of the first fragment, held back */

static enum world_fate hold_first_fragment(struct world *w, struct world_packet *packet,
                                           void *context)
{
    struct ike_header header;
    struct payload_chain outer;
    (void)w;
    (void)context;
    if (packet->from != 0 ||
        ike_header_parse(bytes_of(packet->octets, packet->length), &header) != STATUS_OK ||
        header.exchange_type != IKE_AUTH) {
        return WORLD_PASS;
    }
    assert_int_equal(payload_chain_parse(header.next_payload,
                                         bytes_of(packet->octets + 28, packet->length - 28),
                                         &outer),
                     STATUS_OK);
    bool first = outer.items[0].type == PAYLOAD_PS;
    assert_int_equal(outer.count, first ? 2 : 1);
    assert_int_equal(outer.items[outer.count - 1].type, PAYLOAD_SKF);
    assert_true(packet->length + 28 <= 300);
    if (first && late++ == 0) {
        packet->at_ns += 50 * WORLD_MS;
    }
    return WORLD_PASS;
}

static void test_in_fragments(void **state)
{
    (void)state;
    struct identity *id = &a->peers[0].local_id;
    a->peers[0].fragmentation = b->peers[0].fragmentation = true;
    memset(id->data, 'x', id->length = 200);
    b->peers[0].remote_id = *id;
    a->peers[0].fragment_size = 300;
    world.hook = hold_first_fragment;
    late = 0;
    world_boot(&world);
    junk_begins();
    assert_int_equal(connect(), STATUS_OK);
    junk_ends();
    assert_true(late > 1); /* those that came before it were of no use */
    world_assert_agreement(&world);
}

static void test_through_loss(void **state)
{
    (void)state;
    world.loss_percent = 25;
    world.copy_percent = 25;
    a->peers[0].retransmission.tries = 15;
    b->config.half_open_timeout_ns = 60 * WORLD_S;
    world_boot(&world);
    for (unsigned i = 0; i < 20; i++) {
        junk_begins();
        assert_int_equal(connect(), STATUS_OK);
        junk_ends();
        assert_int_not_equal(world_command(&world, 0, COMMAND_DELETE_IKE), 0);
        world_run(&world, 60 * WORLD_S);
    }
}

/* Too hard for us: the cookie alone goes back, and there may be luck (7.1.2). */
static void test_too_hard_for_ike_sa_init(void **state)
{
    (void)state;
    a->config.puzzle_difficulty_max = 9;
    world_boot(&world);
    assert_int_equal(connect(), STATUS_OK);
    assert_int_equal(counters.puzzles_sent, 1);
    assert_int_equal(counters.puzzles_solved, 0);
}

static void test_no_puzzles_for_us(void **state)
{
    (void)state;
    a->config.puzzle_difficulty_max = 0;
    world_boot(&world);
    junk_begins();
    assert_int_equal(connect(), STATUS_OK); /* nor before IKE_AUTH: we have solved none (7.2.1) */
    junk_ends();
    assert_int_equal(counters.puzzles_solved, 0);
}

/* Too hard before IKE_AUTH: there is no way on, and whoever asked is told why (7.2.2, 9). */
static void test_too_hard_for_ike_auth(void **state)
{
    (void)state;
    a->config.puzzle_difficulty_max = 11; /* 12 is what is demanded there */
    world_boot(&world);
    junk_begins();
    assert_int_equal(connect(), STATUS_PEER(PUZZLE));
    junk_ends();
    assert_int_equal(a->last_ike_down.reason, DOWN_REFUSED);
    world_run(&world, 60 * WORLD_S);
    assert_null(world_residue(&world, 0));
}

static void test_difficulty_of_our_choice(void **state)
{
    (void)state;
    b->config.puzzle_difficulty = 0;
    a->config.puzzle_difficulty_max = 10;
    world_boot(&world);
    assert_int_equal(connect(), STATUS_OK);
    assert_int_equal(counters.puzzles_solved, 1);
}

/* A PUZZLE without a COOKIE is no answer (7.1.2). */
static enum world_fate spoil_cookies(struct world *w, struct world_packet *packet, void *context)
{
    unsigned *spoilt = context;
    (void)w;
    if (packet->from == 1 && packet->octets[16] == PAYLOAD_NOTIFY && (*spoilt)++ < 2) {
        packet->octets[34] = 0x40; /* no longer COOKIE, but a status nobody knows */
        packet->octets[35] = 0xff;
    }
    return WORLD_PASS;
}

static void test_puzzle_without_cookie(void **state)
{
    unsigned spoilt = 0;
    (void)state;
    world.hook = spoil_cookies;
    world.hook_context = &spoilt;
    world_boot(&world);
    assert_int_equal(connect(), STATUS_OK);
    assert_int_equal(spoilt, 3);
}

/* An error that anybody may have sent, and then a puzzle: it is solved, however long that takes. */
static enum world_fate refuse_first(struct world *w, struct world_packet *packet, void *context)
{
    static const uint8_t error[] = {0, 0, 0, 8, 0, 0, 0, NO_PROPOSAL_CHOSEN};
    unsigned *refused = context;
    if (packet->from == 1 && packet->octets[16] == PAYLOAD_NOTIFY && (*refused)++ == 0) {
        uint8_t octets[IKE_HEADER_LENGTH + sizeof error];
        struct path back = packet->path;
        memcpy(octets, packet->octets, IKE_HEADER_LENGTH);
        memcpy(octets + IKE_HEADER_LENGTH, error, sizeof error);
        octets[26] = 0;
        octets[27] = sizeof octets;
        world_inject(w, 1, &back, false, bytes_of(octets, sizeof octets));
        packet->at_ns += 100 * WORLD_MS;
    }
    return WORLD_PASS;
}

static void test_error_before_the_puzzle(void **state)
{
    unsigned refused = 0;
    (void)state;
    b->config.puzzle_difficulty = 20; /* some hundred slices: longer than an error is waited on */
    world.hook = refuse_first;
    world.hook_context = &refused;
    world_boot(&world);
    assert_int_equal(connect(), STATUS_OK);
    assert_true(refused > 0);
}

/* Nobody searches for an IKE SA that has been given up. */
static void test_deleted_while_searching(void **state)
{
    (void)state;
    b->config.puzzle_difficulty = 20;
    world_boot(&world);
    uint32_t id = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 3 * world.delay_ns);
    assert_true(core_store(&world, 0)->ike_sas->init->searching);
    assert_int_not_equal(world_command(&world, 0, COMMAND_DELETE_IKE), 0);
    assert_true(world_answered(&world, 0, id));
    assert_true(endpoint_deadline(a->endpoint) > world.now_ns);
    world_run(&world, 60 * WORLD_S);
    assert_null(world_residue(&world, 0));
}

/* ---- the responder and a stranger ---- */

static unsigned keys_derived(const struct sa_store *store)
{
    unsigned count = 0;
    for (const struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        count += sa->open != NULL;
    }
    return count;
}

/* 7.2.4: no key exchange for IKE_AUTH without the solution, and keys once made are kept (4.6). */
static void test_ike_auth_needs_the_solution(void **state)
{
    struct stranger s;
    (void)state;
    world_boot(&world);
    struct sa_store *store = core_store(&world, 1);
    junk_begins();
    b->config.cookie_threshold = 1; /* so that there is an attack */
    stranger_init(&s, 1);
    (void)stranger_ask(&s, b, world.now_ns);
    stranger_solve(&s);
    (void)stranger_ask(&s, b, world.now_ns);
    assert_true(s.accepted);
    assert_int_equal(keys_derived(store), 0);
    s.keys_length = 0;
    assert_int_equal(stranger_auth_noise(&s, b, world.now_ns), STATUS_DROP);
    memset(s.keys, 1, sizeof s.keys);
    s.keys_length = 16;
    assert_int_equal(stranger_auth_noise(&s, b, world.now_ns), STATUS_DROP);
    assert_int_equal(store->ike_sas->failures, 0); /* that cost us nothing */
    assert_int_equal(keys_derived(store), 0);
    stranger_solve(&s);
    assert_int_equal(stranger_auth_noise(&s, b, world.now_ns), STATUS_DROP);
    assert_int_equal(keys_derived(store), 1);
    assert_int_equal(store->ike_sas->failures, 1);
    const struct protector *opened = store->ike_sas->open;
    s.keys_length = 0; /* it need not be looked at again */
    assert_int_equal(stranger_auth_noise(&s, b, world.now_ns), STATUS_DROP);
    assert_ptr_equal(store->ike_sas->open, opened);
    assert_int_equal(store->ike_sas->failures, 2);
    junk_ends();
}

/* A public value that is none shows only when the keys are made. */
static void test_bad_public_value_shows_late(void **state)
{
    struct stranger s;
    (void)state;
    b->config.puzzles = false;
    world_boot(&world);
    struct sa_store *store = core_store(&world, 1);
    junk_begins();
    b->config.cookie_threshold = 1;
    stranger_init(&s, 1);
    memset(s.public_value, 0, sizeof s.public_value);
    (void)stranger_ask(&s, b, world.now_ns);
    (void)stranger_ask(&s, b, world.now_ns);
    assert_true(s.accepted);
    assert_int_equal(stranger_auth_noise(&s, b, world.now_ns), STATUS_DROP);
    assert_int_equal(s.answers, 0);
    assert_int_equal(store->ike_sas->state, IKE_SA_CLOSED);
    junk_ends();
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_in_ike_sa_init),
        CASE(test_in_ike_auth_too),
        CASE(test_in_fragments),
        CASE(test_through_loss),
        CASE(test_too_hard_for_ike_sa_init),
        CASE(test_no_puzzles_for_us),
        CASE(test_too_hard_for_ike_auth),
        CASE(test_difficulty_of_our_choice),
        CASE(test_puzzle_without_cookie),
        CASE(test_error_before_the_puzzle),
        CASE(test_deleted_while_searching),
        CASE(test_ike_auth_needs_the_solution),
        CASE(test_bad_public_value_shows_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
