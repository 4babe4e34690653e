/* The data plane as its owner sees it: packets that wait, pairs that come and go, lifetimes, moves.
 */
#include "esp_lab.h"

/* ---- hold, acquire, release ---- */

static void test_acquire_failed_drops_and_asks_again(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_HELD);
    (void)lab_expect_event(lab.a, ESP_EVENT_ACQUIRE);
    esp_plane_acquire_failed(lab.a, lab.policy_a);
    assert_int_equal(spd_find(&lab.a->spd, lab.policy_a)->held.count, 0);
    lab_expect_no_event(lab.a);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_HELD);
    (void)lab_expect_event(lab.a, ESP_EVENT_ACQUIRE);
    esp_plane_acquire_failed(lab.a, 999);
    lab_destroy(&lab);
}

/* A policy that goes takes its pairs, its held packets and its events along. */
static void test_policy_removed_with_all_it_has(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .lifetime = {.soft_packets = 1}});
    lab_install(&lab, 1);
    lab_install(&lab, 2);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
    esp_plane_policy_remove(lab.a, lab.policy_a);
    lab_expect_no_event(lab.a);
    assert_int_equal(lab.a->sad.count, 0);
    struct esp_usage usage;
    assert_false(esp_plane_pair_usage(lab.a, LAB_SPI_A(1), &usage));
    lab_destroy(&lab);
}

/* ---- rekey ---- */

/* RFC 7296 2.8 step by step, packets in flight at every step: none is lost. */
static void test_rekey_loses_nothing(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet late_there, late_back;
    uint8_t inner[256];
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    lab_assert_arrives(&lab, true);
    lab_assert_arrives(&lab, false);

    /* the responder B has the new pair first and keeps sending on the old one */
    struct esp_pair_config new_b = lab_config(&lab, false, 2);
    new_b.outbound_standby = true;
    assert_int_equal(esp_plane_pair_install(lab.b, &new_b, 0), STATUS_OK);
    lab_assert_arrives(&lab, false);
    lab_packet_set(&late_back, inner, lab_ip_build(inner, &lab.back, 10));
    assert_int_equal(lab_seal(lab.b, &late_back), PACKET_FORWARD);
    assert_int_equal(late_back.packet.user, LAB_SPI_B(1));
    assert_int_equal(lab_seal_there(&lab, &late_there, 10), PACKET_FORWARD);
    assert_int_equal(late_there.packet.user, LAB_SPI_A(1));

    /* the initiator A installs it and uses it at once; B follows on the first packet */
    struct esp_pair_config new_a = lab_config(&lab, true, 2);
    assert_int_equal(esp_plane_pair_install(lab.a, &new_a, 0), STATUS_OK);
    assert_true(sad_find(&lab.b->sad, LAB_SPI_B(2))->standby);
    lab_assert_arrives(&lab, true);
    assert_false(sad_find(&lab.b->sad, LAB_SPI_B(2))->standby);
    struct lab_packet p;
    lab_packet_set(&p, inner, lab_ip_build(inner, &lab.back, 10));
    assert_int_equal(lab_seal(lab.b, &p), PACKET_FORWARD);
    assert_int_equal(p.packet.user, LAB_SPI_B(2));

    /* A deletes the old one; what is still under way arrives */
    esp_plane_pair_remove(lab.a, LAB_SPI_A(1), LAB_SECOND, LAB_SECOND);
    esp_plane_pair_remove(lab.b, LAB_SPI_B(1), LAB_SECOND, LAB_SECOND);
    lab_packet_cross(&late_back);
    lab_packet_cross(&late_there);
    assert_int_equal(lab_open(lab.a, &late_back), PACKET_FORWARD);
    assert_int_equal(lab_open(lab.b, &late_there), PACKET_FORWARD);
    lab_assert_arrives(&lab, true);
    lab_assert_arrives(&lab, false);
    lab_destroy(&lab);
}

