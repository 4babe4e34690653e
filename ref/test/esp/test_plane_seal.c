/* The outbound corridor, RFC 4301 5.1: what is sealed, what waits, what is dropped, and that
 * nothing leaves in the clear. */
#include "esp_lab.h"

static uint16_t number_of(const struct lab_packet *p)
{
    const uint8_t *at = packet_octets(&p->packet);
    return (uint16_t)(at[20] * 256 + at[21]);
}

static void test_packets_wait_for_an_sa(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .held_max = 3});
    for (uint16_t i = 0; i < 5; i++) {
        assert_int_equal(lab_seal_numbered(&lab, &p, i), i < 3 ? PACKET_HELD : PACKET_DROP_NO_SA);
    }
    struct esp_event event = lab_expect_event(lab.a, ESP_EVENT_ACQUIRE);
    assert_int_equal(event.policy, lab.policy_a);
    assert_int_equal(event.user, 0xa);
    assert_int_equal(event.key.source_port, 0);
    assert_int_equal(event.key.destination_port, 2000);
    lab_expect_no_event(lab.a); /* once is enough */

    static struct lab_packet released[4];
    struct packet packets[4];
    for (size_t i = 0; i < 4; i++) {
        packets[i] = (struct packet){.buffer = released[i].octets, .capacity = LAB_CAPACITY};
    }
    assert_int_equal(esp_plane_release(lab.a, packets, 4, 0), 0);
    lab_install(&lab, 1);
    assert_int_equal(esp_plane_release(lab.a, packets, 2, 0), 2);
    assert_int_equal(esp_plane_release(lab.a, packets + 2, 2, 0), 1);
    for (uint16_t i = 0; i < 3; i++) {
        released[i].packet = packets[i];
        assert_int_equal(packets[i].verdict, PACKET_FORWARD);
        lab_packet_cross(&released[i]);
        assert_int_equal(lab_open(lab.b, &released[i]), PACKET_FORWARD);
        assert_int_equal(number_of(&released[i]), i); /* in order */
    }
    assert_int_equal(esp_plane_release(lab.a, packets, 4, 0), 0);
    struct esp_counters counters;
    esp_plane_counters(lab.a, &counters);
    assert_int_equal(counters.sealed[PACKET_HELD], 3);
    assert_int_equal(counters.sealed[PACKET_DROP_NO_SA], 2);
    assert_int_equal(counters.sealed[PACKET_FORWARD], 3);
    lab_destroy(&lab);
}

/* An SA came, but the peer narrowed this packet away: it gets one request of its own, then is gone.
 */
static void test_what_the_sa_does_not_cover(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    assert_int_equal(lab_seal_numbered(&lab, &p, 1), PACKET_HELD);
    assert_int_equal(lab_seal_numbered(&lab, &p, 2), PACKET_HELD);
    (void)lab_expect_event(lab.a, ESP_EVENT_ACQUIRE);
    struct esp_pair_config config = lab_config(&lab, true, 1);
    assert_true(selector_parse("10.1.0.0/16[udp/1]", &config.local.items[0]));
    assert_int_equal(esp_plane_pair_install(lab.a, &config, 0), STATUS_OK);

    struct packet packets[4];
    struct lab_packet buffer;
    packets[0] = (struct packet){.buffer = buffer.octets, .capacity = LAB_CAPACITY};
    assert_int_equal(esp_plane_release(lab.a, packets, 1, 0), 1);
    assert_int_equal(esp_plane_release(lab.a, packets, 1, 0), 0);
    struct esp_event event = lab_expect_event(lab.a, ESP_EVENT_ACQUIRE);
    assert_int_equal(event.key.source_port, 2);
    config = lab_config(&lab, true, 2);
    assert_true(selector_parse("10.1.0.0/16[udp/3]", &config.local.items[0]));
    assert_int_equal(esp_plane_pair_install(lab.a, &config, 0), STATUS_OK);
    assert_int_equal(esp_plane_release(lab.a, packets, 1, 0), 0);
    lab_expect_no_event(lab.a);
    assert_int_equal(spd_find(&lab.a->spd, lab.policy_a)->held.count, 0);
    lab_destroy(&lab);
}

