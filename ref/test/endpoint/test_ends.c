/* How IKE SAs and Child SAs end, or are kept from it: lifetimes, liveness, restarts, refused
 * messages, shutdown. RFC 7296 1.4, 2.1 to 2.5, 2.8, 2.21. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "endpoint/endpoint_store.h"
#include "protect/sk_message.h"
#include "test/endpoint/world.h"
#include "wire/ike_header.h"
#include "wire/payload_chain.h"
#include "wire/payloads.h"

static struct world world;
static struct world_side *const a = &world.sides[0];
static struct world_side *const b = &world.sides[1];

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 3);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}

static void assert_nothing_left(void)
{
    for (unsigned i = 0; i < 2; i++) {
        const char *what = world_residue(&world, i);
        assert_string_equal(what != NULL ? what : "nothing", "nothing");
    }
}

/* ---- lifetimes ---- */

static void test_soft_lifetimes_rekey(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct peer_config *peer = &world.sides[i].peers[0];
        peer->lifetime = (struct lifetime_config){.soft_ns = 40 * WORLD_S, .hard_ns = 50 * WORLD_S};
        peer->children[0].lifetime = (struct lifetime_config){
            .soft_ns = 10 * WORLD_S, .hard_ns = 13 * WORLD_S, .jitter_ns = 2 * WORLD_S};
    }
    world_boot(&world);
    world_connect(&world);
    for (unsigned minute = 0; minute < 20; minute++) {
        world_run(&world, 60 * WORLD_S);
        world_settle(&world, 200 * WORLD_MS);
        world_assert_agreement(&world);
        assert_int_equal(a->child_count, 1);
        assert_int_equal(a->ike_count, 1);
    }
    assert_true(a->ike_rekeyed >= 25 && a->ike_rekeyed <= 40);
    assert_true(a->child_ups >= 100);
    assert_int_equal(a->last_child_down.reason, DOWN_REPLACED);
    assert_int_equal(a->last_ike_down.reason, DOWN_REPLACED);
}

static void test_hard_lifetime_of_child(void **state)
{
    (void)state;
    a->peers[0].children[0].lifetime.hard_ns = 5 * WORLD_S;
    world_boot(&world);
    world_connect(&world);
    world_run(&world, 6 * WORLD_S);
    assert_int_equal(a->child_count + b->child_count, 0);
    assert_int_equal(a->last_child_down.reason, DOWN_EXPIRED);
    assert_int_equal(b->last_child_down.reason, DOWN_DELETED_BY_PEER);
    assert_int_equal(a->ike_count, 1);
}

static void test_hard_lifetime_of_ike_sa(void **state)
{
    (void)state;
    b->peers[0].lifetime.hard_ns = 5 * WORLD_S;
    world_boot(&world);
    world_connect(&world);
    world_run(&world, 30 * WORLD_S);
    assert_int_equal(b->last_ike_down.reason, DOWN_EXPIRED);
    assert_int_equal(a->last_ike_down.reason, DOWN_DELETED_BY_PEER);
    assert_nothing_left();
}

static uint32_t expire(unsigned side, bool hard)
{
    struct command c = {
        .type = COMMAND_EXPIRE, .spi_in = world.sides[side].child[0].info.spi_in, .hard = hard};
    return world_command_with(&world, side, c);
}

static void test_volume(void **state)
{
    (void)state;
    world_boot(&world);
    world_connect(&world);
    uint32_t id = expire(0, false);
    uint32_t again = expire(0, false); /* the data plane may say it with every packet */
    world_run(&world, WORLD_S);
    assert_true(world_answered(&world, 0, id));
    assert_true(world_answered(&world, 0, again));
    assert_int_equal(a->child_ups, 2);
    world_assert_agreement(&world);
    id = expire(1, true);
    world_run(&world, WORLD_S);
    assert_true(world_answered(&world, 1, id));
    assert_int_equal(b->last_child_down.reason, DOWN_EXPIRED);
    assert_int_equal(a->child_count, 0);
}

