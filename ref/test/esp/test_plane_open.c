/* The inbound corridor, RFC 4301 5.2: what comes in on port 4500 or protocol 50, and what of it
 * goes on. */
#include "esp_lab.h"

#include "esp/ecn.h"
#include "esp/esp_header.h"

/* RFC 7296 2.23: either form must be taken, whatever was agreed. */
static void test_with_and_without_udp_encapsulation(void **state)
{
    (void)state;
    for (unsigned agreed = 0; agreed < 2; agreed++) {
        struct lab lab;
        struct lab_packet p;
        lab_create(&lab, &(struct lab_options){.algorithm = 0, .udp_encapsulation = agreed});
        lab_install(&lab, 1);
        for (unsigned as_sent = 0; as_sent < 2; as_sent++) {
            assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
            assert_int_equal(p.packet.udp_encapsulation, agreed);
            lab_packet_cross(&p);
            p.packet.udp_encapsulation = as_sent;
            assert_int_equal(lab_open(lab.b, &p), PACKET_FORWARD);
        }
        lab_destroy(&lab);
    }
}

static void test_replays_are_dropped(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p[40];
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .replay_window = 32});
    lab_install(&lab, 1);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(lab_seal_there(&lab, &p[i], 10), PACKET_FORWARD);
        lab_packet_cross(&p[i]);
    }
    struct lab_packet copy;
    for (size_t i = 39; i > 0; i -= 2) {
        copy = p[i];
        copy.packet.buffer = copy.octets;
        assert_int_equal(lab_open(lab.b, &copy), i >= 8 ? PACKET_FORWARD : PACKET_DROP_REPLAYED);
        copy = p[i];
        copy.packet.buffer = copy.octets;
        assert_int_equal(lab_open(lab.b, &copy), PACKET_DROP_REPLAYED);
        if (i == 1) {
            break;
        }
    }
    struct esp_usage usage;
    assert_true(esp_plane_pair_usage(lab.b, LAB_SPI_B(1), &usage));
    assert_int_equal(usage.packets_in, 16);
    assert_int_equal(usage.replayed, 24);
    assert_int_equal(usage.sequence_in, 40);
    lab_destroy(&lab);
}

static void test_no_window_takes_everything(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p, copy;
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .replay_window = LAB_NO_WINDOW});
    lab_install(&lab, 1);
    assert_int_equal(lab_seal_there(&lab, &p, 10), PACKET_FORWARD);
    lab_packet_cross(&p);
    for (int i = 0; i < 3; i++) {
        copy = p;
        copy.packet.buffer = copy.octets;
        assert_int_equal(lab_open(lab.b, &copy), PACKET_FORWARD);
    }
    lab_destroy(&lab);
}

static void test_selectors_hold_both_ways(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    struct esp_pair *at_b = sad_find(&lab.b->sad, LAB_SPI_B(1));
    assert_true(selector_parse("10.1.0.0/16[udp/1000]", &at_b->remote.items[0]));
    lab_assert_arrives(&lab, true);
    assert_int_equal(lab_seal_numbered(&lab, &p, 1001), PACKET_FORWARD);
    lab_packet_cross(&p);
    assert_int_equal(lab_open(lab.b, &p), PACKET_DROP_SELECTORS);
    assert_int_equal(p.packet.user, LAB_SPI_B(1));
    struct lab_flow fragment = lab.there;
    fragment.fragment_offset = 10;
    uint8_t inner[256];
    lab_packet_set(&p, inner, lab_ip_build(inner, &fragment, 10));
    assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD); /* A's selectors are of any port */
    lab_packet_cross(&p);
    assert_int_equal(lab_open(lab.b, &p), PACKET_DROP_SELECTORS);
    struct esp_usage usage;
    assert_true(esp_plane_pair_usage(lab.b, LAB_SPI_B(1), &usage));
    assert_int_equal(usage.outside_selectors, 2);
    assert_int_equal(usage.packets_in, 3);
    lab_destroy(&lab);
}

/* RFC 4301 7.2: an SA for OPAQUE ports carries later fragments alone, and none that begins within
 * the first sixteen octets of TCP. */