/* The old SA goes before any packet came on the new one: the one on standby must do. */
static void test_standby_ends_with_the_old_one(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    struct esp_pair_config standby = lab_config(&lab, true, 2);
    standby.outbound_standby = true;
    assert_int_equal(esp_plane_pair_install(lab.a, &standby, 0), STATUS_OK);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
    assert_int_equal(p.packet.user, LAB_SPI_A(1));
    esp_plane_pair_remove(lab.a, LAB_SPI_A(1), 0, LAB_SECOND);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
    assert_int_equal(p.packet.user, LAB_SPI_A(2));
    /* and goes on to do when the next rekey comes before any packet on it: nobody may have that one
     * yet */
    standby = lab_config(&lab, true, 3);
    standby.outbound_standby = true;
    assert_int_equal(esp_plane_pair_install(lab.a, &standby, 0), STATUS_OK);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
    assert_int_equal(p.packet.user, LAB_SPI_A(2));
    esp_plane_pair_remove(lab.a, LAB_SPI_A(2), 0, LAB_SECOND);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
    assert_int_equal(p.packet.user, LAB_SPI_A(3));
    lab_destroy(&lab);
}

static bool is_at_rest(const struct esp_plane *plane, uint32_t spi)
{
    const struct esp_pair *pair = sad_find(&plane->sad, spi);
    return !protector_is_ready(pair->sealer) && !protector_is_ready(pair->opener);
}

/* A pair in use is looked at now and then, and rests when nothing has passed between; a packet does
 * not notice. */
static void test_the_idle_rest(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    lab_install(&lab, 2);
    for (int n = 0; n < 2; n++) {
        assert_true(is_at_rest(lab.a, LAB_SPI_A(2)) && is_at_rest(lab.b, LAB_SPI_B(2)));
        assert_int_equal(esp_plane_deadline(lab.b), UINT64_MAX);
        lab_assert_arrives(&lab, true);
        assert_false(is_at_rest(lab.a, LAB_SPI_A(2)) || is_at_rest(lab.b, LAB_SPI_B(2)));
        assert_int_equal(esp_plane_deadline(lab.b), LAB_SECOND + PLANE_REST_NS);
        sad_find(&lab.b->sad, LAB_SPI_B(2))->usage.last_in_ns = 2 * LAB_SECOND;
        esp_plane_expire(lab.b, LAB_SECOND + PLANE_REST_NS); /* used since */
        assert_false(is_at_rest(lab.b, LAB_SPI_B(2)));
        assert_int_equal(esp_plane_deadline(lab.b), LAB_SECOND + 2 * PLANE_REST_NS);
        esp_plane_expire(lab.b, LAB_SECOND + 2 * PLANE_REST_NS);
        esp_plane_expire(lab.a, LAB_SECOND + PLANE_REST_NS);
    }
    lab_assert_arrives(&lab, true);
    esp_plane_pair_remove(lab.b, LAB_SPI_B(2), 0, LAB_SECOND); /* it has another deadline now */
    assert_int_equal(esp_plane_deadline(lab.b), LAB_SECOND);
    esp_plane_expire(lab.b, LAB_SECOND);
    assert_int_equal(esp_plane_deadline(lab.b), UINT64_MAX);
    lab_destroy(&lab);
}

