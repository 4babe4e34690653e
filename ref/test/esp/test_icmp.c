/* The ICMP errors we send: when one is due, how many, and what they say. */
#include "esp_lab.h"

static void seal_flow(struct lab *lab, struct lab_packet *p, const struct lab_flow *flow,
                      size_t payload, enum packet_verdict expected)
{
    uint8_t inner[3000];
    lab_packet_set(p, inner, lab_ip_build(inner, flow, payload));
    enum packet_verdict verdict = lab_seal(lab->a, p);
    if (verdict != expected) {
        fail_msg("%s instead of %s", packet_verdict_name(verdict), packet_verdict_name(expected));
    }
}

static void test_no_error_about_errors_or_to_many(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    struct lab_packet p;
    struct lab_flow flow = lab.there;
    flow.dont_fragment = true;
    flow.protocol = IP_PROTOCOL_ICMP;
    flow.source_port = 3 * 256 + 1;
    seal_flow(&lab, &p, &flow, 1500, PACKET_DROP_TOO_BIG);
    flow.source_port = 8 * 256;
    seal_flow(&lab, &p, &flow, 1500, PACKET_REPLY);
    flow.fragment_offset = 100;
    seal_flow(&lab, &p, &flow, 1500, PACKET_DROP_TOO_BIG);
    struct ip_packet ip = {
        .version = 6,
        .key = {.source = lab_address("::"), .destination = lab_address("2001:db8::1")}};
    uint8_t octets[64] = {0};
    assert_false(icmp_error_is_due(octets, &ip));
    ip.key.source = lab_address("2001:db8::2");
    assert_true(icmp_error_is_due(octets, &ip));
    ip.key.destination = lab_address("ff02::1");
    assert_false(icmp_error_is_due(octets, &ip));
    lab_destroy(&lab);
}

static void test_errors_are_limited(void **state)
{
    (void)state;
    struct icmp_limit limit = {0};
    int at_once = 0;
    while (icmp_limit_take(&limit, LAB_SECOND)) {
        at_once++;
        assert_true(at_once < 1000);
    }
    assert_int_equal(at_once, 101);
    int later = 0;
    while (icmp_limit_take(&limit, LAB_SECOND + LAB_SECOND / 100)) {
        later++;
    }
    assert_int_equal(later, 10); /* ten milliseconds, ten more */
}

/* A short packet is quoted whole; without room in the buffer there is no error. */
static void test_what_an_error_quotes(void **state)
{
    (void)state;
    for (unsigned v6 = 0; v6 < 2; v6++) {
        struct lab_flow flow = {.source = v6 ? "2001:db8::1" : "10.1.0.1",
                                .destination = v6 ? "2001:db8::2" : "10.2.0.1",
                                .protocol = IP_PROTOCOL_UDP,
                                .source_port = 1000,
                                .destination_port = 2000};
        uint8_t inner[128];
        struct lab_packet p;
        struct ip_packet ip;
        size_t length = lab_ip_build(inner, &flow, 20);
        size_t header = v6 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
        lab_packet_set(&p, inner, length);
        assert_int_equal(ip_packet_parse(packet_bytes(&p.packet), &ip), STATUS_OK);
        assert_true(icmp_error_is_due(packet_octets(&p.packet), &ip));
        assert_true(icmp_too_big_build(&p.packet, &ip, 1400));
        assert_int_equal(p.packet.length, header + 8 + length);
        const uint8_t *error = packet_octets(&p.packet);
        lab_assert_checksums(error, p.packet.length);
        assert_int_equal(error[header], v6 ? 2 : 3);
        assert_int_equal(error[header + 6] * 256 + error[header + 7], 1400);
        assert_memory_equal(error + header + 8, inner, length);

        lab_packet_set(&p, inner, length);
        p.packet.offset = header + 7; /* one octet too few, in front and behind together */
        p.packet.capacity = header + 7 + length;
        memmove(packet_octets(&p.packet), inner, length);
        assert_false(icmp_too_big_build(&p.packet, &ip, 1400));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_error_about_errors_or_to_many),
        cmocka_unit_test(test_errors_are_limited),
        cmocka_unit_test(test_what_an_error_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
