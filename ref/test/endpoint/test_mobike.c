/* Moving: MOBIKE (RFC 4555) with and without NATs, and a NAT's new mapping without MOBIKE (RFC 7296
 * 2.23). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "test/endpoint/world.h"

static struct world world;
static struct world_side *const a = &world.sides[0];
static struct world_side *const b = &world.sides[1];

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 5);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

static void start(void)
{
    world_boot(&world);
    world_connect(&world);
}

static void no_mobike(void)
{
    a->peers[0].mobike = b->peers[0].mobike = false;
}

static void assert_at(const struct transport_address *at, const char *text)
{
    char out[ADDRESS_TEXT_MAX];
    assert_string_equal(address_format(&at->ip, out), text);
}

static void move(const char *text)
{
    world_address_set(&world, 0, text);
    uint32_t id = world_roam(&world, 0, text);
    assert_int_not_equal(id, 0);
    world_run(&world, 5 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    world_assert_agreement(&world);
}

static void test_there_and_back(void **state)
{
    (void)state;
    start();
    move("192.0.2.11");
    assert_at(&b->child[0].info.path.remote, "192.0.2.11");
    assert_at(&b->ike[0].info.path.remote, "192.0.2.11");
    assert_int_equal(a->roam_done, 1);
    move("192.0.2.1");
    assert_at(&b->child[0].info.path.remote, "192.0.2.1");
    assert_int_equal(a->child_ups, 1); /* moved, not made anew */
}

/* 3.5: whoever says where its peer may be has its Child SAs lead nowhere else. The peer, told so,
 * goes: better no IKE SA than one whose ESP goes astray. */
static void test_nowhere_but_where_the_policy_says(void **state)
{
    (void)state;
    b->peers[0].remote_addresses.count = 2;
    b->peers[0].remote_addresses.items[0] = world_address("192.0.2.1");
    b->peers[0].remote_addresses.items[1] = world_address("192.0.2.11");
    start();
    move("192.0.2.11");
    world_address_set(&world, 0, "192.0.2.12");
    uint32_t id = world_roam(&world, 0, "192.0.2.12");
    world_run(&world, 5 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_PEER(UNACCEPTABLE_ADDRESSES));
    assert_int_equal(b->child_moved, 1);
    assert_int_equal(a->ike_count + b->ike_count + a->child_count + b->child_count, 0);
}

static void test_costs_four_messages(void **state)
{
    (void)state;
    start();
    world.packet_count = 0;
    move("192.0.2.11");
    assert_int_equal(world.packet_count,
                     4); /* the update, and the check of the new address (3.7) */
}

/* Child SAs follow only when the new address has been seen to work. */
static enum world_fate lose_return_routability(struct world *w, struct world_packet *packet,
                                               void *context)
{
    (void)w;
    const unsigned *until = context;
    return packet->number >= 3 && packet->number < *until ? WORLD_DROP : WORLD_PASS;
}

static void test_children_wait_for_the_check(void **state)
{
    (void)state;
    unsigned until = 6;
    start();
    world.packet_count = 0;
    world.hook = lose_return_routability;
    world.hook_context = &until;
    world_address_set(&world, 0, "192.0.2.11");
    assert_int_not_equal(world_roam(&world, 0, "192.0.2.11"), 0);
    world_run(&world, 100 * WORLD_MS);
    assert_at(&b->ike[0].info.path.remote, "192.0.2.11");
    assert_at(&b->child[0].info.path.remote, "192.0.2.1");
    world_run(&world, 10 * WORLD_S);
    assert_at(&b->child[0].info.path.remote, "192.0.2.11");
    world_assert_agreement(&world);
}