static void test_lingering(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet first, second;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    lab_install(&lab, 2);
    assert_int_equal(esp_plane_deadline(lab.b), UINT64_MAX);
    esp_plane_pair_remove(lab.a, LAB_SPI_A(2), 0, 0);
    assert_int_equal(lab_seal_there(&lab, &first, 10), PACKET_FORWARD);
    assert_int_equal(lab_seal_there(&lab, &second, 10), PACKET_FORWARD);
    lab_packet_cross(&first);
    lab_packet_cross(&second);
    esp_plane_pair_remove(lab.b, LAB_SPI_B(1), 0, 2 * LAB_SECOND);
    esp_plane_pair_remove(lab.b, LAB_SPI_B(2), 0, 3 * LAB_SECOND);
    assert_int_equal(esp_plane_deadline(lab.b), 2 * LAB_SECOND);
    esp_plane_open(lab.b, &first.packet, 1, 2 * LAB_SECOND - 1);
    assert_int_equal(first.packet.verdict, PACKET_FORWARD);
    esp_plane_open(lab.b, &second.packet, 1, 2 * LAB_SECOND); /* over, if not yet swept up */
    assert_int_equal(second.packet.verdict, PACKET_DROP_NO_SA);
    esp_plane_expire(lab.b, 2 * LAB_SECOND - 1);
    assert_int_equal(lab.b->sad.count, 2);
    esp_plane_expire(lab.b, 2 * LAB_SECOND);
    assert_int_equal(lab.b->sad.count, 1);
    assert_int_equal(esp_plane_deadline(lab.b), 3 * LAB_SECOND);
    esp_plane_pair_remove(lab.b, LAB_SPI_B(2), 0, 0);
    assert_int_equal(lab.b->sad.count, 0);
    esp_plane_expire(lab.b, 3 * LAB_SECOND);
    assert_int_equal(esp_plane_deadline(lab.b), UINT64_MAX);
    lab_destroy(&lab);
}

/* ---- lifetimes ---- */

static enum packet_verdict open_garbage_on(struct lab *lab)
{
    static const uint8_t octets[8 + 8 + 16 + 16] = {0, 0, 0x20, 0x01, 0, 0, 0x10, 0};
    struct lab_packet p;
    lab_packet_set(&p, octets, sizeof(octets));
    return lab_open(lab->b, &p);
}

static void run_until_expired(struct esp_lifetime lifetime, unsigned soft_at, unsigned hard_at)
{
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .lifetime = lifetime});
    lab_install(&lab, 1);
    struct lab_packet p;
    bool soft = false;
    for (unsigned i = 1; i < hard_at; i++) {
        assert_int_equal(lab_seal_there(&lab, &p, 72), PACKET_FORWARD); /* 100 octets */
        lab_packet_cross(&p);
        assert_int_equal(lab_open(lab.b, &p), PACKET_FORWARD);
        if (i == soft_at) {
            struct esp_event event = lab_expect_event(lab.a, ESP_EVENT_SOFT_EXPIRED);
            assert_int_equal(event.spi_in, LAB_SPI_A(1));
            assert_int_equal(event.user, LAB_SPI_A(1));
            (void)lab_expect_event(lab.b, ESP_EVENT_SOFT_EXPIRED);
            soft = true;
        }
        lab_expect_no_event(lab.a);
        lab_expect_no_event(lab.b);
    }
    assert_true(soft);
    assert_int_equal(lab_seal_there(&lab, &p, 72), PACKET_DROP_EXPIRED);
    assert_int_equal(lab_seal_there(&lab, &p, 72), PACKET_DROP_EXPIRED);
    (void)lab_expect_event(lab.a, ESP_EVENT_HARD_EXPIRED);
    lab_expect_no_event(lab.a); /* each once */
    /* the receiver keeps its own count */
    sad_find(&lab.a->sad, LAB_SPI_A(1))->expired = false;
    sad_find(&lab.a->sad, LAB_SPI_A(1))->lifetime = (struct esp_lifetime){0};
    assert_int_equal(lab_seal_there(&lab, &p, 72), PACKET_FORWARD);
    lab_packet_cross(&p);
    assert_int_equal(lab_open(lab.b, &p), PACKET_DROP_EXPIRED);
    (void)lab_expect_event(lab.b, ESP_EVENT_HARD_EXPIRED);
    /* and does not even look at what comes after */
    assert_int_equal(open_garbage_on(&lab), PACKET_DROP_EXPIRED);
    lab_expect_no_event(lab.b);
    lab_destroy(&lab);
}

