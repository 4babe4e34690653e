/* Path MTU: what fits, what is answered, and the ICMP errors with their checksums. */
#include "esp_lab.h"

#include "esp/path_mtu.h"

static struct esp_pair *pair_at_a(struct lab *lab)
{
    return sad_find(&lab->a->sad, LAB_SPI_A(1));
}

/* Figures worked out by hand: 1500 - 20 - 8 - 8 - IV - ICV, down to the alignment, less 2. */
static void test_inner_mtu_by_hand(void **state)
{
    (void)state;
    struct protection gcm = {cipher_algorithm_find(ENCR_AES_GCM_16), 128, NULL};
    struct protection cbc = {cipher_algorithm_find(ENCR_AES_CBC), 128,
                             integrity_algorithm_find(AUTH_HMAC_SHA2_256_128)};
    assert_int_equal(esp_inner_mtu(&gcm, false, true, ADDRESS_V4, 1500), 1438);
    assert_int_equal(esp_inner_mtu(&gcm, false, false, ADDRESS_V4, 1500), 1446);
    assert_int_equal(esp_inner_mtu(&gcm, false, false, ADDRESS_V6, 1500), 1426);
    assert_int_equal(esp_inner_mtu(&gcm, true, false, ADDRESS_V4, 1500), 1466);
    assert_int_equal(esp_inner_mtu(&cbc, false, true, ADDRESS_V4, 1500), 1422);
    assert_int_equal(esp_inner_mtu(&cbc, false, false, ADDRESS_V6, 1500), 1406);
    assert_int_equal(esp_inner_mtu(&gcm, false, true, ADDRESS_V6, 60), 0);
}

/* The figure is exact: a packet of it fits the path, one octet more does not. */
static void test_inner_mtu_is_what_sealing_makes(void **state)
{
    (void)state;
    for (size_t algorithm = 0; algorithm < LAB_ALGORITHMS; algorithm++) {
        for (unsigned bits = 0; bits < 8; bits++) {
            struct lab_options options = {.algorithm = algorithm,
                                          .transport_mode = bits & 1,
                                          .v6_inside = bits & 2,
                                          .v6_outside = bits & 2,
                                          .udp_encapsulation = bits & 4};
            struct lab lab;
            lab_create(&lab, &options);
            lab_install(&lab, 1);
            size_t outer = (bits & 2 ? 40u : 20u) + (bits & 4 ? 8u : 0u);
            size_t inner_header = bits & 2 ? 40u : 20u;
            for (uint16_t mtu = 1400; mtu < 1440; mtu++) {
                uint8_t inner[2000];
                struct lab_packet p;
                assert_true(esp_plane_pair_set_path_mtu(lab.a, LAB_SPI_A(1), mtu));
                size_t fits = pair_at_a(&lab)->inner_mtu;
                for (size_t more = 0; more < 2; more++) {
                    size_t length = lab_ip_build(inner, &lab.there, fits + more - inner_header - 8);
                    lab_packet_set(&p, inner, length);
                    assert_int_equal(length, fits + more);
                    pair_at_a(&lab)->inner_mtu = UINT16_MAX;
                    assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
                    assert_int_equal(outer + p.packet.length <= mtu, more == 0);
                }
            }
            lab_destroy(&lab);
        }
    }
}

static void test_small_reports_are_not_believed(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    assert_true(esp_plane_pair_set_path_mtu(lab.a, LAB_SPI_A(1), 68));
    assert_int_equal(pair_at_a(&lab)->path_mtu, 576);
    assert_false(esp_plane_pair_set_path_mtu(lab.a, 0x9999, 1400));
    lab_destroy(&lab);
}

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