static void test_opaque_ports(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    struct esp_pair_config a = lab_config(&lab, true, 1), b = lab_config(&lab, false, 1);
    assert_true(selector_parse("10.1.0.0/16[tcp/opaque]", &b.remote.items[0]));
    assert_true(selector_parse("10.2.0.0/16[tcp/opaque]", &b.local.items[0]));
    assert_int_equal(esp_plane_pair_install(lab.a, &a, 0), STATUS_OK);
    assert_int_equal(esp_plane_pair_install(lab.b, &b, 0), STATUS_OK);
    static const enum packet_verdict verdicts[] = {PACKET_DROP_SELECTORS, PACKET_DROP_SELECTORS,
                                                   PACKET_FORWARD, PACKET_FORWARD};
    for (uint16_t at = 0; at < 4; at++) {
        struct lab_flow flow = lab.there;
        flow.protocol = IP_PROTOCOL_TCP;
        flow.fragment_offset = at;
        uint8_t inner[256];
        struct lab_packet p;
        lab_packet_set(&p, inner, lab_ip_build(inner, &flow, 10));
        assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
        lab_packet_cross(&p);
        assert_int_equal(lab_open(lab.b, &p), verdicts[at]);
    }
    lab_destroy(&lab);
}

static void test_marks(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++) {
        bool v6 = bits & 1, copy_dscp = bits & 2, ecn = bits & 4;
        for (unsigned inner_ecn = 0; inner_ecn < 4; inner_ecn++) {
            for (unsigned outer_ecn = 0; outer_ecn < 4; outer_ecn++) {
                struct lab lab;
                struct lab_packet p;
                lab_create(&lab, &(struct lab_options){.algorithm = 0, .v6_inside = v6});
                lab_install(&lab, 1);
                sad_find(&lab.a->sad, LAB_SPI_A(1))->copy_dscp = copy_dscp;
                sad_find(&lab.a->sad, LAB_SPI_A(1))->ecn = ecn;
                sad_find(&lab.b->sad, LAB_SPI_B(1))->ecn = ecn;
                uint8_t inner[256];
                struct lab_flow flow = lab.there;
                flow.tos = (uint8_t)(0xb8 | inner_ecn);
                lab_packet_set(&p, inner, lab_ip_build(inner, &flow, 10));
                assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
                assert_int_equal(p.packet.tos, (copy_dscp ? 0xb8u : 0u) | (ecn ? inner_ecn : 0u));
                lab_packet_cross(&p);
                p.packet.tos = (uint8_t)(0x28 | outer_ecn);
                uint8_t expected = (uint8_t)inner_ecn;
                bool kept =
                    !ecn || ecn_decapsulate((uint8_t)inner_ecn, (uint8_t)outer_ecn, &expected);
                assert_int_equal(lab_open(lab.b, &p),
                                 kept ? PACKET_FORWARD : PACKET_DROP_CONGESTION);
                if (kept) {
                    struct ip_packet ip;
                    assert_int_equal(ip_packet_parse(packet_bytes(&p.packet), &ip), STATUS_OK);
                    assert_int_equal(ip.tos, 0xb8 | expected);
                    lab_assert_checksums(packet_octets(&p.packet), p.packet.length);
                }
                lab_destroy(&lab);
            }
        }
    }
}

static void test_other_datagrams_on_port_4500(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool udp;
        enum packet_verdict verdict;
        size_t length;
    } rows[] = {
        {"ff", true, PACKET_KEEPALIVE, 1},
        {"00000000aabb", true, PACKET_IKE, 2},
        {"ff", false, PACKET_DROP_MALFORMED, 1},
        {"", true, PACKET_DROP_MALFORMED, 0},
        {"0000000100000001", true, PACKET_DROP_NO_SA, 8}, /* reserved SPI */
        {"000000ff00000001", true, PACKET_DROP_NO_SA, 8},
        {"0000000000000001", false, PACKET_DROP_NO_SA, 8},
        {"00002002000000", true, PACKET_DROP_MALFORMED, 7},   /* shorter than the header */
        {"0000200100000001", true, PACKET_DROP_MALFORMED, 8}, /* nothing behind it */
    };
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t octets[16];
        struct lab_packet p;
        lab_packet_set(&p, octets, lab_hex(rows[i].hex, octets, sizeof(octets)));
        p.packet.udp_encapsulation = rows[i].udp;
        assert_int_equal(lab_open(lab.b, &p), rows[i].verdict);
        assert_int_equal(p.packet.length, rows[i].length);
        assert_int_equal(p.packet.user, 0);
    }
    lab_destroy(&lab);
}

/* A text made by hand, sealed with the keys of A's side: what a faulty or hostile peer could send.
 */