static void test_lifetimes(void **state)
{
    (void)state;
    run_until_expired((struct esp_lifetime){.soft_packets = 3, .hard_packets = 5}, 3, 6);
    run_until_expired((struct esp_lifetime){.soft_octets = 250, .hard_octets = 450}, 3, 5);
    run_until_expired((struct esp_lifetime){.soft_octets = 300, .hard_octets = 500}, 3, 6);
    run_until_expired((struct esp_lifetime){.soft_packets = 2, .hard_octets = 400}, 2, 5);
}

/* RFC 4303 3.3.3: the counter must not wrap. */
static void test_sequence_numbers_run_out(void **state)
{
    (void)state;
    for (unsigned esn = 0; esn < 2; esn++) {
        struct lab lab;
        struct lab_packet p;
        lab_create(&lab, &(struct lab_options){.algorithm = 0, .esn = esn});
        lab_install(&lab, 1);
        struct esp_pair *pair = sad_find(&lab.a->sad, LAB_SPI_A(1));
        pair->sequence_out = UINT32_MAX - SEQUENCE_SOFT_MARGIN - 1;
        assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
        lab_expect_no_event(lab.a);
        assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
        if (!esn) {
            (void)lab_expect_event(lab.a, ESP_EVENT_SOFT_EXPIRED);
        }
        pair->sequence_out = UINT32_MAX - 1;
        assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
        assert_int_equal(lab_seal_there(&lab, &p, 10), esn ? PACKET_FORWARD : PACKET_DROP_EXPIRED);
        if (!esn) {
            (void)lab_expect_event(lab.a, ESP_EVENT_HARD_EXPIRED);
        }
        lab_expect_no_event(lab.a);
        lab_destroy(&lab);
    }
}

/* ---- NAT rebinding ---- */

static enum packet_verdict open_from(struct lab *lab, const struct lab_packet *sealed,
                                     const char *address, uint16_t port)
{
    struct lab_packet p = *sealed;
    p.packet.buffer = p.octets;
    p.packet.path.remote = (struct transport_address){lab_address(address), port};
    return lab_open(lab->b, &p);
}

static void test_peer_moved(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p[7];
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .udp_encapsulation = true});
    lab_install(&lab, 1);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(lab_seal_there(&lab, &p[i], 10), PACKET_FORWARD);
        lab_packet_cross(&p[i]);
    }
    assert_int_equal(open_from(&lab, &p[0], "192.0.2.1", 4500), PACKET_FORWARD);
    lab_expect_no_event(lab.b);
    assert_int_equal(open_from(&lab, &p[2], "192.0.2.1", 61000), PACKET_FORWARD);
    struct esp_event event = lab_expect_event(lab.b, ESP_EVENT_PEER_MOVED);
    assert_int_equal(event.path.remote.port, 61000);
    assert_int_equal(event.spi_in, LAB_SPI_B(1));
    assert_int_equal(event.user, LAB_SPI_B(1));
    /* older than the highest, replayed, or not authentic: no reason to move */
    assert_int_equal(open_from(&lab, &p[1], "192.0.2.1", 61001), PACKET_FORWARD);
    assert_int_equal(open_from(&lab, &p[2], "192.0.2.1", 61001), PACKET_DROP_REPLAYED);
    struct lab_packet forged = p[3];
    forged.octets[20] ^= 1;
    assert_int_equal(open_from(&lab, &forged, "192.0.2.1", 61001), PACKET_DROP_NOT_AUTHENTIC);
    assert_int_equal(open_from(&lab, &p[3], "192.0.2.1", 61000), PACKET_FORWARD);
    lab_expect_no_event(lab.b); /* reported already */
    struct path path = event.path;
    assert_true(esp_plane_pair_move(lab.b, LAB_SPI_B(1), &path, true));
    assert_int_equal(open_from(&lab, &p[4], "192.0.2.1", 61000), PACKET_FORWARD);
    lab_expect_no_event(lab.b);
    assert_int_equal(open_from(&lab, &p[5], "198.51.100.9", 61000), PACKET_FORWARD);
    event = lab_expect_event(lab.b, ESP_EVENT_PEER_MOVED);
    struct address moved_to = lab_address("198.51.100.9");
    assert_true(address_equal(&event.path.remote.ip, &moved_to));
    /* the owner moved it elsewhere: the same place is news again */
    path.remote.port = 4501;
    assert_true(esp_plane_pair_move(lab.b, LAB_SPI_B(1), &path, true));
    assert_int_equal(open_from(&lab, &p[6], "198.51.100.9", 61000), PACKET_FORWARD);
    (void)lab_expect_event(lab.b, ESP_EVENT_PEER_MOVED);
    /* what is sent goes where the owner said */
    uint8_t inner[256];
    lab_packet_set(&p[0], inner, lab_ip_build(inner, &lab.back, 10));
    assert_int_equal(lab_seal(lab.b, &p[0]), PACKET_FORWARD);
    assert_true(path_equal(&p[0].packet.path, &path));
    assert_false(esp_plane_pair_move(lab.b, 0x9999, &path, true));
    lab_destroy(&lab);
}

