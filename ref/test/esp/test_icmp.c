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

/* An ICMP error of that type and code about a packet of the flow, of which it quotes so much. */
static size_t error_build(uint8_t *out, const struct lab_flow *about, const struct lab_flow *error,
                          size_t quoted_max)
{
    bool v6 = strchr(error->source, ':') != NULL;
    uint8_t quoted[256];
    size_t length = lab_ip_build(quoted, about, 60);
    size_t part = length < quoted_max ? length : quoted_max;
    struct lab_flow flow = *error;
    flow.protocol = v6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP;
    size_t whole = lab_ip_build(out, &flow, part);
    memcpy(out + (v6 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH) + 8, quoted, part);
    return whole;
}

/* B's policy is not for the router behind it, which tells A's host of what that has sent. */
static void test_errors_go_the_way_of_what_they_quote(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct lab lab;
        lab_create(&lab, &(struct lab_options){.algorithm = 0, .v6_inside = v6 == 1});
        lab_install(&lab, 1);
        struct lab_flow elsewhere = lab.there;
        elsewhere.destination = v6 ? "2001:db8:c::1" : "10.3.0.1";
        struct lab_flow error = {.source = v6 ? "2001:db8:77::1" : "203.0.113.77",
                                 .destination = lab.there.source,
                                 .source_port = v6 ? 1 * 256 + 3 : 3 * 256 + 1};
        struct lab_flow to_another = error, redirect = error, question = error;
        to_another.destination = v6 ? "2001:db8:a::2" : "10.1.0.2";
        redirect.source_port = v6 ? 137 * 256 : 5 * 256;
        question.source_port = v6 ? 128 * 256 : 8 * 256;
        size_t head = v6 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
        const struct {
            const struct lab_flow *about, *error;
            size_t quoted;
            enum packet_verdict verdict;
        } rows[] = {
            {&lab.there, &error, 256, PACKET_FORWARD},
            {&lab.there, &error, head + 8, PACKET_FORWARD},
            {&lab.there, &error, head - 1, PACKET_DROP_NO_POLICY},
            {&elsewhere, &error, 256, PACKET_DROP_NO_POLICY},
            {&lab.back, &error, 256, PACKET_DROP_NO_POLICY},
            {&lab.there, &to_another, 256, PACKET_DROP_NO_POLICY},
            {&lab.there, &redirect, 256, PACKET_DROP_NO_POLICY},
            {&lab.there, &question, 256, PACKET_DROP_NO_POLICY},
        };
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            uint8_t inner[512];
            struct lab_packet p;
            size_t length = error_build(inner, rows[i].about, rows[i].error, rows[i].quoted);
            lab_packet_set(&p, inner, length);
            assert_int_equal(lab_seal(lab.b, &p), rows[i].verdict);
            if (rows[i].verdict == PACKET_FORWARD) {
                lab_packet_cross(&p);
                assert_int_equal(lab_open(lab.a, &p), PACKET_FORWARD);
                assert_int_equal(p.packet.length, length);
            }
        }
        lab_destroy(&lab);
    }
}

/* What B lets out A still judges: its SA is for TCP, and the error is about UDP. No SA is asked for
 * by an error, RFC 4301 6.2. */
static void test_errors_that_do_not_fit_are_dropped(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    struct lab_flow error = {
        .source = "203.0.113.77", .destination = lab.there.source, .source_port = 3 * 256};
    uint8_t inner[512];
    struct lab_packet p;
    size_t length = error_build(inner, &lab.there, &error, 256);
    lab_packet_set(&p, inner, length);
    assert_int_equal(lab_seal(lab.b, &p), PACKET_DROP_NO_POLICY);
    lab_expect_no_event(lab.b);
    lab_install(&lab, 1);
    struct esp_pair *at_a = sad_find(&lab.a->sad, LAB_SPI_A(1));
    assert_true(selector_parse("10.2.0.0/16[tcp]", &at_a->remote.items[0]));
    lab_packet_set(&p, inner, length);
    assert_int_equal(lab_seal(lab.b, &p), PACKET_FORWARD);
    lab_packet_cross(&p);
    assert_int_equal(lab_open(lab.a, &p), PACKET_DROP_SELECTORS);
    lab_destroy(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_error_about_errors_or_to_many),
        cmocka_unit_test(test_errors_are_limited),
        cmocka_unit_test(test_what_an_error_quotes),
        cmocka_unit_test(test_errors_go_the_way_of_what_they_quote),
        cmocka_unit_test(test_errors_that_do_not_fit_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
