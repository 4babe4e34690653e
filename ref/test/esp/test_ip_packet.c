/* Inner packets: what is read of good ones, and that bad ones are refused within their bounds. */
#include "esp_lab.h"

#include <stdlib.h>

#include "esp/ip_packet.h"

/* In memory of exactly this size, so that a read past the end is seen. */
static enum status parse(const uint8_t *octets, size_t length, struct ip_packet *out)
{
    uint8_t *copy = malloc(length == 0 ? 1 : length);
    assert_non_null(copy);
    memcpy(copy, octets, length);
    enum status status = ip_packet_parse(bytes_of(copy, length), out);
    free(copy);
    return status;
}

static void test_ipv4_udp(void **state)
{
    (void)state;
    uint8_t octets[128];
    struct lab_flow flow = {"10.1.0.1", "10.2.0.9", IP_PROTOCOL_UDP, 1000, 2000, 0xb9, true, 0};
    size_t length = lab_ip_build(octets, &flow, 10);
    struct ip_packet ip;
    struct address source = lab_address("10.1.0.1"), destination = lab_address("10.2.0.9");
    assert_int_equal(parse(octets, length, &ip), STATUS_OK);
    assert_int_equal(ip.version, 4);
    assert_int_equal(ip.tos, 0xb9);
    assert_true(ip.dont_fragment);
    assert_false(ip.fragment);
    assert_int_equal(ip.header_length, 20);
    assert_int_equal(ip.upper_offset, 20);
    assert_int_equal(ip.total_length, length);
    assert_int_equal(ip.key.protocol, IP_PROTOCOL_UDP);
    assert_true(address_equal(&ip.key.source, &source));
    assert_true(address_equal(&ip.key.destination, &destination));
    assert_true(ip.key.has_ports);
    assert_int_equal(ip.key.source_port, 1000);
    assert_int_equal(ip.key.destination_port, 2000);
}

static void test_icmp_has_type_and_code_on_both_sides(void **state)
{
    (void)state;
    uint8_t octets[128];
    struct lab_flow flow = {"10.1.0.1", "10.2.0.9", IP_PROTOCOL_ICMP, 0x0301, 0, 0, false, 0};
    struct ip_packet ip;
    assert_int_equal(parse(octets, lab_ip_build(octets, &flow, 0), &ip), STATUS_OK);
    assert_true(ip.key.has_ports);
    assert_int_equal(ip.key.source_port, 0x0301);
    assert_int_equal(ip.key.destination_port, 0x0301);
}

static void test_fragments(void **state)
{
    (void)state;
    uint8_t octets[128];
    struct lab_flow flow = {"10.1.0.1", "10.2.0.9", IP_PROTOCOL_UDP, 1, 2, 0, false, 5};
    size_t length = lab_ip_build(octets, &flow, 10);
    struct ip_packet ip;
    assert_int_equal(parse(octets, length, &ip), STATUS_OK);
    assert_true(ip.fragment && ip.later_fragment);
    assert_false(ip.key.has_ports);
    octets[6] = 0x20; /* More Fragments, offset 0: the first one */
    octets[7] = 0;
    assert_int_equal(parse(octets, length, &ip), STATUS_OK);
    assert_true(ip.fragment && !ip.later_fragment && ip.key.has_ports);
}

static void test_padding_behind_is_seen(void **state)
{
    (void)state;
    uint8_t octets[256] = {0};
    struct lab_flow v4 = {"10.1.0.1", "10.2.0.9", IP_PROTOCOL_UDP, 1, 2, 0, false, 0};
    struct lab_flow v6 = {"2001:db8::1", "2001:db8::2", IP_PROTOCOL_UDP, 1, 2, 0, false, 0};
    struct ip_packet ip;
    size_t length = lab_ip_build(octets, &v4, 3);
    assert_int_equal(parse(octets, length + 100, &ip), STATUS_OK);
    assert_int_equal(ip.total_length, length);
    length = lab_ip_build(octets, &v6, 3);
    assert_int_equal(parse(octets, length + 100, &ip), STATUS_OK);
    assert_int_equal(ip.total_length, length);
}