static void test_to_ipv6_and_back(void **state)
{
    (void)state;
    world_address_add(&world, 1, "2001:db8::2");
    world_boot(&world);
    struct command told = {.type = COMMAND_ADDRESSES, .addresses = b->addresses};
    assert_int_not_equal(world_command_with(&world, 1, told), 0); /* b tells a in IKE_AUTH */
    world_connect(&world);
    move("2001:db8::1");
    assert_at(&a->child[0].info.path.remote, "2001:db8::2");
    assert_at(&b->child[0].info.path.remote, "2001:db8::1");
    move("192.0.2.1");
    assert_at(&a->child[0].info.path.remote, "192.0.2.2");
}

static void test_into_and_out_of_a_nat(void **state)
{
    (void)state;
    start();
    assert_false(a->child[0].info.udp_encapsulation);
    struct world_nat *nat = world_nat_add(&world, "10.99.0.5", "198.51.100.7");
    move("10.99.0.5");
    assert_true(a->child[0].info.udp_encapsulation);
    assert_true(b->child[0].info.udp_encapsulation);
    assert_at(&b->child[0].info.path.remote, "198.51.100.7");
    nat->on = false;
    move("192.0.2.1");
    assert_false(a->child[0].info.udp_encapsulation);
    assert_false(b->child[0].info.udp_encapsulation);
}

/* ---- NATs forbidden, RFC 4555 3.9 ---- */

static void forbid_nats(void)
{
    a->peers[0].nat_traversal = false;
    a->peers[0].retransmission.tries = 3;
}

static void test_without_nat_traversal_it_moves_all_the_same(void **state)
{
    (void)state;
    forbid_nats();
    start();
    assert_int_equal(a->ike[0].info.path.remote.port, 500); /* no reason to float */
    move("192.0.2.11");
    assert_at(&b->child[0].info.path.remote, "192.0.2.11");
    assert_false(a->child[0].info.udp_encapsulation || b->child[0].info.udp_encapsulation);
}

/* Each try begins with IKE_SA_INIT, and all of them are refused. */
static void test_a_nat_on_the_way_is_found_out(void **state)
{
    (void)state;
    forbid_nats();
    world_nat_add(&world, "192.0.2.1", "198.51.100.7");
    world_boot(&world);
    uint32_t id = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 20 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_PEER(UNEXPECTED_NAT_DETECTED));
    assert_int_equal(world.packet_count, 3 * 4);
    assert_int_equal(a->ike_ups + b->ike_ups, 0);
    assert_int_equal(a->child_failed, 1); /* of the last try */
    assert_null(world_residue(&world, 0));
}

/* Somebody has changed one packet only: the next try succeeds, with all that was asked for. */
static enum world_fate nat_goes(struct world *w, struct world_packet *packet, void *context)
{
    (void)context;
    if (packet->number == 5) {
        w->nats[0].on = false;
        packet->path.local.ip = world_address("192.0.2.1");
    }
    return WORLD_PASS;
}

static void test_one_packet_changed_keeps_nobody_away(void **state)
{
    (void)state;
    forbid_nats();
    world_nat_add(&world, "192.0.2.1", "198.51.100.7");
    uint16_t second = world_add_child(&world, 0, 1);
    world_boot(&world);
    world.hook = nat_goes;
    struct command other = {.type = COMMAND_INITIATE, .child_index = second};
    uint32_t first = world_command(&world, 0, COMMAND_INITIATE);
    uint32_t id = world_command_with(&world, 0, other);
    world_run(&world, 20 * WORLD_S);
    assert_int_equal(world_result(&world, 0, first), STATUS_OK);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    assert_int_equal(a->child_count, 2);
    assert_int_equal(a->child_failed, 0);
    world_assert_agreement(&world);
}

/* Roaming behind a NAT: said anew as often as we try, and then it is the end. */
static void test_no_way_behind_a_nat(void **state)
{
    (void)state;
    forbid_nats();
    start();
    world_nat_add(&world, "10.99.0.5", "198.51.100.7");
    world.packet_count = 0;
    world_address_set(&world, 0, "10.99.0.5");
    uint32_t id = world_roam(&world, 0, "10.99.0.5");
    world_run(&world, 5 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_PEER(UNEXPECTED_NAT_DETECTED));
    assert_int_equal(world.packet_count, 3 * 2 + 2); /* three updates, and the Delete */
    assert_int_equal(b->ike_moved, 0);
    assert_int_equal(a->ike_count + b->ike_count, 0);
}

