/* Two endpoints meet: IKE_SA_INIT, IKE_AUTH and the first Child SAs, RFC 7296 1.2, 1.3.1, 2.6, 2.7,
 * 2.9, 2.15, 2.21. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "protect/sk_message.h"
#include "test/endpoint/world.h"

static struct world world;
static struct world_side *const a = &world.sides[0];
static struct world_side *const b = &world.sides[1];

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

static void propose(const char *ike, const char *esp)
{
    for (unsigned i = 0; i < 2; i++) {
        world_propose(&world.sides[i].peers[0].proposals, PROTOCOL_IKE, ike);
        world_propose(&world.sides[i].peers[0].children[0].proposals, PROTOCOL_ESP, esp);
    }
}

/* Initiates and waits until all is quiet, whatever comes of it. */
static enum status try_to_connect(void)
{
    uint32_t id = world_command(&world, 0, COMMAND_INITIATE);
    assert_int_not_equal(id, 0);
    world_run(&world, 60 * WORLD_S);
    assert_true(world_answered(&world, 0, id));
    return world_result(&world, 0, id);
}

static void assert_nothing_left(void)
{
    for (unsigned i = 0; i < 2; i++) {
        const char *what = world_residue(&world, i);
        assert_string_equal(what != NULL ? what : "nothing", "nothing");
    }
}

static void test_takes_four_messages(void **state)
{
    (void)state;
    world_boot(&world);
    world_connect(&world);
    assert_int_equal(world.packet_count, 4);
    assert_int_equal(a->ike_count, 1);
    assert_int_equal(a->child_count, 1);
    assert_true(a->ike[0].info.initiator);
    assert_false(b->ike[0].info.initiator);
    assert_true(a->child[0].info.spi_in >= 256);
}

static void test_every_algorithm(void **state)
{
    static const char *const groups[] = {"x25519", "x448",     "ecp256",   "ecp384",
                                         "ecp521", "modp2048", "modp3072", "modp4096"};
    static const char *const ciphers[][2] = {
        {"aes128gcm16-prfsha256", "aes256gcm16-esn"},
        {"aes256gcm16-prfsha512", "aes128-sha256"},
        {"chacha20poly1305-prfsha384", "chacha20poly1305-esn"},
        {"aes128-sha256", "aes192-sha384"},
        {"aes256-sha512", "aes256-sha512-esn"},
        {"aes192-sha384", "aes192gcm16"},
    };
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        for (size_t c = 0; c < (g < 2 ? sizeof ciphers / sizeof ciphers[0] : 1); c++) {
            char ike[80];
            char esp[80];
            snprintf(ike, sizeof ike, "%s-%s", ciphers[c][0], groups[g]);
            snprintf(esp, sizeof esp, "%s-%s", ciphers[c][1], groups[g]);
            tear_down(state);
            set_up(state);
            propose(ike, esp);
            world_boot(&world);
            world_connect(&world);
            assert_string_equal(a->ike[0].info.key_exchange->name, groups[g]);
            assert_int_not_equal(world_command(&world, 0, COMMAND_REKEY_CHILD), 0);
            world_run(&world, WORLD_S);
            assert_string_equal(a->child[0].info.key_exchange->name, groups[g]);
            assert_int_not_equal(world_command(&world, 1, COMMAND_REKEY_IKE), 0);
            world_run(&world, WORLD_S);
            world_assert_agreement(&world);
            assert_int_equal(b->ike_rekeyed, 1);
        }
    }
}

static void test_wrong_key(void **state)
{
    (void)state;
    b->peers[0].psk[0] ^= 1;
    world_boot(&world);
    assert_int_equal(try_to_connect(), STATUS_PEER(AUTHENTICATION_FAILED));
    assert_int_equal(a->last_ike_down.reason, DOWN_REFUSED);
    assert_int_equal(b->last_ike_down.reason, DOWN_FAILED);
    assert_int_equal(a->ike_ups + b->ike_ups + a->child_ups + b->child_ups, 0);
    assert_int_equal(a->child_failed, 1);
    assert_nothing_left();
}