/* ---- many at once ---- */

static void test_bursts_and_counts(void **state)
{
    (void)state;
    static struct lab_packet p[64];
    struct packet burst[64];
    struct lab lab;
    uint8_t inner[256];
    lab_create(&lab, &(struct lab_options){.algorithm = 2});
    lab_install(&lab, 1);
    size_t length = lab_ip_build(inner, &lab.there, 10);
    for (size_t i = 0; i < 64; i++) {
        lab_packet_set(&p[i], inner, i % 8 == 7 ? 3 : length);
        burst[i] = p[i].packet;
    }
    esp_plane_seal(lab.a, burst, 64, 5 * LAB_SECOND);
    size_t sent = 0;
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(burst[i].verdict, i % 8 == 7 ? PACKET_DROP_MALFORMED : PACKET_FORWARD);
        if (burst[i].verdict == PACKET_FORWARD) {
            const struct path path = burst[i].path;
            burst[sent] = burst[i];
            burst[sent++].path = (struct path){.local = path.remote, .remote = path.local};
        }
    }
    esp_plane_open(lab.b, burst, sent, 6 * LAB_SECOND);
    struct esp_usage a, b;
    assert_true(esp_plane_pair_usage(lab.a, LAB_SPI_A(1), &a));
    assert_true(esp_plane_pair_usage(lab.b, LAB_SPI_B(1), &b));
    assert_int_equal(a.packets_out, 56);
    assert_int_equal(a.octets_out, 56 * length);
    assert_int_equal(a.last_out_ns, 5 * LAB_SECOND);
    assert_int_equal(b.packets_in, 56);
    assert_int_equal(b.octets_in, 56 * length);
    assert_int_equal(b.last_in_ns, 6 * LAB_SECOND);
    assert_int_equal(b.last_out_ns, 0);
    struct esp_counters counters;
    esp_plane_counters(lab.b, &counters);
    assert_int_equal(counters.opened[PACKET_FORWARD], 56);
    assert_string_equal(packet_verdict_name(PACKET_DROP_REPLAYED), "replayed");
    assert_string_equal(packet_verdict_name(PACKET_DROP_CONGESTION), "congestion");
    lab_destroy(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acquire_failed_drops_and_asks_again),
        cmocka_unit_test(test_policy_removed_with_all_it_has),
        cmocka_unit_test(test_rekey_loses_nothing),
        cmocka_unit_test(test_standby_ends_with_the_old_one),
        cmocka_unit_test(test_lingering),
        cmocka_unit_test(test_the_idle_rest),
        cmocka_unit_test(test_lifetimes),
        cmocka_unit_test(test_sequence_numbers_run_out),
        cmocka_unit_test(test_peer_moved),
        cmocka_unit_test(test_bursts_and_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