/* Of a responder's word about its addresses as well. */
static void test_a_responder_forbids_nats_too(void **state)
{
    (void)state;
    forbid_nats();
    b->peers[0].retransmission.tries = 3;
    start();
    world_nat_add(&world, "10.99.0.6", "198.51.100.8");
    world.packet_count = 0;
    world_address_set(&world, 1, "10.99.0.6");
    uint32_t id = world_roam(&world, 1, "10.99.0.6");
    world_run(&world, 5 * WORLD_S);
    assert_int_equal(world_result(&world, 1, id), STATUS_PEER(UNEXPECTED_NAT_DETECTED));
    assert_at(&a->ike[0].info.path.remote, "192.0.2.2");
}

static void test_connects_behind_a_nat(void **state)
{
    (void)state;
    world_nat_add(&world, "192.0.2.1", "198.51.100.7");
    start();
    assert_true(a->ike[0].info.nat_local);
    assert_false(a->ike[0].info.nat_remote);
    assert_true(b->ike[0].info.nat_remote);
    assert_true(a->child[0].info.udp_encapsulation);
}

static void test_both_behind_nats(void **state)
{
    (void)state;
    world_nat_add(&world, "192.0.2.1", "198.51.100.7");
    struct world_nat *nat = world_nat_add(&world, "192.0.2.2", "198.51.100.8");
    for (uint16_t i = 0; i < 2; i++) { /* the router forwards both ports */
        nat->mappings[i].inside = (struct transport_address){b->addresses.items[0], i ? 4500 : 500};
        nat->mappings[i].outside =
            (struct transport_address){world_address("198.51.100.8"), i ? 4500 : 500};
        nat->count++;
    }
    start();
    assert_true(a->ike[0].info.nat_local && a->ike[0].info.nat_remote);
    assert_true(b->child[0].info.udp_encapsulation);
}

/* RFC 4555 3.8: the initiator notices by its liveness checks. */
static void test_rebinding_with_mobike(void **state)
{
    (void)state;
    a->peers[0].liveness_ns = 2 * WORLD_S;
    struct world_nat *nat = world_nat_add(&world, "192.0.2.1", "198.51.100.7");
    start();
    for (unsigned i = 0; i < 5; i++) {
        world_nat_rebind(nat);
        world_run(&world, 3 * WORLD_S);
        world_assert_agreement(&world);
    }
    unsigned moves = b->ike_moved;
    world_run(&world, 30 * WORLD_S);
    assert_int_equal(b->ike_moved, moves); /* nothing moves when nothing has changed */
}

/* RFC 7296 2.23: the responder follows authentic traffic. */
static void test_rebinding_without_mobike(void **state)
{
    (void)state;
    no_mobike();
    a->peers[0].liveness_ns = 2 * WORLD_S;
    struct world_nat *nat = world_nat_add(&world, "192.0.2.1", "198.51.100.7");
    start();
    assert_false(a->ike[0].info.mobike);
    for (unsigned i = 0; i < 5; i++) {
        world_nat_rebind(nat);
        world_run(&world, 3 * WORLD_S);
        world_assert_agreement(&world);
    }
    assert_int_equal(b->ike_moved, 5);
}

static void test_rebinding_seen_by_esp(void **state)
{
    (void)state;
    struct world_nat *nat = world_nat_add(&world, "192.0.2.1", "198.51.100.7");
    start();
    world_nat_rebind(nat);
    struct command c = {.type = COMMAND_PEER_MOVED,
                        .spi_in = b->child[0].info.spi_in,
                        .path = b->child[0].info.path};
    c.path.remote.port = 33333;
    assert_int_not_equal(world_command_with(&world, 1, c), 0);
    assert_int_equal(b->child[0].info.path.remote.port, 33333);
    assert_int_not_equal(b->ike[0].info.path.remote.port, 33333); /* that takes an update (3.8) */
}