/* Which name the initiator asks for is the responder's to have. */
static void test_responder_has_another_name(void **state)
{
    (void)state;
    assert_true(identity_parse("key:other", &a->peers[0].remote_id));
    world_boot(&world);
    assert_int_equal(try_to_connect(), STATUS_PEER(AUTHENTICATION_FAILED));
    assert_nothing_left();
}

/* The responder proves itself badly: it is told, and gives up what it thought was up (2.21.2). */
static void test_responder_fails_to_prove_itself(void **state)
{
    (void)state;
    world_boot(&world);
    assert_int_not_equal(world_command(&world, 0, COMMAND_INITIATE), 0);
    world_run(&world, 12 * WORLD_MS);
    a->peers[0].psk[0] ^= 1; /* IKE_AUTH was made with the key they share, its answer is not */
    world_run(&world, 60 * WORLD_S);
    assert_int_equal(world_result(&world, 0, 1), STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_int_equal(a->last_ike_down.reason, DOWN_FAILED);
    assert_int_equal(b->last_ike_down.reason, DOWN_REFUSED);
    assert_int_equal(b->ike_ups, 1);
    assert_nothing_left();
}

static void test_unknown_identity(void **state)
{
    (void)state;
    assert_true(identity_parse("stranger", &a->peers[0].local_id));
    world_boot(&world);
    assert_int_equal(try_to_connect(), STATUS_PEER(AUTHENTICATION_FAILED));
    assert_nothing_left();
}

static void test_no_common_ike_proposal(void **state)
{
    (void)state;
    world_propose(&b->peers[0].proposals, PROTOCOL_IKE, "aes256-sha512-x25519");
    world_boot(&world);
    assert_int_equal(try_to_connect(), STATUS_PEER(NO_PROPOSAL_CHOSEN));
    assert_int_equal(a->last_ike_down.reason, DOWN_REFUSED);
    assert_nothing_left();
}

static void test_no_common_esp_proposal(void **state)
{
    (void)state;
    world_propose(&b->peers[0].children[0].proposals, PROTOCOL_ESP, "aes256-sha512");
    world_boot(&world);
    assert_int_equal(try_to_connect(), STATUS_PEER(NO_PROPOSAL_CHOSEN));
    assert_int_equal(a->last_child_failed.status, STATUS_PEER(NO_PROPOSAL_CHOSEN));
    assert_int_equal(a->ike_ups, 1); /* authenticated, but of no use: deleted again */
    assert_nothing_left();
}

static void test_no_common_selectors(void **state)
{
    (void)state;
    b->peers[0].children[0].local.items[0].start.octets[1] = 77;
    b->peers[0].children[0].local.items[0].end.octets[1] = 77;
    world_boot(&world);
    assert_int_equal(try_to_connect(), STATUS_PEER(TS_UNACCEPTABLE));
    assert_nothing_left();
}

static void test_narrowing(void **state)
{
    (void)state;
    assert_true(selector_parse("10.2.0.16/28[tcp/443]", &b->peers[0].children[0].local.items[0]));
    world_boot(&world);
    world_connect(&world);
    char text[SELECTOR_TEXT_MAX];
    assert_string_equal(selector_format(&a->child[0].info.remote.items[0], text),
                        "10.2.0.16/28[tcp/443]");
    /* a rekey keeps what was agreed upon */
    assert_int_not_equal(world_command(&world, 1, COMMAND_REKEY_CHILD), 0);
    world_run(&world, WORLD_S);
    world_assert_agreement(&world);
    assert_int_equal(a->child_ups, 2);
    assert_string_equal(selector_format(&a->child[0].info.remote.items[0], text),
                        "10.2.0.16/28[tcp/443]");
}

static void test_packet_comes_first(void **state)
{
    (void)state;
    struct command c = {.type = COMMAND_ACQUIRE};
    c.path = (struct path){{a->addresses.items[0], 500}, {b->addresses.items[0], 500}};
    c.key = (struct packet_key){.source = world_address("10.1.0.5"),
                                .destination = world_address("10.2.0.6"),
                                .protocol = IP_PROTOCOL_TCP,
                                .has_ports = true,
                                .source_port = 1234,
                                .destination_port = 80};
    world_boot(&world);
    uint32_t id = world_command_with(&world, 0, c);
    uint32_t twice = world_command_with(&world, 0, c); /* the second packet waits for the same SA */
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    assert_true(world_answered(&world, 0, twice));
    assert_int_equal(a->child_count, 1);
    world_assert_agreement(&world);
}

/* Two children of the responder cut a part out of what is offered; the one that holds the packet
 * goes before the one that is listed first (2.9). */
static void test_child_of_the_packet(void **state)
{
    (void)state;
    struct peer_config *peer = &b->peers[0];
    peer->children[1] = peer->children[0];
    peer->child_count = 2;
    assert_true(selector_parse("10.2.0.128/25", &peer->children[0].local.items[0]));
    assert_true(selector_parse("10.2.0.0/25", &peer->children[1].local.items[0]));
    struct command c = {.type = COMMAND_ACQUIRE};
    c.path = (struct path){{a->addresses.items[0], 500}, {b->addresses.items[0], 500}};
    c.key = (struct packet_key){.source = world_address("10.1.0.5"),
                                .destination = world_address("10.2.0.6"),
                                .protocol = IP_PROTOCOL_UDP};
    world_boot(&world);
    uint32_t id = world_command_with(&world, 0, c);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    char text[SELECTOR_TEXT_MAX];
    assert_string_equal(selector_format(&a->child[0].info.remote.items[0], text), "10.2.0.0/25");
    assert_int_equal(b->child[0].child_index, 1);
}

/* The initiator's AUTH becomes a Vendor ID: so it looks to who wants EAP. */
static enum world_fate take_auth_out(struct world *w, struct world_packet *packet, void *context)
{
    uint8_t plain[IKE_MESSAGE_MAX];
    struct ike_header header;
    struct payload_chain chain;
    struct bytes inner;
    struct bytes datagram = bytes_of(packet->octets, packet->length);
    struct world_forgery f = {.exchange_type = IKE_AUTH};
    bool *done = context;
    if (packet->from != 0 || *done || ike_header_parse(datagram, &header) != STATUS_OK ||
        header.exchange_type != IKE_AUTH) {
        return WORLD_PASS;
    }
    *done = true;
    struct ike_sa *sa = world_core_ike_sa_by_spis(w, 1, header.spi_i, header.spi_r);
    struct bytes behind =
        bytes_of(datagram.data + IKE_HEADER_LENGTH, datagram.length - IKE_HEADER_LENGTH);
    assert_int_equal(payload_chain_parse(header.next_payload, behind, &chain), STATUS_OK);
    assert_int_equal(sk_message_open(&sa->protection, sa->open, datagram, &chain.items[0], plain,
                                     &inner, &f.first_payload),
                     STATUS_OK);
    assert_int_equal(payload_chain_parse(f.first_payload, inner, &chain), STATUS_OK);
    for (size_t i = 0; i < chain.count; i++) {
        if (chain.items[i].next_payload == PAYLOAD_AUTH) {
            plain[chain.items[i].offset] = PAYLOAD_VENDOR_ID;
        }
    }
    f.spi_i = header.spi_i;
    f.spi_r = header.spi_r;
    f.message_id = header.message_id;
    f.payloads = inner;
    world_forge(w, 0, &f);
    return WORLD_DROP;
}

static void test_who_wants_eap_is_refused(void **state)
{
    bool done = false;
    (void)state;
    world_boot(&world);
    world.hook = take_auth_out;
    world.hook_context = &done;
    assert_int_equal(try_to_connect(), STATUS_PEER(AUTHENTICATION_FAILED));
    assert_true(done);
    assert_nothing_left();
}

static void test_cookie(void **state)
{
    (void)state;
    b->config.cookie_threshold = 0;
    world_boot(&world);
    world_connect(&world);
    assert_int_equal(world.packet_count, 6);
    struct endpoint_counters counters;
    endpoint_counters(b->endpoint, &counters);
    assert_int_equal(counters.cookies_sent, 1);
}

static void test_a_name_goes_before_any(void **state)
{
    (void)state;
    b->peers[1] = b->peers[0];
    b->peers[0].remote_id.type = 0; /* anybody, with another key */
    b->peers[0].psk[0] ^= 1;
    b->config.peer_count = 2;
    world_boot(&world);
    uint32_t id = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
}

/* A responder that wants nothing of its own cookie for a while, and says the same each time. */
struct stubborn {
    uint8_t octets[128];
    size_t length;
    uint64_t until_ns;
    unsigned refused;
};

static enum world_fate refuse_cookies(struct world *w, struct world_packet *packet, void *context)
{
    struct stubborn *stubborn = context;
    if (packet->from == 1 && stubborn->length == 0) {
        stubborn->length = packet->length;
        stubborn->until_ns = w->now_ns + WORLD_S;
        memcpy(stubborn->octets, packet->octets, packet->length);
    }
    if (packet->from == 1 || stubborn->length == 0 || w->now_ns > stubborn->until_ns) {
        return WORLD_PASS;
    }
    struct path back = {packet->path.remote, packet->path.local};
    stubborn->refused++;
    world_inject(w, 1, &back, false, bytes_of(stubborn->octets, stubborn->length));
    return WORLD_DROP;
}

static void test_cookie_said_again(void **state)
{
    (void)state;
    struct stubborn stubborn = {.length = 0};
    b->config.cookie_threshold = 0;
    world.hook = refuse_cookies;
    world.hook_context = &stubborn;
    world_boot(&world);
    uint32_t id = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 10 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    /* asked again in its own time, not as fast as it was refused */
    assert_in_range(stubborn.refused, 2, 4);
    world_assert_agreement(&world);
}

static void both_groups(struct proposal_list *list, uint16_t first, uint16_t second)
{
    struct proposal *p = &list->items[0];
    p->transforms[p->count - 1].id = first;
    p->transforms[p->count] = p->transforms[p->count - 1];
    p->transforms[p->count++].id = second;
}

static void test_other_group(void **state)
{
    (void)state;
    both_groups(&a->peers[0].proposals, WORLD_KE_A, WORLD_KE_B);
    both_groups(&a->peers[0].children[0].proposals, WORLD_KE_A, WORLD_KE_B);
    world_stand_in_ike(&b->peers[0].proposals, WORLD_KE_B);
    world_stand_in_esp(&b->peers[0].children[0].proposals, WORLD_KE_B);
    b->config.cookie_threshold = 0; /* and a cookie on top */
    world_boot(&world);
    world_connect(&world);
    assert_int_equal(a->ike[0].info.key_exchange->id, WORLD_KE_B);
    assert_int_not_equal(world_command(&world, 0, COMMAND_REKEY_CHILD), 0);
    world_run(&world, WORLD_S);
    assert_int_equal(a->child[0].info.key_exchange->id, WORLD_KE_B);
    assert_int_not_equal(world_command(&world, 0, COMMAND_REKEY_IKE), 0);
    world_run(&world, WORLD_S);
    assert_int_equal(a->ike_rekeyed, 1);
    world_assert_agreement(&world);
}

static void transport(struct world_side *side)
{
    struct child_config *child = &side->peers[0].children[0];
    child->transport_mode = true;
    child->local.count = child->remote.count = 0;
}

static void test_transport_mode(void **state)
{
    (void)state;
    transport(a);
    transport(b);
    world_boot(&world);
    world_connect(&world);
    assert_true(a->child[0].info.transport_mode);
    assert_true(b->child[0].info.transport_mode);
    assert_int_not_equal(world_command(&world, 1, COMMAND_REKEY_CHILD), 0);
    world_run(&world, WORLD_S);
    world_assert_agreement(&world);
    assert_true(a->child[0].info.transport_mode);
}

/* 1.3.1: when the responder has made a Child SA that is no use to us, it has to go. */
static void test_transport_mode_refused(void **state)
{
    (void)state;
    transport(a);
    transport(b);
    b->peers[0].children[0].transport_mode = false;
    world_boot(&world);
    world_connect(&world);
    assert_false(a->child[0].info.transport_mode); /* a can live with it */
    tear_down(state);
    set_up(state);
    transport(a);
    transport(b);
    b->peers[0].children[0].transport_mode = false;
    a->peers[0].children[0].transport_required = true;
    world_boot(&world);
    assert_int_equal(try_to_connect(), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    assert_int_equal(b->child_ups, 1);
    assert_nothing_left();
}

static void test_transport_mode_refused_later(void **state)
{
    (void)state;
    uint16_t second = world_add_child(&world, 0, 1);
    a->peers[0].children[second].transport_mode = true;
    a->peers[0].children[second].transport_required = true;
    world_boot(&world);
    world_connect(&world);
    struct command c = {.type = COMMAND_INITIATE, .child_index = second};
    uint32_t id = world_command_with(&world, 0, c);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    assert_int_equal(b->child_ups, 2);
    assert_int_equal(b->child_downs, 1);
    world_assert_agreement(&world);
}

static void test_ipv6(void **state)
{
    (void)state;
    world_address_set(&world, 0, "2001:db8::1");
    world_address_set(&world, 1, "2001:db8::2");
    for (unsigned i = 0; i < 2; i++) {
        struct child_config *child = &world.sides[i].peers[0].children[0];
        assert_true(selector_parse(i == 0 ? "fd00:1::/64" : "fd00:2::/64", &child->local.items[0]));
        assert_true(
            selector_parse(i == 0 ? "fd00:2::/64" : "fd00:1::/64", &child->remote.items[0]));
    }
    world_boot(&world);
    world_connect(&world);
    assert_int_equal(b->ike[0].info.path.remote.ip.family, ADDRESS_V6);
}

static void test_several_children(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        world_add_child(&world, 0, 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        a->peers[0].children[i].start = START_AT_ONCE;
    }
    world_boot(&world);
    uint32_t id = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    assert_int_equal(a->child_count, 4);
    world_assert_agreement(&world);
    /* once more: each is there already */
    id = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_OK);
    assert_int_equal(b->child_count, 4);
}

static void test_the_same_twice_at_once(void **state)
{
    (void)state;
    world_boot(&world);
    uint32_t first = world_command(&world, 0, COMMAND_INITIATE);
    uint32_t second = world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, first), STATUS_OK);
    assert_true(world_answered(&world, 0, second));
    assert_int_equal(world_result(&world, 0, second), STATUS_OK);
    assert_int_equal(a->child_count, 1);
    assert_int_equal(a->ike_count, 1);
}