/* A Child SA that neither side may rekey (no common proposal any more) ends hard, not silently. */
static void test_rekey_refused(void **state)
{
    (void)state;
    world_boot(&world);
    world_connect(&world);
    world_propose(&b->peers[0].children[0].proposals, PROTOCOL_ESP, "aes256-sha512");
    uint32_t id = world_command(&world, 0, COMMAND_REKEY_CHILD);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_PEER(NO_PROPOSAL_CHOSEN));
    assert_int_equal(a->notified, 1);
    world_assert_agreement(&world);
    assert_int_equal(a->child_count, 1);
}

/* ---- liveness ---- */

static void test_dead_peer_is_found(void **state)
{
    (void)state;
    a->peers[0].liveness_ns = 3 * WORLD_S;
    world_boot(&world);
    world_connect(&world);
    world_run(&world, 10 * WORLD_S);
    assert_int_equal(a->livenesses, 3); /* every three seconds, since nothing else speaks */
    assert_int_equal(b->livenesses, 0);
    world_kill(&world, 1);
    world_run(&world, 60 * WORLD_S);
    assert_int_equal(a->last_ike_down.reason, DOWN_UNREACHABLE);
    assert_int_equal(a->last_child_down.reason, DOWN_UNREACHABLE);
    assert_null(world_residue(&world, 0));
}

static enum world_fate lose_questions_of_a(struct world *w, struct world_packet *packet,
                                           void *context)
{
    struct ike_header header;
    (void)w;
    (void)context;
    bool question =
        ike_header_parse(bytes_of(packet->octets, packet->length), &header) == STATUS_OK &&
        header.exchange_type == INFORMATIONAL && (header.flags & IKE_FLAG_RESPONSE) == 0;
    return packet->from == 0 && question ? WORLD_DROP : WORLD_PASS;
}

/* 2.4: what goes unanswered ends the IKE SA after as many copies, also where the peer, whose own
 * requests arrive, replaces the IKE SA before they are all sent. */
static void test_rekeys_of_the_peer_are_no_answer(void **state)
{
    unsigned rekeys = 0;
    (void)state;
    world_boot(&world);
    world_connect(&world);
    world.hook = lose_questions_of_a;
    uint32_t id = world_command(&world, 0, COMMAND_LIVENESS);
    for (; rekeys < 60 && !world_answered(&world, 0, id); rekeys++) {
        (void)world_command(&world, 1, COMMAND_REKEY_IKE);
        world_run(&world, WORLD_S);
    }
    assert_true(rekeys > 3 && rekeys < 60);
    assert_int_equal(world_result(&world, 0, id), STATUS_UNREACHABLE);
    assert_int_equal(a->last_ike_down.reason, DOWN_UNREACHABLE);
}

static void test_traffic_is_a_sign_of_life(void **state)
{
    (void)state;
    a->peers[0].liveness_ns = 3 * WORLD_S;
    world_boot(&world);
    world_connect(&world);
    for (unsigned i = 0; i < 20; i++) {
        struct command c = {.type = COMMAND_TRAFFIC,
                            .spi_in = a->child[0].info.spi_in,
                            .last_in_ns = world.now_ns,
                            .last_out_ns = world.now_ns};
        assert_int_not_equal(world_command_with(&world, 0, c), 0);
        world_run(&world, WORLD_S);
    }
    assert_int_equal(a->livenesses, 0);
    world_run(&world, 5 * WORLD_S);
    assert_int_equal(a->livenesses, 1);
}

static void test_liveness_by_command(void **state)
{
    (void)state;
    world_boot(&world);
    world_connect(&world);
    uint32_t id = world_command(&world, 1, COMMAND_LIVENESS);
    world_run(&world, WORLD_S);
    assert_int_equal(world_result(&world, 1, id), STATUS_OK);
    assert_int_equal(b->livenesses, 1);
}