static void test_nobody_moves_who_is_not_behind_a_nat(void **state)
{
    (void)state;
    no_mobike();
    start();
    struct command c = {.type = COMMAND_PEER_MOVED,
                        .spi_in = b->child[0].info.spi_in,
                        .path = b->child[0].info.path};
    c.path.remote.ip = world_address("203.0.113.66");
    (void)world_command_with(&world, 1, c);
    assert_int_equal(b->child_moved, 0);
}

static void test_keepalives(void **state)
{
    (void)state;
    a->peers[0].keepalive_ns = b->peers[0].keepalive_ns = 20 * WORLD_S;
    world_nat_add(&world, "192.0.2.1", "198.51.100.7");
    start();
    world_run(&world, 110 * WORLD_S);
    assert_int_equal(a->keepalives, 5);
    assert_int_equal(b->keepalives, 0); /* only who is behind the NAT (RFC 3948 4) */
    struct command c = {.type = COMMAND_TRAFFIC, .spi_in = a->child[0].info.spi_in};
    for (unsigned i = 0; i < 10; i++) {
        c.last_in_ns = c.last_out_ns = world.now_ns;
        (void)world_command_with(&world, 0, c);
        world_run(&world, 10 * WORLD_S);
    }
    assert_int_equal(a->keepalives, 5);
}

static void test_roam_during_a_rekey(void **state)
{
    static const enum command_type rekeys[] = {COMMAND_REKEY_CHILD, COMMAND_REKEY_IKE};
    for (unsigned kind = 0; kind < 4; kind++) {
        for (unsigned ms = 0; ms < 40; ms += 2) {
            tear_down(state);
            set_up(state);
            start();
            assert_int_not_equal(world_command(&world, kind % 2, rekeys[kind / 2]), 0);
            world_run(&world, ms * WORLD_MS);
            move("192.0.2.11");
            assert_int_equal(a->child_count, 1);
            assert_int_equal(a->ike_count, 1);
        }
    }
}

static enum world_fate lose(struct world *w, struct world_packet *packet, void *context)
{
    const uint64_t *lost = context;
    (void)w;
    return (*lost >> packet->number & 1) != 0 ? WORLD_DROP : WORLD_PASS;
}

/* Any two of the first messages lost. */
static void test_roam_with_loss(void **state)
{
    for (unsigned i = 1; i < 10; i++) {
        for (unsigned k = i; k < 10; k++) {
            uint64_t lost = 1ULL << i | 1ULL << k;
            tear_down(state);
            set_up(state);
            start();
            world.packet_count = 0;
            world.hook = lose;
            world.hook_context = &lost;
            move("192.0.2.11");
            move("192.0.2.1");
        }
    }
}

static void test_moving_on_before_it_is_done(void **state)
{
    static const char *const places[] = {"192.0.2.11", "192.0.2.21", "192.0.2.1", "192.0.2.31"};
    for (unsigned ms = 0; ms < 30; ms++) {
        tear_down(state);
        set_up(state);
        start();
        for (unsigned i = 0; i < 20; i++) {
            world_address_set(&world, 0, places[i % 4]);
            assert_int_not_equal(world_roam(&world, 0, places[i % 4]), 0);
            world_run(&world, ms * WORLD_MS);
        }
        world_run(&world, 30 * WORLD_S);
        world_assert_agreement(&world);
        assert_at(&b->child[0].info.path.remote, "192.0.2.31");
        assert_int_equal(world_unanswered(&world, 0), 0);
    }
}

