/* Whole lives in fragments, on a network that loses, copies and swaps them, and on paths that take
 * only small packets; and what strangers and a hostile peer can do with fragments. RFC 7383 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "endpoint/endpoint_store.h"
#include "protect/skf_message.h"
#include "test/endpoint/world.h"
#include "wire/ike_header.h"

static struct world world;
static struct world_side *const a = &world.sides[0];
static struct world_side *const b = &world.sides[1];

static const struct sa_store *store_of(unsigned side)
{
    return endpoint_store(world.sides[side].endpoint);
}

/* Two sides with long names, so that IKE_AUTH needs several fragments of `size` both ways. */
static void begin(uint64_t seed, uint32_t size)
{
    char names[2][220];
    world_init(&world, seed);
    for (unsigned s = 0; s < 2; s++) {
        memset(names[s], 'a' + (int)s, sizeof names[s]);
        memcpy(names[s] + sizeof names[s] - 9, ".example", 9);
    }
    for (unsigned s = 0; s < 2; s++) {
        struct peer_config *peer = &world.sides[s].peers[0];
        peer->fragment_size = size;
        assert_true(identity_parse(names[s], &peer->local_id));
        assert_true(identity_parse(names[1 - s], &peer->remote_id));
    }
}

static bool is_fragment(const struct world_packet *packet)
{
    return !packet->keepalive && packet->length > 36 && packet->octets[16] == PAYLOAD_SKF;
}

static unsigned total_of(const struct world_packet *packet)
{
    return (unsigned)packet->octets[34] << 8 | packet->octets[35];
}

/* Some messages may need their time. */
static void connect_in_time(void)
{
    uint32_t command = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 10 * WORLD_S);
    assert_int_equal(world_result(&world, 0, command), STATUS_OK);
    world_assert_agreement(&world);
}

/* ---- whole lives ---- */

static void live(void)
{
    static const struct {
        unsigned side;
        enum command_type type;
    } steps[] = {{0, COMMAND_INITIATE},   {0, COMMAND_REKEY_CHILD}, {1, COMMAND_REKEY_CHILD},
                 {0, COMMAND_REKEY_IKE},  {1, COMMAND_REKEY_IKE},   {0, COMMAND_LIVENESS},
                 {1, COMMAND_REKEY_CHILD}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        uint32_t command = world_command(&world, steps[i].side, steps[i].type);
        assert_int_not_equal(command, 0);
        world_run(&world, 30 * WORLD_S);
        assert_int_equal(world_result(&world, steps[i].side, command), STATUS_OK);
    }
    world_assert_agreement(&world);
    assert_true(world_core_ike_sa(&world, 0)->fragmentation);
    assert_true(store_of(0)->counters.fragments_out > 0);
    assert_true(store_of(1)->counters.fragments_in > 0);
}

static void test_lives(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        begin(seed, 256);
        world_boot(&world);
        live();
        world_destroy(&world);
    }
}

/* Every fragment may get lost, come twice or be overtaken; each message comes through in the end.
 */
static void test_lives_on_a_bad_network(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        begin(seed, 256);
        for (unsigned s = 0; s < 2; s++) {
            world.sides[s].peers[0].retransmission.tries = 40;
            world.sides[s].config.half_open_timeout_ns = 120 * WORLD_S;
        }
        world_boot(&world);
        world.loss_percent = 15;
        world.copy_percent = 20;
        world.jitter_ns = 20 * WORLD_MS;
        live();
        world_destroy(&world);
    }
}

/* ---- paths ---- */

struct narrow {
    size_t max; /* of the IKE message: larger ones get lost without a word */
    unsigned from;
    unsigned lost, totals, last_total;
};