/* An IPv6 packet with this chain behind the fixed header; `first` names its first member. */
static enum status parse_chain(uint8_t first, const char *hex, struct ip_packet *ip)
{
    uint8_t octets[512];
    struct lab_flow flow = {"2001:db8::1", "2001:db8::2", IP_PROTOCOL_UDP, 0, 0, 0, false, 0};
    (void)lab_ip_build(octets, &flow, 0);
    size_t length = lab_hex(hex, octets + 40, sizeof(octets) - 40);
    octets[4] = (uint8_t)(length >> 8);
    octets[5] = (uint8_t)length;
    octets[6] = first;
    return parse(octets, 40 + length, ip);
}

static void test_ipv6_extension_headers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t first;
        const char *hex;
        enum status status;
        uint8_t protocol;
        size_t upper_offset;
        bool has_ports, fragment, later_fragment;
    } rows[] = {
        {"udp", 17, "03e807d000080000", STATUS_OK, 17, 40, true, false, false},
        {"hop-by-hop", 0,
         "1100010400000000"
         "03e807d000080000",
         STATUS_OK, 17, 48, true, false, false},
        {"all of them", 0,
         "3c00000000000000" /* to destination options, of 16 octets */
         "2b01000000000000"
         "0000000000000000" /* to routing */
         "3300000000000000" /* to AH, of 12 octets */
         "1101000000000000"
         "00000000"
         "03e807d000080000",
         STATUS_OK, 17, 84, true, false, false},
        {"first fragment", 44,
         "1100000100000001"
         "03e807d000080000",
         STATUS_OK, 17, 48, true, true, false},
        {"atomic fragment", 44,
         "1100000000000001"
         "03e807d000080000",
         STATUS_OK, 17, 48, true, false, false},
        {"later fragment", 44,
         "1100010000000001"
         "03e807d000080000",
         STATUS_OK, 17, 48, false, true, true},
        {"later fragment of a chain", 44,
         "3c00010000000001"
         "ffffffffffffffff",
         STATUS_OK, 60, 48, false, true, true},
        {"no next header", 59, "", STATUS_OK, 59, 40, false, false, false},
        {"ports cut off", 17, "03e807", STATUS_OK, 17, 40, false, false, false},
        {"extension cut off", 0, "11000104", STATUS_DROP, 0, 0, false, false, false},
        {"extension longer than the packet", 60, "1102000000000000", STATUS_DROP, 0, 0, false,
         false, false},
        {"fragment header cut off", 44, "11000001000000", STATUS_DROP, 0, 0, false, false, false},
        {"AH longer than the packet", 51, "1105000000000000", STATUS_DROP, 0, 0, false, false,
         false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ip_packet ip;
        enum status status = parse_chain(rows[i].first, rows[i].hex, &ip);
        if (status != rows[i].status) {
            fail_msg("%s: %x", rows[i].name, status);
        }
        if (status == STATUS_OK &&
            (ip.key.protocol != rows[i].protocol || ip.upper_offset != rows[i].upper_offset ||
             ip.key.has_ports != rows[i].has_ports || ip.fragment != rows[i].fragment ||
             ip.later_fragment != rows[i].later_fragment)) {
            fail_msg("%s: protocol %u at %zu, ports %d, fragment %d %d", rows[i].name,
                     ip.key.protocol, ip.upper_offset, ip.key.has_ports, ip.fragment,
                     ip.later_fragment);
        }
    }
}

static void test_endless_chain_is_refused(void **state)
{
    (void)state;
    char hex[17 * 16 + 16 + 1] = "";
    struct ip_packet ip;
    for (int i = 0; i < 15; i++) {
        strcat(hex, "3c00000000000000");
    }
    strcat(hex, "1100000000000000"
                "03e807d000080000");
    assert_int_equal(parse_chain(60, hex, &ip), STATUS_OK);
    memmove(hex + 16, hex, strlen(hex) + 1); /* one more */
    assert_int_equal(parse_chain(60, hex, &ip), STATUS_DROP);
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "45",
        "4500001400000000400100000a0100010a0200",   /* cut */
        "4400001400000000400100000a0100010a020001", /* header of 16 octets */
        "4600001400000000400100000a0100010a020001", /* header longer than the packet */
        "4500001300000000400100000a0100010a020001", /* total length below the header */
        "4500001500000000400100000a0100010a020001", /* total length beyond the octets */
        "0500001400000000400100000a0100010a020001", /* version 0 */
        "7500001400000000400100000a0100010a020001", /* version 7 */
        "6000000000001140200100",                   /* IPv6, cut */
    };
    uint8_t octets[64];
    struct ip_packet ip;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t length = lab_hex(rows[i], octets, sizeof(octets));
        if (parse(octets, length, &ip) != STATUS_DROP) {
            fail_msg("accepted: %s", rows[i]);
        }
    }
}