/* No route, then another network after longer than all tries would have taken at once. */
static void test_without_a_network_for_a_while(void **state)
{
    (void)state;
    start();
    a->addresses.count = 0;
    assert_int_not_equal(world_roam(&world, 0, NULL), 0);
    world_run(&world, 20 * WORLD_S);
    move("192.0.2.11");
    assert_int_equal(a->child_ups, 1);
}

/* Both networks work for a while: an answer that still comes over the one we have left does not
 * take us back. */
static void test_late_answer_over_the_old_path(void **state)
{
    for (unsigned ms = 0; ms < 20; ms++) {
        tear_down(state);
        set_up(state);
        start();
        world_address_add(&world, 0, "192.0.2.11");
        assert_int_not_equal(world_command(&world, 0, COMMAND_LIVENESS), 0);
        world_run(&world, ms * WORLD_MS);
        assert_int_not_equal(world_roam(&world, 0, "192.0.2.11"), 0);
        world_run(&world, 5 * WORLD_S);
        world_assert_agreement(&world);
        assert_at(&b->child[0].info.path.remote, "192.0.2.11");
        assert_int_equal(a->roam_done, 1);
    }
}

/* From one dead network to the next: each has all the tries. */
static void test_long_search_for_a_network(void **state)
{
    static const char *const places[] = {"192.0.2.11", "192.0.2.21"};
    (void)state;
    start();
    a->addresses.count = 0;
    for (unsigned i = 0; i < 20; i++) {
        assert_int_not_equal(world_roam(&world, 0, places[i % 2]), 0);
        world_run(&world, 2 * WORLD_S);
    }
    move("192.0.2.31");
    assert_int_equal(a->ike_downs, 0);
}

static void test_responder_moves(void **state)
{
    (void)state;
    start();
    world_address_add(&world, 1, "192.0.2.12");
    uint32_t id = world_roam(&world, 1, "192.0.2.2"); /* one more address: the initiator is told */
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 1, id), STATUS_OK);
    world_address_drop(&world, 1, "192.0.2.2");
    id = world_roam(&world, 1, "192.0.2.12");
    world_run(&world, 10 * WORLD_S);
    assert_int_equal(world_result(&world, 1, id), STATUS_OK);
    world_assert_agreement(&world);
    assert_at(&a->child[0].info.path.remote, "192.0.2.12");
}

/* The path dies without a word from the host: found by probing the others (3.10). */
static void test_path_dies_silently(void **state)
{
    (void)state;
    world_address_add(&world, 0, "192.0.2.11");
    a->peers[0].liveness_ns = 2 * WORLD_S;
    start();
    world.dead_path[0] = world_address("192.0.2.1");
    world.dead_path[1] = world_address("192.0.2.2");
    world.path_is_dead = true;
    world_run(&world, 30 * WORLD_S);
    world_assert_agreement(&world);
    assert_at(&b->child[0].info.path.remote, "192.0.2.11");
    assert_int_equal(a->ike_downs, 0);
    assert_int_equal(a->child_ups, 1);
}

/* 3.1: the responder has two addresses, one of which leads nowhere. What both then think of NATs is
 * put right by an update. */
static void test_connects_by_another_address(void **state)
{
    (void)state;
    a->peers[0].remote_addresses.count = 2;
    a->peers[0].remote_addresses.items[0] = world_address("192.0.2.2");
    a->peers[0].remote_addresses.items[1] = world_address("192.0.2.12");
    world_boot(&world);
    world_address_add(&world, 1, "192.0.2.12");
    world.dead_path[0] = world_address("192.0.2.1");
    world.dead_path[1] = world_address("192.0.2.2");
    world.path_is_dead = true;
    assert_int_not_equal(world_command(&world, 0, COMMAND_INITIATE), 0);
    world_run(&world, 20 * WORLD_S);
    assert_int_equal(a->child_count, 1);
    assert_at(&a->child[0].info.path.remote, "192.0.2.12");
    assert_int_equal(a->roam_done, 1);
    assert_false(world_core_ike_sa(&world, 1)->nat_local);
    world_assert_agreement(&world);
}