static enum world_fate lose_large(struct world *w, struct world_packet *packet, void *context)
{
    struct narrow *narrow = context;
    (void)w;
    if (packet->from != narrow->from && narrow->from < 2) {
        return WORLD_PASS;
    }
    if (is_fragment(packet) && total_of(packet) != narrow->last_total) {
        assert_true(total_of(packet) > narrow->last_total || packet->octets[23] != 1);
        narrow->last_total = total_of(packet);
        narrow->totals++;
    }
    if (packet->length > narrow->max) {
        narrow->lost++;
        return WORLD_DROP;
    }
    return WORLD_PASS;
}

/* RFC 7383 2.5.2: the request is made smaller until it passes, and the answer follows it. */
static void test_a_narrow_path(void **state)
{
    struct narrow narrow = {.max = 560, .from = 2};
    (void)state;
    begin(1, 700);
    world_boot(&world);
    world.hook = lose_large;
    world.hook_context = &narrow;
    connect_in_time();
    assert_true(narrow.lost >= 3);
    const struct ike_sa *sa = world_core_ike_sa(&world, 0);
    assert_int_equal(sa->fragment_size, 576);
    unsigned lost = narrow.lost; /* what follows begins with what has passed */
    uint32_t command = world_command(&world, 0, COMMAND_REKEY_IKE);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, command), STATUS_OK);
    assert_int_equal(narrow.lost, lost);
    world_destroy(&world);
}

/* RFC 7383 2.5.2: the host hears what the path takes; nothing larger is sent once more, and what
 * fits at once. */
static void test_a_path_that_says_how_narrow_it_is(void **state)
{
    struct narrow narrow = {.max = 400 - 32, .from = 0};
    (void)state;
    begin(1, 600);
    world_boot(&world);
    world.hook = lose_large;
    world.hook_context = &narrow;
    uint32_t command = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, WORLD_S / 5);
    unsigned lost = narrow.lost;
    assert_true(lost > 0);
    const struct ike_sa *sa = store_of(0)->ike_sas;
    struct command elsewhere = {.type = COMMAND_PATH_MTU, .path = sa->path, .mtu = 400};
    struct command there = elsewhere;
    elsewhere.path.remote.ip.octets[0] ^= 1;
    (void)world_command_with(&world, 0, elsewhere);
    assert_int_equal(sa->fragment_size, 0);
    (void)world_command_with(&world, 0, there);
    assert_int_equal(sa->fragment_size, 400);
    world_run(&world, WORLD_S / 5);
    assert_int_equal(world_result(&world, 0, command), STATUS_OK);
    assert_int_equal(narrow.lost, lost);
    assert_int_equal(narrow.totals, 2);
    world_assert_agreement(&world);
    world_destroy(&world);
}

/* The request passes and its answer does not: the responder, asked again and again, cuts it
 * smaller. RFC 7383 2.4 */
static void test_a_narrow_way_back(void **state)
{
    struct narrow narrow = {.max = 560, .from = 1};
    (void)state;
    begin(1, 700);
    a->peers[0].fragment_size = 1280;
    /* the responder's name is what makes its answer larger than the request */
    assert_true(identity_parse("a.example", &a->peers[0].local_id));
    b->peers[0].remote_id = a->peers[0].local_id;
    a->peers[0].remote_id.type = 0;
    struct selector_list *ours = &a->peers[0].children[0].local;
    ours->items[0].end = ours->items[0].start;
    for (ours->count = 1; ours->count < 14; ours->count++) { /* apart, so that each is answered */
        struct traffic_selector *next = &ours->items[ours->count];
        *next = ours->items[0];
        next->start.octets[3] = next->end.octets[3] = (uint8_t)(2 * ours->count);
    }
    b->peers[0].children[0].remote = *ours;
    world_boot(&world);
    world.hook = lose_large;
    world.hook_context = &narrow;
    (void)world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 10 * WORLD_S);
    assert_int_equal(a->ike_ups, 1);
    assert_int_equal(b->ike_ups, 1);
    assert_true(narrow.lost >= 3 && narrow.last_total >= 2);
    world_assert_agreement(&world);
    world_destroy(&world);
}