static void test_nobody_answers(void **state)
{
    (void)state;
    world_boot(&world);
    world_kill(&world, 1);
    assert_int_equal(try_to_connect(), STATUS_UNREACHABLE);
    assert_int_equal(a->last_ike_down.reason, DOWN_UNREACHABLE);
    assert_int_equal(a->child_failed, 1);
    assert_int_equal(a->sent, a->peers[0].retransmission.tries);
    const char *what = world_residue(&world, 0);
    assert_null(what);
}

static void test_deleted_while_connecting(void **state)
{
    (void)state;
    for (unsigned ms = 1; ms < 25; ms++) {
        tear_down(state);
        set_up(state);
        world_boot(&world);
        uint32_t initiate = world_command(&world, 0, COMMAND_INITIATE);
        world_run(&world, ms * WORLD_MS);
        uint32_t end = world_command(&world, 0, COMMAND_DELETE_IKE);
        assert_int_not_equal(end, 0);
        world_run(&world, 60 * WORLD_S);
        assert_true(world_answered(&world, 0, initiate));
        assert_int_equal(world_result(&world, 0, end), STATUS_OK);
        assert_nothing_left();
    }
}

/* Every message lost, copied or late. */
struct mishap {
    unsigned number;
    enum world_fate fate;
    uint64_t late_ns;
};