static void test_set_tos_keeps_the_rest(void **state)
{
    (void)state;
    struct lab_flow v4 = {"10.1.0.1", "10.2.0.9", IP_PROTOCOL_UDP, 1, 2, 0, false, 0};
    struct lab_flow v6 = {"2001:db8::1", "2001:db8::2", IP_PROTOCOL_UDP, 1, 2, 0, false, 0};
    for (unsigned before = 0; before < 256; before += 5) {
        for (unsigned after = 0; after < 256; after++) {
            uint8_t changed[128], built[128];
            v4.tos = v6.tos = (uint8_t)before;
            (void)lab_ip_build(changed, &v4, 5);
            ip_packet_set_tos(changed, (uint8_t)after);
            v4.tos = (uint8_t)after;
            assert_memory_equal(changed, built, lab_ip_build(built, &v4, 5));
            (void)lab_ip_build(changed, &v6, 5);
            ip_packet_set_tos(changed, (uint8_t)after);
            v6.tos = (uint8_t)after;
            assert_memory_equal(changed, built, lab_ip_build(built, &v6, 5));
        }
    }
}

static void test_random_octets_stay_in_bounds(void **state)
{
    (void)state;
    uint64_t seed = 3;
    uint8_t octets[200];
    for (int round = 0; round < 200000; round++) {
        size_t length = lab_next(&seed) % sizeof(octets);
        for (size_t i = 0; i < length; i++) {
            octets[i] = (uint8_t)lab_next(&seed);
        }
        octets[0] = round % 2 ? (uint8_t)(0x40 | (octets[0] & 0xf)) : 0x60;
        octets[2] = octets[4] = 0;
        octets[6] = round % 3 ? octets[6] : (uint8_t[]){0, 43, 44, 51, 60}[octets[6] % 5];
        struct ip_packet ip;
        if (parse(octets, length, &ip) == STATUS_OK) {
            assert_true(ip.total_length <= length);
            assert_true(ip.upper_offset <= ip.total_length);
        }
    }
}

/* ICMP quotes the beginning of a packet: what its header says of the rest is not there. */
static void test_quoted(void **state)
{
    (void)state;
    uint8_t octets[128];
    struct ip_packet ip;
    struct lab_flow flow = {.source = "10.1.0.1",
                            .destination = "10.2.0.1",
                            .protocol = IP_PROTOCOL_UDP,
                            .source_port = 7,
                            .destination_port = 9};
    size_t length = lab_ip_build(octets, &flow, 60);
    assert_int_equal(ip_packet_parse(bytes_of(octets, 28), &ip), STATUS_DROP);
    for (size_t there = 0; there <= length; there++) {
        enum status status = ip_packet_parse_quoted(bytes_of(octets, there), &ip);
        assert_int_equal(status == STATUS_OK, there >= IPV4_HEADER_LENGTH);
        if (status == STATUS_OK) {
            assert_int_equal(ip.total_length, there);
            assert_int_equal(ip.key.has_ports, there >= IPV4_HEADER_LENGTH + 4);
        }
    }
    assert_int_equal(ip.key.destination_port, 9);
    flow.fragment_offset = 3;
    lab_ip_build(octets, &flow, 60);
    assert_int_equal(ip_packet_parse(bytes_of(octets, length), &ip), STATUS_OK);
    assert_int_equal(ip.fragment_at, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4_udp),
        cmocka_unit_test(test_icmp_has_type_and_code_on_both_sides),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_padding_behind_is_seen),
        cmocka_unit_test(test_ipv6_extension_headers),
        cmocka_unit_test(test_endless_chain_is_refused),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_set_tos_keeps_the_rest),
        cmocka_unit_test(test_random_octets_stay_in_bounds),
        cmocka_unit_test(test_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