static void test_ipv4_with_df_is_answered(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    struct lab_flow flow = lab.there;
    struct lab_packet p;
    flow.dont_fragment = true;
    seal_flow(&lab, &p, &flow, 1418, PACKET_FORWARD); /* 1446 */
    assert_true(p.packet.dont_fragment);
    seal_flow(&lab, &p, &flow, 1419, PACKET_REPLY);
    uint8_t original[2000];
    (void)lab_ip_build(original, &flow, 1419);
    const uint8_t *reply = packet_octets(&p.packet);
    assert_int_equal(p.packet.length, 576);
    lab_assert_checksums(reply, p.packet.length);
    assert_int_equal(reply[9], IP_PROTOCOL_ICMP);
    assert_memory_equal(reply + 12, original + 16, 4); /* from the destination */
    assert_memory_equal(reply + 16, original + 12, 4); /* to the source */
    assert_int_equal(reply[20], 3);
    assert_int_equal(reply[21], 4);
    assert_int_equal(reply[24] * 256 + reply[25], 0);
    assert_int_equal(reply[26] * 256 + reply[27], 1446);
    assert_memory_equal(reply + 28, original, 576 - 28);
    struct esp_usage usage;
    assert_true(esp_plane_pair_usage(lab.a, LAB_SPI_A(1), &usage));
    assert_int_equal(usage.packets_out, 1);
    lab_destroy(&lab);
}

static void test_ipv4_without_df_is_sealed_whole(void **state)
{
    (void)state;
    struct lab lab;
    struct lab_packet p;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    lab_install(&lab, 1);
    seal_flow(&lab, &p, &lab.there, 2000, PACKET_FORWARD);
    assert_false(p.packet.dont_fragment);
    seal_flow(&lab, &p, &lab.there, 100, PACKET_FORWARD);
    assert_false(p.packet.dont_fragment); /* DF is copied, RFC 4301 8.1 */
    lab_destroy(&lab);
}

static void test_ipv6_is_answered_down_to_1280(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0, .v6_inside = true});
    lab_install(&lab, 1);
    struct lab_packet p;
    seal_flow(&lab, &p, &lab.there, 1500, PACKET_REPLY);
    const uint8_t *reply = packet_octets(&p.packet);
    assert_int_equal(p.packet.length, 1280);
    lab_assert_checksums(reply, p.packet.length);
    assert_int_equal(reply[6], IP_PROTOCOL_ICMPV6);
    assert_int_equal(reply[40], 2);
    assert_int_equal(reply[41], 0);
    assert_int_equal(reply[46] * 256 + reply[47], 1446);
    assert_true(esp_plane_pair_set_path_mtu(lab.a, LAB_SPI_A(1), 1000));
    seal_flow(&lab, &p, &lab.there, 1280 - 48, PACKET_FORWARD);
    assert_false(p.packet.dont_fragment);
    seal_flow(&lab, &p, &lab.there, 1281 - 48, PACKET_REPLY);
    reply = packet_octets(&p.packet);
    assert_int_equal(reply[46] * 256 + reply[47], 1280);
    lab_destroy(&lab);
}

/* Transport mode carries no fragments, so only TCP is told; the rest is fragmented outside. */
static void test_ipv6_in_transport_mode(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab,
               &(struct lab_options){.algorithm = 0, .v6_inside = true, .transport_mode = true});
    lab_install(&lab, 1);
    struct lab_packet p;
    struct lab_flow tcp = lab.there;
    tcp.protocol = IP_PROTOCOL_TCP;
    seal_flow(&lab, &p, &lab.there, 2000, PACKET_FORWARD);
    assert_false(p.packet.dont_fragment);
    seal_flow(&lab, &p, &tcp, 2000, PACKET_REPLY);
    lab_assert_checksums(packet_octets(&p.packet), p.packet.length);
    lab_destroy(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inner_mtu_by_hand),
        cmocka_unit_test(test_inner_mtu_is_what_sealing_makes),
        cmocka_unit_test(test_small_reports_are_not_believed),
        cmocka_unit_test(test_ipv4_with_df_is_answered),
        cmocka_unit_test(test_ipv4_without_df_is_sealed_whole),
        cmocka_unit_test(test_ipv6_is_answered_down_to_1280),
        cmocka_unit_test(test_ipv6_in_transport_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