/* ---- restarts ---- */

static void test_restart_with_initial_contact(void **state)
{
    (void)state;
    world_boot(&world);
    world_connect(&world);
    world_kill(&world, 0);
    world_run(&world, WORLD_S);
    world_start(&world, 0);
    world_connect(&world); /* asserts that both have the same: the older one is gone */
    assert_int_equal(b->last_ike_down.reason, DOWN_INITIAL_CONTACT);
    assert_int_equal(b->ike_count, 1);
}

/* However many there are that it has forgotten. */
static void test_initial_contact_ends_all_that_were_before(void **state)
{
    (void)state;
    a->peers[0].initial_contact = false;
    world_start(&world, 1);
    for (unsigned i = 1; i <= 4; i++) {
        a->peers[0].initial_contact = i == 4;
        world_start(&world, 0);
        assert_int_not_equal(world_command(&world, 0, COMMAND_INITIATE), 0);
        world_run(&world, WORLD_S);
        assert_int_equal(b->ike_count, i == 4 ? 1 : i);
        if (i < 4) {
            world_kill(&world, 0);
        }
    }
    world_assert_agreement(&world);
}

static void test_restart_without_initial_contact(void **state)
{
    (void)state;
    a->peers[0].initial_contact = false;
    b->peers[0].liveness_ns = 5 * WORLD_S;
    world_boot(&world);
    world_connect(&world);
    world_kill(&world, 0);
    world_run(&world, WORLD_S);
    world_start(&world, 0);
    assert_int_not_equal(world_command(&world, 0, COMMAND_INITIATE), 0);
    world_run(&world, WORLD_S);
    assert_int_equal(b->ike_count, 2); /* for b the older one may be alive */
    world_run(&world, 60 * WORLD_S);
    world_assert_agreement(&world); /* until it asks */
    assert_int_equal(b->last_ike_down.reason, DOWN_UNREACHABLE);
}

/* The responder's IKE_AUTH gets an INITIAL_CONTACT in front of what it says. */
static enum world_fate add_initial_contact(struct world *w, struct world_packet *packet,
                                           void *context)
{
    uint8_t plain[IKE_MESSAGE_MAX];
    uint8_t octets[IKE_MESSAGE_MAX] = {
        0, 0, 0, 8, 0, 0, INITIAL_CONTACT >> 8, INITIAL_CONTACT & 0xff};
    struct ike_header header;
    struct payload_chain chain;
    struct bytes inner;
    struct bytes datagram = bytes_of(packet->octets, packet->length);
    bool *done = context;
    if (packet->from != 1 || *done || ike_header_parse(datagram, &header) != STATUS_OK ||
        header.exchange_type != IKE_AUTH) {
        return WORLD_PASS;
    }
    *done = true;
    struct ike_sa *sa = world_core_ike_sa_by_spis(w, 0, header.spi_i, header.spi_r);
    assert_int_equal(payload_chain_parse(header.next_payload,
                                         bytes_of(datagram.data + IKE_HEADER_LENGTH,
                                                  datagram.length - IKE_HEADER_LENGTH),
                                         &chain),
                     STATUS_OK);
    assert_int_equal(sk_message_open(&sa->protection, sa->open, datagram, &chain.items[0], plain,
                                     &inner, &octets[0]),
                     STATUS_OK);
    memcpy(octets + 8, inner.data, inner.length);
    struct world_forgery f = {.spi_i = header.spi_i,
                              .spi_r = header.spi_r,
                              .exchange_type = IKE_AUTH,
                              .response = true,
                              .message_id = header.message_id,
                              .first_payload = PAYLOAD_NOTIFY,
                              .payloads = bytes_of(octets, inner.length + 8)};
    world_forge(w, 1, &f);
    return WORLD_DROP;
}

