/* Transport mode: the header off and on, and checksums behind a NAT. */
#include "esp_lab.h"

#include "esp/esp_packet.h"
#include "esp/transport.h"

/* From A to B with addresses rewritten on the way as a NAT would: B must see its own view of them
 * and right checksums. */
static void through_nat(bool v6, uint8_t protocol, bool udp_checksum_off)
{
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0,
                                           .v6_inside = v6,
                                           .transport_mode = true,
                                           .udp_encapsulation = true});
    lab_install(&lab, 1);
    struct esp_pair *pair = sad_find(&lab.b->sad, LAB_SPI_B(1));
    const char *outside = v6 ? "2001:db8:ffff::77" : "203.0.113.77";
    struct traffic_selector inside = pair->remote.items[0];
    assert_true(selector_parse(outside, &pair->remote.items[0]));

    uint8_t inner[256];
    struct lab_flow flow = lab.there;
    flow.protocol = protocol;
    struct lab_packet p;
    size_t length = lab_ip_build(inner, &flow, 31);
    size_t header = v6 ? 40 : 20;
    if (udp_checksum_off) {
        inner[header + 6] = inner[header + 7] = 0;
    }
    lab_packet_set(&p, inner, length);
    assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
    lab_packet_cross(&p);
    p.packet.path.remote.ip = lab_address(outside);
    assert_int_equal(lab_open(lab.b, &p), PACKET_FORWARD);

    const uint8_t *got = packet_octets(&p.packet);
    struct address source = lab_address(outside);
    assert_int_equal(p.packet.length, length);
    assert_memory_equal(got + (v6 ? 8 : 12), source.octets, v6 ? 16 : 4);
    assert_memory_equal(got + length - 31, inner + length - 31, 31);
    if (udp_checksum_off) {
        assert_int_equal(got[header + 6] * 256 + got[header + 7], 0);
    } else {
        lab_assert_checksums(got, length);
    }
    pair->remote.items[0] = inside; /* what it is found by */
    lab_destroy(&lab);
}

static void test_checksums_behind_a_nat(void **state)
{
    (void)state;
    through_nat(false, IP_PROTOCOL_UDP, false);
    through_nat(false, IP_PROTOCOL_TCP, false);
    through_nat(false, IP_PROTOCOL_ICMP, false);
    through_nat(false, IP_PROTOCOL_UDP, true);
    through_nat(true, IP_PROTOCOL_UDP, false);
    through_nat(true, IP_PROTOCOL_TCP, false);
    through_nat(true, IP_PROTOCOL_ICMPV6, false);
}

static void test_without_a_nat_the_payload_is_left_alone(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .transport_mode = true});
    lab_install(&lab, 1);
    uint8_t inner[256];
    size_t length = lab_ip_build(inner, &lab.there, 31);
    inner[26] ^= 0x55; /* a wrong checksum is the receiver's to find */
    struct lab_packet p;
    lab_packet_set(&p, inner, length);
    assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
    lab_packet_cross(&p);
    assert_int_equal(lab_open(lab.b, &p), PACKET_FORWARD);
    assert_memory_equal(packet_octets(&p.packet) + 20, inner + 20, length - 20);
    lab_destroy(&lab);
}

static void test_marks_travel_in_the_outer_header(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 2; bits++) {
        struct lab lab;
        lab_create(
            &lab, &(struct lab_options){.algorithm = 0, .v6_inside = bits, .transport_mode = true});
        lab_install(&lab, 1);
        struct lab_flow flow = lab.there;
        uint8_t inner[256];
        struct lab_packet p;
        flow.tos = 0xb9;
        lab_packet_set(&p, inner, lab_ip_build(inner, &flow, 31));
        assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
        assert_int_equal(p.packet.tos, 0xb9);
        lab_packet_cross(&p);
        p.packet.tos = 0xbb; /* congestion on the way */
        assert_int_equal(lab_open(lab.b, &p), PACKET_FORWARD);
        struct ip_packet ip;
        assert_int_equal(ip_packet_parse(packet_bytes(&p.packet), &ip), STATUS_OK);
        assert_int_equal(ip.tos, 0xbb);
        lab_destroy(&lab);
    }
}

static void test_no_fragments(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .transport_mode = true});
    lab_install(&lab, 1);
    struct lab_flow flow = lab.there;
    uint8_t inner[256];
    struct lab_packet p;
    flow.fragment_offset = 4;
    lab_packet_set(&p, inner, lab_ip_build(inner, &flow, 31));
    assert_int_equal(lab_seal(lab.a, &p), PACKET_DROP_MALFORMED);
    lab_destroy(&lab);
}