static enum world_fate mishap(struct world *w, struct world_packet *packet, void *context)
{
    const struct mishap *m = context;
    (void)w;
    if (packet->number != m->number) {
        return WORLD_PASS;
    }
    packet->at_ns += m->late_ns;
    return m->fate;
}

static void test_with_any_message_in_trouble(void **state)
{
    static const struct mishap kinds[] = {{0, WORLD_DROP, 0},
                                          {0, WORLD_COPY, 0},
                                          {0, WORLD_PASS, 100 * WORLD_MS},
                                          {0, WORLD_PASS, 700 * WORLD_MS},
                                          {0, WORLD_COPY, 3 * WORLD_S}};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned number = 1; number <= 6; number++) {
            tear_down(state);
            set_up(state);
            b->config.cookie_threshold = number % 2; /* with and without a cookie */
            world_boot(&world);
            struct mishap m = kinds[k];
            m.number = number;
            world.hook = mishap;
            world.hook_context = &m;
            assert_int_equal(try_to_connect(), STATUS_OK);
            world_assert_agreement(&world);
            assert_int_equal(a->ike_count, 1);
            struct endpoint_counters counters;
            endpoint_counters(b->endpoint, &counters);
            assert_int_equal(counters.half_open, 0);
        }
    }
}

/* Both IKE SAs may stay; but INITIAL_CONTACT, said by both, must not kill at one side what lives at
 * the other. */