/* 2.4: it may come in the response as well. */
static void test_restarted_responder_with_initial_contact(void **state)
{
    bool done = false;
    (void)state;
    world_boot(&world);
    world_connect(&world);
    world_run(&world, WORLD_S);
    world_kill(&world, 1);
    assert_int_not_equal(world_command(&world, 0, COMMAND_DELETE_IKE), 0);
    world_start(&world, 1);
    world.hook = add_initial_contact;
    world.hook_context = &done;
    assert_int_not_equal(world_command(&world, 0, COMMAND_INITIATE), 0);
    world_run(&world, 100 * WORLD_MS);
    assert_true(done);
    assert_int_equal(a->last_ike_down.reason, DOWN_INITIAL_CONTACT);
    world_assert_agreement(&world);
}

static void test_replace_existing(void **state)
{
    (void)state;
    a->peers[0].initial_contact = false;
    b->peers[0].replace_existing = true;
    world_boot(&world);
    world_connect(&world);
    world_kill(&world, 0);
    world_run(&world, WORLD_S);
    world_start(&world, 0);
    world_connect(&world);
    assert_int_equal(b->ike_count, 1);
}

/* A restarted peer says that it does not know our IKE SA: not believed, but a reason to ask. */
static void test_hint_of_a_restart(void **state)
{
    (void)state;
    world_boot(&world);
    world_connect(&world);
    world_run(&world, 5 * WORLD_S);
    world_kill(&world, 1);
    world_start(&world, 1);
    struct path path = {.local = {a->addresses.items[0], 4500},
                        .remote = {b->addresses.items[0], 4500}};
    struct ike_sa_info info = a->ike[0].info;
    uint8_t octets[IKE_HEADER_LENGTH + 8];
    struct writer w = writer_over(octets, sizeof octets);
    struct ike_header header = {.spi_i = info.spi_i,
                                .spi_r = info.spi_r,
                                .exchange_type = INFORMATIONAL,
                                .flags = IKE_FLAG_RESPONSE,
                                .next_payload = PAYLOAD_NOTIFY};
    ike_header_build(&w, &header);
    struct chain_writer chain = chain_writer_over(&w);
    payload_begin(&chain, PAYLOAD_NOTIFY);
    notify_payload_build(&w, PROTOCOL_NONE, bytes_of(NULL, 0), INVALID_IKE_SPI, bytes_of(NULL, 0));
    payload_end(&chain);
    ike_header_patch_length(&w);
    struct path back = {.local = path.remote, .remote = path.local};
    for (unsigned i = 0; i < 1000; i++) { /* anybody can say so, a thousand times */
        world_inject(&world, 1, &back, true, writer_bytes(&w));
    }
    world_run(&world, 100 * WORLD_MS);
    assert_int_equal(a->ike_count, 1);
    world_run(&world, 60 * WORLD_S);
    assert_int_equal(a->last_ike_down.reason, DOWN_UNREACHABLE);
    assert_true(a->sent < 20);
}

/* ---- messages that are refused ---- */

static void forge(unsigned side, uint8_t exchange_type, bool response, uint32_t message_id,
                  uint8_t first, struct bytes payloads)
{
    struct world_forgery f = {.exchange_type = exchange_type,
                              .response = response,
                              .message_id = message_id,
                              .first_payload = first,
                              .payloads = payloads};
    world_forge(&world, side, &f);
    world_run(&world, WORLD_S);
}

static uint32_t expected(unsigned side)
{
    return world_core_ike_sa(&world, side)->expected_request;
}