static enum world_fate note_largest(struct world *w, struct world_packet *packet, void *context)
{
    size_t *largest = context;
    (void)w;
    if (packet->from == 1 && is_fragment(packet) && packet->length > *largest) {
        *largest = packet->length;
    }
    return WORLD_PASS;
}

/* Who asks in small fragments may have its reasons: the answer has fragments no larger (2.5.1). */
static void test_the_answer_is_cut_like_the_request(void **state)
{
    size_t largest = 0;
    (void)state;
    begin(1, 300);
    b->peers[0].fragment_size = 400;
    world_boot(&world);
    world.hook = note_largest;
    world.hook_context = &largest;
    connect_in_time();
    assert_int_equal(largest, 300 - 20 - 8 - 4); /* IPv4, UDP, Non-ESP marker */
    world_destroy(&world);
}

/* A peer that does not answer at all is given up, also when there is something to cut. */
static void test_nobody_there(void **state)
{
    struct narrow narrow = {.max = 400, .from = 0};
    (void)state;
    begin(1, 1280);
    world_boot(&world);
    world.hook = lose_large;
    world.hook_context = &narrow;
    uint32_t command = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 60 * WORLD_S);
    assert_int_equal(world_result(&world, 0, command), STATUS_UNREACHABLE);
    assert_true(narrow.lost > 3 + 3); /* both cuts had their tries */
    assert_null(world_residue(&world, 0));
    world_destroy(&world);
}

/* ---- who may use them ---- */

static enum world_fate count_fragments(struct world *w, struct world_packet *packet, void *context)
{
    (void)w;
    *(unsigned *)context += is_fragment(packet);
    return WORLD_PASS;
}

/* RFC 7383 2.3, 2.4: without both sides' word there are none. */
static void test_one_side_alone(void **state)
{
    (void)state;
    for (unsigned without = 0; without < 2; without++) {
        unsigned fragments = 0;
        begin(1, 256);
        world.sides[without].peers[0].fragmentation = false;
        world_boot(&world);
        world.hook = count_fragments;
        world.hook_context = &fragments;
        connect_in_time();
        assert_int_equal(fragments, 0);
        assert_false(world_core_ike_sa(&world, 0)->fragmentation);
        assert_false(world_core_ike_sa(&world, 1)->fragmentation);
        world_destroy(&world);
    }
}

/* ---- a request that was answered, 2.6.1 ---- */

struct copies {
    unsigned count;
    size_t length[32];
    uint8_t octets[32][600];
    struct path path;
};

static enum world_fate copy_fragments(struct world *w, struct world_packet *packet, void *context)
{
    struct copies *copies = context;
    (void)w;
    if (packet->from == 0 && is_fragment(packet) && copies->count < 32) {
        copies->path = packet->path;
        copies->length[copies->count] = packet->length;
        memcpy(copies->octets[copies->count++], packet->octets, packet->length);
    }
    return WORLD_PASS;
}

/* However many fragments of an answered request come again, there is one answer, to the first. */
static enum world_fate lose_the_last(struct world *w, struct world_packet *packet, void *context)
{
    (void)context;
    bool last = is_fragment(packet) && packet->octets[33] == total_of(packet);
    return last && w->now_ns < 4 * WORLD_S ? WORLD_DROP : WORLD_PASS;
}

/* While one fragment of IKE_AUTH is lost again and again, the others come again and again. Their
 * copies are no attempts to guess a key (RFC 8019 4.6), however many: with the missing one the
 * IKE SA is up. */
static void test_copies_while_one_is_missing(void **state)
{
    (void)state;
    begin(31, 300);
    world.hook = lose_the_last;
    b->config.half_open_timeout_ns = 30 * WORLD_S;
    world_boot(&world);
    uint32_t command = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 2 * WORLD_S);
    const struct ike_sa *half_open = store_of(1)->ike_sas;
    assert_int_equal(half_open->state, IKE_SA_HALF_OPEN);
    assert_non_null(half_open->partial_request);
    assert_int_equal(half_open->failures, 0);
    world_run(&world, 10 * WORLD_S);
    assert_int_equal(world_result(&world, 0, command), STATUS_OK);
    world_assert_agreement(&world);
    world_destroy(&world);
}