/* A wrong COOKIE2 in the answer is the end (3.7). */
static void test_wrong_cookie2(void **state)
{
    static const uint8_t wrong[] = {0, 0, 0, 24, 0, 0,  0x40, 0x11, 1,  2,  3,  4,
                                    5, 6, 7, 8,  9, 10, 11,   12,   13, 14, 15, 16};
    unsigned until = 1000;
    (void)state;
    start();
    world.packet_count = 0;
    world.hook = lose_return_routability;
    world.hook_context = &until;
    world_address_set(&world, 0, "192.0.2.11");
    assert_int_not_equal(world_roam(&world, 0, "192.0.2.11"), 0);
    world_run(&world, 100 * WORLD_MS);
    const struct ike_sa *sa = world_core_ike_sa(&world, 1);
    assert_true(sa->request.active);
    world.hook = NULL;
    struct world_forgery f = {.exchange_type = INFORMATIONAL,
                              .response = true,
                              .message_id = sa->request.message_id,
                              .first_payload = PAYLOAD_NOTIFY,
                              .payloads = bytes_of(wrong, sizeof wrong)};
    world_forge(&world, 0, &f);
    world_run(&world, 7 * WORLD_MS);
    assert_int_equal(b->ike_count, 0);
    assert_int_equal(b->last_ike_down.reason, DOWN_FAILED);
}

static void test_transport_mode_through_a_nat(void **state)
{
    (void)state;
    world_nat_add(&world, "192.0.2.1", "198.51.100.7");
    for (unsigned i = 0; i < 2; i++) {
        struct child_config *child = &world.sides[i].peers[0].children[0];
        child->transport_mode = true;
        child->local.count = child->remote.count = 0;
    }
    start();
    assert_true(b->child[0].info.transport_mode);
    char text[SELECTOR_TEXT_MAX];
    assert_string_equal(selector_format(&b->child[0].info.remote.items[0], text), "198.51.100.7");
    assert_string_equal(selector_format(&a->child[0].info.local.items[0], text), "192.0.2.1");
    for (unsigned i = 0; i < 4; i++) {
        assert_int_not_equal(world_command(&world, i % 2, COMMAND_REKEY_CHILD), 0);
        world_run(&world, WORLD_S);
        world_assert_agreement(&world);
        assert_int_equal(a->child_ups, 2 + i);
    }
    assert_string_equal(selector_format(&b->child[0].info.remote.items[0], text), "198.51.100.7");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),
        TEST(test_nowhere_but_where_the_policy_says),
        TEST(test_costs_four_messages),
        TEST(test_children_wait_for_the_check),
        TEST(test_to_ipv6_and_back),
        TEST(test_into_and_out_of_a_nat),
        TEST(test_without_nat_traversal_it_moves_all_the_same),
        TEST(test_a_nat_on_the_way_is_found_out),
        TEST(test_one_packet_changed_keeps_nobody_away),
        TEST(test_no_way_behind_a_nat),
        TEST(test_a_responder_forbids_nats_too),
        TEST(test_connects_behind_a_nat),
        TEST(test_both_behind_nats),
        TEST(test_rebinding_with_mobike),
        TEST(test_rebinding_without_mobike),
        TEST(test_rebinding_seen_by_esp),
        TEST(test_nobody_moves_who_is_not_behind_a_nat),
        TEST(test_keepalives),
        TEST(test_roam_during_a_rekey),
        TEST(test_roam_with_loss),
        TEST(test_moving_on_before_it_is_done),
        TEST(test_without_a_network_for_a_while),
        TEST(test_late_answer_over_the_old_path),
        TEST(test_long_search_for_a_network),
        TEST(test_responder_moves),
        TEST(test_path_dies_silently),
        TEST(test_connects_by_another_address),
        TEST(test_wrong_cookie2),
        TEST(test_transport_mode_through_a_nat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