static void test_message_id_window(void **state)
{
    static const uint8_t offsets[] = {1, 2, 5, 200};
    (void)state;
    world_boot(&world);
    world_connect(&world);
    uint32_t next = expected(1);
    for (size_t i = 0; i < sizeof offsets; i++) { /* a window of one: nothing ahead (2.3) */
        forge(0, INFORMATIONAL, false, next + offsets[i], PAYLOAD_NONE, bytes_of(NULL, 0));
        assert_int_equal(expected(1), next);
    }
    uint64_t sent = b->sent;
    forge(0, INFORMATIONAL, false, next - 2, PAYLOAD_NONE, bytes_of(NULL, 0)); /* long ago */
    forge(0, INFORMATIONAL, true, 0, PAYLOAD_NONE, bytes_of(NULL, 0));         /* to no request */
    assert_int_equal(b->sent, sent);
    forge(0, INFORMATIONAL, false, next, PAYLOAD_NONE, bytes_of(NULL, 0));
    assert_int_equal(expected(1), next + 1);
    assert_int_equal(b->sent, sent + 1);
    forge(0, INFORMATIONAL, false, next, PAYLOAD_NONE, bytes_of(NULL, 0)); /* once more: the same */
    assert_int_equal(expected(1), next + 1);
    assert_int_equal(b->sent, sent + 2);
}

/* A copy of a request that was seen before proves nothing of today. */
static void test_copy_is_no_sign_of_life(void **state)
{
    (void)state;
    world_boot(&world);
    world_connect(&world);
    uint64_t last_in_ns = world_core_ike_sa(&world, 1)->last_in_ns;
    world_run(&world, WORLD_S);
    forge(0, IKE_AUTH, false, expected(1) - 1, PAYLOAD_NONE, bytes_of(NULL, 0));
    assert_int_equal(world_core_ike_sa(&world, 1)->duplicates, 1);
    assert_int_equal(world_core_ike_sa(&world, 1)->last_in_ns, last_in_ns);
}

/* 2.2: they never come round. */
static void test_message_ids_run_out(void **state)
{
    (void)state;
    world_boot(&world);
    world_connect(&world);
    world_core_ike_sa(&world, 0)->next_request = 0xf0000000;
    world_core_ike_sa(&world, 1)->expected_request = 0xf0000000;
    assert_int_not_equal(world_command(&world, 0, COMMAND_LIVENESS), 0);
    world_run(&world, WORLD_S);
    assert_int_equal(a->ike_rekeyed, 1);
    world_assert_agreement(&world);
    world_core_ike_sa(&world, 0)->next_request = UINT32_MAX - 2;
    world_core_ike_sa(&world, 1)->expected_request = UINT32_MAX - 2;
    assert_int_not_equal(world_command(&world, 0, COMMAND_LIVENESS), 0);
    world_run(&world, 60 * WORLD_S);
    assert_int_equal(a->livenesses, 2);
    assert_int_equal(a->last_ike_down.reason, DOWN_EXPIRED);
    assert_nothing_left();
}

static void test_unknown_critical_payload(void **state)
{
    static const uint8_t critical[] = {0, 0x80, 0, 4};
    static const uint8_t harmless[] = {0, 0, 0, 4};
    (void)state;
    world_boot(&world);
    world_connect(&world);
    uint32_t next = expected(1);
    forge(0, INFORMATIONAL, false, next, 200, bytes_of(harmless, 4));
    assert_int_equal(expected(1), next + 1);
    forge(0, INFORMATIONAL, false, next + 1, 200, bytes_of(critical, 4));
    assert_int_equal(expected(1), next + 2); /* answered, and nothing else: 2.5 */
    assert_int_equal(b->ike_count, 1);
}

static void test_broken_request_ends_it(void **state)
{
    static const uint8_t broken[] = {0, 0, 0, 3};
    (void)state;
    world_boot(&world);
    world_connect(&world);
    forge(0, INFORMATIONAL, false, expected(1), PAYLOAD_NOTIFY, bytes_of(broken, 4));
    assert_int_equal(b->ike_count, 0); /* 2.21.3: fatal without a Delete */
    assert_int_equal(b->last_ike_down.reason, DOWN_FAILED);
    assert_int_equal(b->last_ike_down.status, STATUS_NOTIFY(INVALID_SYNTAX));
}