static void test_one_answer_for_all_fragments(void **state)
{
    struct copies copies = {0};
    (void)state;
    begin(1, 256);
    world_boot(&world);
    world.hook = copy_fragments;
    world.hook_context = &copies;
    connect_in_time();
    world.hook = NULL;
    assert_true(copies.count >= 3);
    uint64_t duplicates = world_core_ike_sa(&world, 1)->duplicates;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < copies.count; i++) {
            world_inject(&world, 0, &copies.path, copies.path.local.port == IKE_NATT_PORT,
                         bytes_of(copies.octets[i], copies.length[i]));
        }
        world_run(&world, WORLD_S);
        assert_int_equal(world_core_ike_sa(&world, 1)->duplicates, duplicates + round + 1);
    }
    assert_null(world_core_ike_sa(&world, 1)->partial_request);
    world_destroy(&world);
}

/* ---- strangers ---- */

/* Every field of the header and of SKF, every value of its octets: nothing changes, and no memory
 * is kept for any of it. */
static void test_spoiled_fragments(void **state)
{
    struct copies copies = {0};
    (void)state;
    begin(1, 256);
    world_boot(&world);
    world.hook = copy_fragments;
    world.hook_context = &copies;
    (void)world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 2 * world.delay_ns + WORLD_MS); /* IKE_AUTH is on its way */
    assert_true(copies.count >= 3);
    struct endpoint *victim = b->endpoint;
    struct datagram spoiled = {.path = {.local = copies.path.remote, .remote = copies.path.local},
                               .encapsulated = copies.path.local.port == IKE_NATT_PORT};
    for (unsigned i = 0; i < copies.count; i++) {
        for (size_t at = 0; at < 60; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                copies.octets[i][at] ^= (uint8_t)(1U << bit);
                spoiled.octets = bytes_of(copies.octets[i], copies.length[i]);
                assert_int_not_equal(endpoint_receive(victim, &spoiled, world.now_ns), STATUS_OK);
                copies.octets[i][at] ^= (uint8_t)(1U << bit);
            }
        }
        assert_null(store_of(1)->ike_sas->partial_request);
    }
    world_drain(&world, 1);
    world.hook = NULL;
    world_run(&world, 5 * WORLD_S);
    assert_int_equal(b->ike_ups, 1);
    world_assert_agreement(&world);
    world_destroy(&world);
}

/* ---- a hostile peer ---- */

/* What side 0 could say with its keys: fragment `number` of `total` of its next request. */
static void forge(uint16_t number, uint16_t total, uint32_t ahead, size_t length)
{
    static const uint8_t piece[1200];
    uint8_t octets[1400];
    struct writer w = writer_over(octets, sizeof octets);
    struct ike_sa *sa = world_core_ike_sa(&world, 0);
    struct ike_header header = {.spi_i = sa->spi_i,
                                .spi_r = sa->spi_r,
                                .exchange_type = INFORMATIONAL,
                                .flags = sa->initiator ? IKE_FLAG_INITIATOR : 0,
                                .message_id = sa->next_request + ahead};
    assert_int_equal(skf_message_seal(&sa->protection, sa->seal, &a->random, &header,
                                      PAYLOAD_VENDOR_ID, number, total, bytes_of(piece, length),
                                      &w),
                     STATUS_OK);
    world_inject(&world, 0, &sa->path, sa->encapsulated, writer_bytes(&w));
    world_run(&world, 20 * WORLD_MS);
}

static void connect_quietly(void)
{
    begin(1, 256);
    world_boot(&world);
    connect_in_time();
    world.quiet_checks = true;
}

/* A set that never ends is forgotten after a while, whatever else goes on; and numbers out of turn,
 * or of more fragments than we take, are never begun. */