static void test_nothing_leaves_in_the_clear(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    struct esp_policy bypass = {
        .action = POLICY_BYPASS, .local = {.count = 1}, .remote = {.count = 1}};
    bypass.local.items[0] = bypass.remote.items[0] = selector_any(ADDRESS_V4);
    uint32_t id;
    assert_int_equal(esp_plane_policy_add(lab.a, &bypass, &id), STATUS_OK);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_HELD);
    lab_install(&lab, 1);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
    sad_find(&lab.a->sad, LAB_SPI_A(1))->expired = true;
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_DROP_EXPIRED);
    esp_plane_pair_remove(lab.a, LAB_SPI_A(1), 0, 0);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_HELD);

    uint8_t inner[256];
    struct lab_flow other = lab.there;
    other.destination = "198.51.100.1";
    size_t length = lab_ip_build(inner, &other, 10);
    lab_packet_set(&p, inner, length);
    assert_int_equal(lab_seal(lab.a, &p), PACKET_BYPASS);
    assert_int_equal(p.packet.length, length);
    assert_memory_equal(packet_octets(&p.packet), inner, length);
    esp_plane_policy_remove(lab.a, id);
    lab_packet_set(&p, inner, length);
    assert_int_equal(lab_seal(lab.a, &p), PACKET_DROP_NO_POLICY);
    esp_plane_policy_remove(lab.a, lab.policy_a);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_DROP_NO_POLICY);
    lab_packet_set(&p, "garbage", 7);
    assert_int_equal(lab_seal(lab.a, &p), PACKET_DROP_MALFORMED);
    lab_destroy(&lab);
}

/* Octets behind the inner packet are not part of it. */
static void test_only_the_packet_is_sealed(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    uint8_t inner[256] = {0};
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    size_t length = lab_ip_build(inner, &lab.there, 10); /* 38 */
    lab_packet_set(&p, inner, length + 50);
    assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
    assert_int_equal(p.packet.length, 8 + 8 + 40 + 16);
    lab_destroy(&lab);
}

/* A policy that discards is as good as none: no SA is asked for. */
/* RFC 4301 8.1: what is inside, or what was configured; in transport mode it is the packet's own.
 */
static void test_dont_fragment(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 4; bits++) {
        bool inner_df = bits & 1, transport = bits & 2;
        struct lab lab;
        lab_create(&lab, &(struct lab_options){.algorithm = 0, .transport_mode = transport});
        lab_install(&lab, 1);
        struct esp_pair *pair = sad_find(&lab.a->sad, LAB_SPI_A(1));
        const bool wanted[] = {
            [DF_COPY] = inner_df,
            [DF_CLEAR] = transport && inner_df,
            [DF_SET] = transport ? inner_df : true,
        };
        for (enum dont_fragment df = DF_COPY; df <= DF_SET; df++) {
            uint8_t inner[2000];
            struct lab_packet p;
            struct lab_flow flow = lab.there;
            flow.dont_fragment = inner_df;
            pair->df = df;
            lab_packet_set(&p, inner, lab_ip_build(inner, &flow, 100));
            assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
            assert_int_equal(p.packet.dont_fragment, wanted[df]);
            flow.dont_fragment = false;
            lab_packet_set(&p, inner, lab_ip_build(inner, &flow, 1900));
            assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
            assert_false(p.packet.dont_fragment); /* it does not fit, so it has to be fragmented */
        }
        lab_destroy(&lab);
    }
}

static void test_discarded(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    struct esp_policy discard = {
        .action = POLICY_DISCARD, .local = {.count = 1}, .remote = {.count = 1}};
    discard.local.items[0] = discard.remote.items[0] = selector_any(ADDRESS_V4);
    uint32_t id;
    assert_int_equal(esp_plane_policy_add(lab.a, &discard, &id), STATUS_OK);
    lab.there.destination = "198.51.100.1";
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_DROP_NO_POLICY);
    lab_expect_no_event(lab.a);
    lab_destroy(&lab);
}

/* A buffer too small for a held packet: the packet is lost, not the buffer overrun. */
static void test_release_into_a_small_buffer(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    assert_int_equal(lab_seal_numbered(&lab, &p, 1), PACKET_HELD); /* 38 octets */
    lab_install(&lab, 1);
    uint8_t octets[ESP_HEADROOM + 37];
    struct packet packet = {.buffer = octets, .capacity = sizeof(octets)};
    assert_int_equal(esp_plane_release(lab.a, &packet, 1, LAB_SECOND), 1);
    assert_int_equal(packet.verdict, PACKET_DROP_INTERNAL);
    assert_int_equal(packet.length, 0);
    assert_int_equal(esp_plane_release(lab.a, &packet, 1, LAB_SECOND), 0);
    lab_destroy(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_wait_for_an_sa),
        cmocka_unit_test(test_what_the_sa_does_not_cover),
        cmocka_unit_test(test_nothing_leaves_in_the_clear),
        cmocka_unit_test(test_only_the_packet_is_sealed),
        cmocka_unit_test(test_dont_fragment),
        cmocka_unit_test(test_discarded),
        cmocka_unit_test(test_release_into_a_small_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