/* The peer could not read our request and has closed (2.21.3); we hear it in its answer. */
static void test_our_request_was_broken(void **state)
{
    static const uint8_t invalid_syntax[] = {0, 0, 0, 8, 0, 0, 0, INVALID_SYNTAX};
    (void)state;
    world_boot(&world);
    world_connect(&world);
    uint32_t id = world_command(&world, 1, COMMAND_REKEY_CHILD);
    struct world_forgery f = {.exchange_type = CREATE_CHILD_SA,
                              .response = true,
                              .message_id = world_core_ike_sa(&world, 1)->request.message_id,
                              .first_payload = PAYLOAD_NOTIFY,
                              .payloads = bytes_of(invalid_syntax, sizeof invalid_syntax)};
    world_forge(&world, 0, &f); /* arrives before the honest one */
    world_run(&world, 6 * WORLD_MS);
    assert_int_equal(b->ike_count, 0);
    assert_int_equal(b->last_ike_down.reason, DOWN_REFUSED);
    assert_int_equal(world_result(&world, 1, id), STATUS_PEER(INVALID_SYNTAX));
}

static void test_rekey_of_an_unknown_child(void **state)
{
    static const uint8_t payloads[] = {PAYLOAD_SA, 0, 0, 12, 3, 4,
                                       0x40,       9, 1, 2,  3, 4, /* REKEY_SA */
                                       0,          0, 0, 4};
    (void)state;
    world_boot(&world);
    world_connect(&world);
    forge(0, CREATE_CHILD_SA, false, expected(1), PAYLOAD_NOTIFY,
          bytes_of(payloads, sizeof payloads));
    /* an SA payload of no proposals is malformed, whatever the notification says */
    assert_true(b->ike_count <= 1);
}

/* SA, nonce and key exchange of one more rekey: of the Child SA named, or (0) of the IKE SA. */
static struct bytes rekey_payloads(uint32_t child_spi, uint32_t new_spi, uint8_t out[512],
                                   uint8_t *first)
{
    static const uint8_t nonce[NONCE_OURS] = {1};
    static const uint8_t key[8] = {1};
    struct sa_payload offer;
    uint8_t spi[8] = {0};
    struct writer spi_writer = writer_over(spi, sizeof spi);
    struct writer w = writer_over(out, 512);
    struct chain_writer chain = chain_writer_over(&w);
    const struct peer_config *peer = &a->peers[0];
    if (child_spi != 0) {
        writer_u32(&spi_writer, child_spi);
        payload_begin(&chain, PAYLOAD_NOTIFY);
        notify_payload_build(&w, PROTOCOL_ESP, bytes_of(spi, 4), REKEY_SA, bytes_of(NULL, 0));
        payload_end(&chain);
    }
    offer.count = 1;
    offer.proposals[0] =
        child_spi != 0 ? peer->children[0].proposals.items[0] : peer->proposals.items[0];
    spi_writer = writer_over(spi, sizeof spi);
    writer_u32(&spi_writer, new_spi);
    offer.proposals[0].number = 1;
    offer.proposals[0].spi = bytes_of(spi, child_spi != 0 ? 4 : 8);
    payload_begin(&chain, PAYLOAD_SA);
    sa_payload_build(&w, &offer);
    payload_end(&chain);
    payload_begin(&chain, PAYLOAD_NONCE);
    nonce_payload_build(&w, bytes_of(nonce, sizeof nonce));
    payload_end(&chain);
    payload_begin(&chain, PAYLOAD_KE);
    ke_payload_build(&w, WORLD_KE_A, bytes_of(key, sizeof key));
    payload_end(&chain);
    for (unsigned i = 0; child_spi != 0 && i < 2; i++) {
        const struct child_config *child = &peer->children[0];
        payload_begin(&chain, i == 0 ? PAYLOAD_TSI : PAYLOAD_TSR);
        ts_payload_build(&w, i == 0 ? &child->local : &child->remote);
        payload_end(&chain);
    }
    assert_false(w.overflow);
    *first = chain.first;
    return writer_bytes(&w);
}