static void test_sets_that_never_end(void **state)
{
    (void)state;
    connect_quietly();
    struct ike_sa *sa = world_core_ike_sa(&world, 1);
    forge(1, FRAGMENTS_MAX + 1, 0, 10);
    forge(1, 65535, 0, 10);
    forge(65535, 65535, 0, 10);
    forge(1, 2, 1, 10);  /* not its turn */
    forge(2, 2, 77, 10); /* nor this */
    assert_null(sa->partial_request);
    forge(2, FRAGMENTS_MAX, 0, 10);
    assert_non_null(sa->partial_request);
    uint32_t command = world_command(&world, 1, COMMAND_LIVENESS); /* the peer's own go on */
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 1, command), STATUS_OK);
    assert_non_null(sa->partial_request);
    world_run(&world, 40 * WORLD_S);
    assert_null(sa->partial_request);
    assert_int_equal(sa->state, IKE_SA_ESTABLISHED);
    world_destroy(&world);
}

/* The message that comes whole after all: what was there of its fragments goes. */
static void test_both_forms(void **state)
{
    (void)state;
    connect_quietly();
    struct ike_sa *sa = world_core_ike_sa(&world, 1);
    forge(1, 3, 0, 10);
    assert_non_null(sa->partial_request);
    uint32_t command = world_command(&world, 0, COMMAND_LIVENESS); /* the same Message ID */
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, command), STATUS_OK);
    assert_null(sa->partial_request);
    world_destroy(&world);
}

/* More octets than one message may have: the IKE SA ends, and nothing of it stays (RFC 7383 5). */
static void test_too_much(void **state)
{
    (void)state;
    connect_quietly();
    for (uint16_t number = 1; number <= IKE_MESSAGE_MAX / 1200; number++) {
        forge(number, FRAGMENTS_MAX, 0, 1200);
        assert_int_equal(b->ike_downs, 0);
    }
    forge(FRAGMENTS_MAX, FRAGMENTS_MAX, 0, 1200);
    assert_int_equal(b->ike_downs, 1);
    assert_int_equal(b->last_ike_down.reason, DOWN_FAILED);
    world_destroy(&world);
}

/* Totals that grow with every fragment: each throws away what was there, none adds up. */
static void test_growing_totals(void **state)
{
    (void)state;
    connect_quietly();
    struct ike_sa *sa = world_core_ike_sa(&world, 1);
    for (uint16_t total = 2; total <= FRAGMENTS_MAX; total++) {
        forge(1, total, 0, 1200);
        assert_int_equal(sa->partial_request->length, 1200);
        assert_int_equal(sa->partial_request->total, total);
    }
    forge(2, 2, 0, 1200); /* an old one */
    assert_int_equal(sa->partial_request->count, 1);
    world_destroy(&world);
}

/* Authentic, complete, and no chain of payloads: as for SK, the peer is told and both are done. */
static void test_joined_nonsense(void **state)
{
    (void)state;
    connect_quietly();
    forge(1, 2, 0, 3);
    forge(2, 2, 0, 3);
    assert_int_equal(b->ike_downs, 1);
    assert_true(b->last_ike_down.status == STATUS_NOTIFY(INVALID_SYNTAX));
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_while_one_is_missing),
        cmocka_unit_test(test_lives),
        cmocka_unit_test(test_lives_on_a_bad_network),
        cmocka_unit_test(test_a_narrow_path),
        cmocka_unit_test(test_a_path_that_says_how_narrow_it_is),
        cmocka_unit_test(test_a_narrow_way_back),
        cmocka_unit_test(test_the_answer_is_cut_like_the_request),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_one_side_alone),
        cmocka_unit_test(test_one_answer_for_all_fragments),
        cmocka_unit_test(test_spoiled_fragments),
        cmocka_unit_test(test_sets_that_never_end),
        cmocka_unit_test(test_both_forms),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_growing_totals),
        cmocka_unit_test(test_joined_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