static enum packet_verdict open_text(struct lab *lab, const char *text_hex)
{
    struct esp_pair *pair = sad_find(&lab->a->sad, LAB_SPI_A(1));
    struct lab_packet p;
    uint8_t text[512];
    size_t length = lab_hex(text_hex, text, sizeof(text));
    lab_packet_set(&p, text, 0);
    uint8_t *at = p.octets;
    struct esp_aad aad;
    uint64_t sequence = ++pair->sequence_out;
    esp_header_build(at, &(struct esp_header){pair->spi_out, (uint32_t)sequence});
    memcpy(at + 16, text, length);
    esp_aad_build(&aad, pair->spi_out, sequence, pair->esn, true);
    assert_int_equal(protector_next_iv(pair->sealer, &lab_random, at + 8), STATUS_OK);
    assert_int_equal(
        protector_seal(pair->sealer, aad.aad, at + 8, at + 16, length, aad.tail, at + 16 + length),
        STATUS_OK);
    p.packet.offset = 0;
    p.packet.length = 16 + length + 16;
    return lab_open(lab->b, &p);
}

#define GOOD                                                                                       \
    "4500001c000000004011642d0a0100010a020001"                                                     \
    "03e807d000080000"
#define OTHER                                                                                      \
    "4500001c000000004011642d0a0900010a020001"                                                     \
    "03e807d000080000"

static void test_authentic_but_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum packet_verdict verdict;
    } rows[] = {
        {"good", GOOD "01020204", PACKET_FORWARD},
        {"more padding than needed", GOOD "0102030405060604", PACKET_FORWARD},
        {"TFC padding",
         GOOD "00000000"
              "000000000000"
              "0004",
         PACKET_FORWARD},
        {"padding not 1, 2", GOOD "01030204", PACKET_DROP_MALFORMED},
        {"not a multiple of 4", GOOD "0004", PACKET_DROP_MALFORMED},
        {"padding of zeros", GOOD "00000204", PACKET_DROP_MALFORMED},
        {"padding longer than the text", "0102ff04", PACKET_DROP_MALFORMED},
        {"IPv4 said to be IPv6", GOOD "01020229", PACKET_DROP_MALFORMED},
        {"a transport payload in tunnel mode", GOOD "01020211", PACKET_DROP_MALFORMED},
        {"inner packet cut",
         "4500001c000000004011642d0a0100010a020001"
         "01020204",
         PACKET_DROP_MALFORMED},
        {"nothing inside", "01020204", PACKET_DROP_MALFORMED},
        {"dummy", "0102023b", PACKET_DUMMY},
        {"dummy with octets", GOOD "0102023b", PACKET_DUMMY},
        {"outside the selectors", OTHER "01020204", PACKET_DROP_SELECTORS},
    };
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum packet_verdict verdict = open_text(&lab, rows[i].text);
        if (verdict != rows[i].verdict) {
            fail_msg("%s: %s", rows[i].name, packet_verdict_name(verdict));
        }
    }
    struct esp_usage usage;
    assert_true(esp_plane_pair_usage(lab.b, LAB_SPI_B(1), &usage));
    assert_int_equal(usage.malformed, 8);
    assert_int_equal(usage.outside_selectors, 1);
    /* not counted: those with bad padding, the one of a wrong length */
    assert_int_equal(usage.packets_in, sizeof(rows) / sizeof(rows[0]) - 4);
    assert_int_equal(usage.octets_in, 3 * 28);
    lab_destroy(&lab);
}

static uint64_t last_in(const struct lab *lab)
{
    struct esp_usage usage;
    assert_true(esp_plane_pair_usage(lab->b, LAB_SPI_B(1), &usage));
    return usage.last_in_ns;
}

/* RFC 4555 3.12: nor is what comes to another address of ours. */
static void test_another_path_is_no_sign_of_life(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p[4];
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .udp_encapsulation = true});
    lab_install(&lab, 1);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(lab_seal_there(&lab, &p[i], 10), PACKET_FORWARD);
        lab_packet_cross(&p[i]);
    }
    p[0].packet.path.remote.ip = lab_address("198.51.100.9");
    p[1].packet.path.remote.port++;
    p[2].packet.path.local.ip = lab_address("198.51.100.9");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(lab_open(lab.b, &p[i]), PACKET_FORWARD);
        assert_int_equal(last_in(&lab), 0);
    }
    assert_int_equal(lab_open(lab.b, &p[3]), PACKET_FORWARD);
    assert_int_equal(last_in(&lab), LAB_SECOND);
    lab_destroy(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_and_without_udp_encapsulation),
        cmocka_unit_test(test_replays_are_dropped),
        cmocka_unit_test(test_no_window_takes_everything),
        cmocka_unit_test(test_selectors_hold_both_ways),
        cmocka_unit_test(test_opaque_ports),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_other_datagrams_on_port_4500),
        cmocka_unit_test(test_authentic_but_wrong),
        cmocka_unit_test(test_another_path_is_no_sign_of_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