static size_t children_of(const struct ike_sa *sa)
{
    size_t count = 0;
    for (const struct child_sa *c = sa->children; c != NULL; c = c->next) {
        count++;
    }
    return count;
}

/* A peer that rekeys one Child SA again and again and deletes nothing. */
static void test_rekeys_of_a_child_without_end(void **state)
{
    uint8_t octets[512];
    uint8_t first;
    (void)state;
    world_boot(&world);
    world_connect(&world);
    uint32_t old = a->child[0].info.spi_in;
    for (uint32_t i = 0; i < CHILD_SAS_MAX + 5; i++) {
        struct bytes payloads = rekey_payloads(old, 1000 + i, octets, &first);
        uint32_t next = expected(1);
        forge(0, CREATE_CHILD_SA, false, next, first, payloads);
        assert_int_equal(expected(1), next + 1);
    }
    assert_int_equal(children_of(world_core_ike_sa(&world, 1)), CHILD_SAS_MAX);
}

static enum world_fate lose_responses(struct world *w, struct world_packet *packet, void *context)
{
    (void)w;
    (void)context;
    bool response = (packet->octets[19] & IKE_FLAG_RESPONSE) != 0;
    return packet->from == 0 && response ? WORLD_DROP : WORLD_PASS;
}

/* A peer that never answers our rekey of the IKE SA and makes one of its own again and again. */
static void test_rivals_without_end(void **state)
{
    uint8_t octets[512];
    uint8_t first;
    size_t count = 0;
    (void)state;
    world_boot(&world);
    world_connect(&world);
    world.hook = lose_responses;
    uint32_t id = world_command(&world, 1, COMMAND_REKEY_IKE);
    const struct ike_sa *old = world_core_ike_sa(&world, 1);
    for (uint32_t i = 0; i < 5; i++) {
        struct bytes payloads = rekey_payloads(0, 1000 + i, octets, &first);
        struct world_forgery f = {.spi_i = old->spi_i,
                                  .spi_r = old->spi_r,
                                  .exchange_type = CREATE_CHILD_SA,
                                  .message_id = old->expected_request,
                                  .first_payload = first,
                                  .payloads = payloads};
        world_forge(&world, 0, &f);
        world_run(&world, 50 * WORLD_MS);
        assert_int_equal(old->expected_request, f.message_id + 1);
    }
    for (const struct ike_sa *sa = endpoint_store(b->endpoint)->ike_sas; sa != NULL;
         sa = sa->next) {
        count++;
    }
    assert_int_equal(count, 2);
    world_kill(&world, 0);
    world_run(&world, 120 * WORLD_S); /* none of them outlives the IKE SA they were to replace */
    assert_true(world_answered(&world, 1, id));
    assert_null(world_residue(&world, 1));
}

static void test_major_version(void **state)
{
    uint8_t octets[IKE_HEADER_LENGTH + 8] = {1, 2, 3, 4, 5, 6, 7, 8};
    (void)state;
    world_boot(&world);
    octets[17] = 0x30;
    octets[18] = IKE_SA_INIT;
    octets[19] = IKE_FLAG_INITIATOR;
    octets[27] = sizeof octets;
    struct path path = {.local = {a->addresses.items[0], 500},
                        .remote = {b->addresses.items[0], 500}};
    world_inject(&world, 0, &path, false, bytes_of(octets, sizeof octets));
    world_run(&world, WORLD_S);
    assert_int_equal(b->sent, 1); /* INVALID_MAJOR_VERSION, 2.5 */
    octets[19] = IKE_FLAG_RESPONSE;
    world_inject(&world, 0, &path, false, bytes_of(octets, sizeof octets));
    world_run(&world, WORLD_S);
    assert_int_equal(b->sent, 1); /* never an answer to an answer */
}

/* ---- half-open ---- */