/* A peer that sends one all the same: a Fragment header right behind ESP. */
static void test_no_fragments_from_the_peer(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab,
               &(struct lab_options){.algorithm = 0, .v6_inside = true, .transport_mode = true});
    lab_install(&lab, 1);
    struct esp_pair *pair = sad_find(&lab.a->sad, LAB_SPI_A(1));
    static const char *const hex[] = {"1100000100000001"
                                      "03e807d000080000", /* the first piece */
                                      "1100000000000001"
                                      "03e807d000080000"}; /* a whole one */
    for (size_t i = 0; i < 2; i++) {
        uint8_t payload[16];
        struct lab_packet p;
        lab_packet_set(&p, payload, lab_hex(hex[i], payload, sizeof(payload)));
        assert_int_equal(esp_seal(pair, &lab_random, &p.packet, IPV6_FRAGMENT), PACKET_FORWARD);
        p.packet.path = pair->path;
        lab_packet_cross(&p);
        assert_int_equal(lab_open(lab.b, &p), i == 0 ? PACKET_DROP_MALFORMED : PACKET_FORWARD);
    }
    lab_destroy(&lab);
}

static void test_headers_that_stay_in_front(void **state)
{
    (void)state;
    static const struct {
        uint8_t next_header;
        bool carried;
    } rows[] = {{IPV6_HOP_BY_HOP, false}, {IPV6_ROUTING, false}, {IPV6_DESTINATION_OPTIONS, true}};
    for (size_t i = 0; i < 3; i++) {
        struct packet packet = {.length = 64, .capacity = 64};
        struct ip_packet ip = {
            .version = 6, .header_length = 40, .next_header = rows[i].next_header};
        uint8_t next_header = 0;
        assert_int_equal(transport_strip(&packet, &ip, &next_header), rows[i].carried);
        assert_int_equal(packet.length, rows[i].carried ? 24 : 64);
    }
}

/* A buffer with no octet to spare: the IPv6 header is larger than what ESP leaves. */
static void test_header_back_without_room(void **state)
{
    (void)state;
    uint8_t octets[60] = {0};
    struct path path = {{lab_address("2001:db8::1"), 0}, {lab_address("2001:db8::2"), 0}};
    struct path mixed = {{lab_address("192.0.2.1"), 0}, {lab_address("2001:db8::2"), 0}};
    struct path none = {0};
    struct packet packet = {.buffer = octets, .capacity = 60, .offset = 16, .length = 20};
    assert_false(transport_restore(&packet, &mixed, 17));
    assert_false(transport_restore(&packet, &none, 17));
    assert_true(transport_restore(&packet, &path, 17));
    assert_int_equal(packet.offset, 0);
    packet = (struct packet){.buffer = octets, .capacity = 60, .offset = 16, .length = 21};
    assert_false(transport_restore(&packet, &path, 17));
    packet = (struct packet){.buffer = octets, .capacity = 60, .offset = 20, .length = 0};
    path = (struct path){{lab_address("192.0.2.1"), 0}, {lab_address("192.0.2.2"), 0}};
    assert_true(transport_restore(&packet, &path, 17));
    assert_int_equal(lab_sum(octets, 20, 0), 0xffff);
}

/* Lengths inside the upper header are the peer's to choose: none may lead out of the packet. */
static void test_checksum_fix_stays_in_bounds(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 100000; round++) {
        uint8_t octets[80];
        for (size_t i = 0; i < sizeof(octets); i++) {
            octets[i] = (uint8_t)lab_next(&seed);
        }
        octets[0] = 0x45;
        octets[2] = 0;
        octets[3] = (uint8_t)(20 + lab_next(&seed) % 30);
        octets[6] = octets[7] = 0;
        octets[9] = round % 2 ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP;
        struct ip_packet ip;
        uint8_t before[80];
        memcpy(before, octets, sizeof(octets));
        assert_int_equal(ip_packet_parse(bytes_of(octets, 80), &ip), STATUS_OK);
        transport_fix_checksum(octets, &ip);
        assert_memory_equal(octets + ip.total_length, before + ip.total_length,
                            80 - ip.total_length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksums_behind_a_nat),
        cmocka_unit_test(test_without_a_nat_the_payload_is_left_alone),
        cmocka_unit_test(test_marks_travel_in_the_outer_header),
        cmocka_unit_test(test_no_fragments),
        cmocka_unit_test(test_no_fragments_from_the_peer),
        cmocka_unit_test(test_headers_that_stay_in_front),
        cmocka_unit_test(test_header_back_without_room),
        cmocka_unit_test(test_checksum_fix_stays_in_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