static void test_both_start_at_once(void **state)
{
    for (unsigned ms = 0; ms < 30; ms += 2) {
        for (unsigned held = 0; held <= 8; held++) {
            tear_down(state);
            set_up(state);
            world_boot(&world);
            struct mishap m = {held, WORLD_PASS, 30 * WORLD_MS};
            world.hook = mishap;
            world.hook_context = &m;
            uint32_t one = world_command(&world, 0, COMMAND_INITIATE);
            world_run(&world, ms * WORLD_MS);
            uint32_t two = world_command(&world, 1, COMMAND_INITIATE);
            world_run(&world, 10 * WORLD_S);
            assert_int_equal(world_result(&world, 0, one), STATUS_OK);
            assert_int_equal(world_result(&world, 1, two), STATUS_OK);
            world_assert_agreement(&world);
            assert_true(a->ike_count >= 1);
        }
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_takes_four_messages),
        TEST(test_every_algorithm),
        TEST(test_wrong_key),
        TEST(test_responder_has_another_name),
        TEST(test_responder_fails_to_prove_itself),
        TEST(test_unknown_identity),
        TEST(test_no_common_ike_proposal),
        TEST(test_no_common_esp_proposal),
        TEST(test_no_common_selectors),
        TEST(test_narrowing),
        TEST(test_packet_comes_first),
        TEST(test_child_of_the_packet),
        TEST(test_who_wants_eap_is_refused),
        TEST(test_a_name_goes_before_any),
        TEST(test_cookie),
        TEST(test_cookie_said_again),
        TEST(test_other_group),
        TEST(test_transport_mode),
        TEST(test_transport_mode_refused),
        TEST(test_transport_mode_refused_later),
        TEST(test_ipv6),
        TEST(test_several_children),
        TEST(test_the_same_twice_at_once),
        TEST(test_nobody_answers),
        TEST(test_deleted_while_connecting),
        TEST(test_with_any_message_in_trouble),
        TEST(test_both_start_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