static enum world_fate lose_third(struct world *w, struct world_packet *packet, void *context)
{
    (void)w;
    (void)context;
    return packet->number >= 3 ? WORLD_DROP : WORLD_PASS;
}

static void test_half_open_goes_away(void **state)
{
    (void)state;
    struct endpoint_counters counters;
    world.hook = lose_third;
    world_boot(&world);
    assert_int_not_equal(world_command(&world, 0, COMMAND_INITIATE), 0);
    world_run(&world, WORLD_S);
    endpoint_counters(b->endpoint, &counters);
    assert_int_equal(counters.half_open, 1);
    world_run(&world, 60 * WORLD_S);
    assert_int_equal(b->ike_downs, 0); /* it was never anybody's */
    assert_nothing_left();
}

/* ---- shutdown ---- */

static void test_shutdown(void **state)
{
    (void)state;
    world_add_side(&world);
    world_boot(&world);
    world_connect(&world);
    assert_int_not_equal(world_command(&world, 2, COMMAND_INITIATE), 0);
    world_run(&world, WORLD_S);
    assert_int_equal(b->ike_count, 2);
    assert_int_not_equal(world_command(&world, 1, COMMAND_SHUTDOWN), 0);
    world_run(&world, 60 * WORLD_S);
    assert_int_equal(a->last_ike_down.reason, DOWN_DELETED_BY_PEER);
    assert_int_equal(b->last_ike_down.reason, DOWN_SHUTDOWN);
    assert_nothing_left();
    assert_null(world_residue(&world, 2));
    uint32_t id = world_command(&world, 0, COMMAND_INITIATE); /* nobody is at home */
    world_run(&world, 60 * WORLD_S);
    assert_int_equal(world_result(&world, 0, id), STATUS_UNREACHABLE);
    assert_int_equal(world_command(&world, 1, COMMAND_INITIATE), 0);
}

static void test_commands_with_nothing_to_apply_to(void **state)
{
    (void)state;
    world_boot(&world);
    for (int type = COMMAND_REKEY_IKE; type <= COMMAND_EXPIRE; type++) {
        struct command c = {.type = (enum command_type)type, .spi_in = 4711, .ike_sa = 99};
        if (type != COMMAND_ADDRESSES) {
            assert_int_equal(world_command_with(&world, 0, c), 0);
        }
    }
    struct command out_of_range = {.type = COMMAND_INITIATE, .peer_index = 7, .ike_sa = 1};
    assert_int_equal(world_command_with(&world, 0, out_of_range), 0);
    out_of_range = (struct command){.type = COMMAND_INITIATE, .child_index = 9};
    assert_int_equal(world_command_with(&world, 0, out_of_range), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_soft_lifetimes_rekey),
        TEST(test_hard_lifetime_of_child),
        TEST(test_hard_lifetime_of_ike_sa),
        TEST(test_volume),
        TEST(test_rekey_refused),
        TEST(test_dead_peer_is_found),
        TEST(test_rekeys_of_the_peer_are_no_answer),
        TEST(test_traffic_is_a_sign_of_life),
        TEST(test_liveness_by_command),
        TEST(test_restart_with_initial_contact),
        TEST(test_initial_contact_ends_all_that_were_before),
        TEST(test_restart_without_initial_contact),
        TEST(test_restarted_responder_with_initial_contact),
        TEST(test_replace_existing),
        TEST(test_hint_of_a_restart),
        TEST(test_message_id_window),
        TEST(test_copy_is_no_sign_of_life),
        TEST(test_message_ids_run_out),
        TEST(test_unknown_critical_payload),
        TEST(test_broken_request_ends_it),
        TEST(test_our_request_was_broken),
        TEST(test_rekey_of_an_unknown_child),
        TEST(test_rekeys_of_a_child_without_end),
        TEST(test_rivals_without_end),
        TEST(test_major_version),
        TEST(test_half_open_goes_away),
        TEST(test_shutdown),
        TEST(test_commands_with_nothing_to_apply_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
