/* esp/segmentation: what comes out is what the sender would have sent itself. */
#include "esp_lab.h"

#include "esp/checksum.h"
#include "esp/segmentation.h"
#include "esp/tcp_header.h"

#define LONG_MAX 3000

/* Built by scapy, each packet by itself. The sequence number and the Identification run over. */
static const struct {
    uint16_t segment;
    const char *whole, *cut[3];
} vectors[] = {
    {10,
     "45ba004dfffe4000400625ee0a0100010a02000103e807d0fffffff80000000780d901f467880000"
     "0101080a00000001000000024142434445464748494a4b4c4d4e4f50515253545556575859",
     {"45ba003efffe4000400625fd0a0100010a02000103e807d0fffffff80000000780d001f4f9e00000"
      "0101080a00000001000000024142434445464748494a",
      "45ba003effff4000400625fc0a0100010a02000103e807d00000000200000007805001f4c8250000"
      "0101080a00000001000000024b4c4d4e4f5051525354",
      "45ba003900004000400626010a0100010a02000103e807d00000000c00000007805901f44efa0000"
      "0101080a00000001000000025556575859"}},
    {10,
     "6031234500211140fd000001000000000000000000000001fd000002000000000000000000000001"
     "00050006002118fb4142434445464748494a4b4c4d4e4f50515253545556575859",
     {"6031234500121140fd000001000000000000000000000001fd000002000000000000000000000001"
      "000500060012ab594142434445464748494a",
      "6031234500121140fd000001000000000000000000000001fd000002000000000000000000000001"
      "00050006001279274b4c4d4e4f5051525354",
      "60312345000d1140fd000001000000000000000000000001fd000002000000000000000000000001"
      "00050006000d00145556575859"}},
};

static void out_reset(struct lab_packet *out)
{
    out->packet = (struct packet){.buffer = out->octets, .capacity = LAB_CAPACITY};
}

static void test_as_scapy_builds_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t whole[200], expected[200];
        struct segmentation s;
        struct lab_packet out;
        size_t length = lab_hex(vectors[i].whole, whole, sizeof(whole));
        assert_true(segmentation_begin(&s, bytes_of(whole, length), vectors[i].segment));
        for (size_t j = 0; j < 3; j++) {
            out_reset(&out);
            length = lab_hex(vectors[i].cut[j], expected, sizeof(expected));
            assert_true(segmentation_next(&s, &out.packet));
            assert_int_equal(out.packet.offset, ESP_HEADROOM);
            assert_int_equal(out.packet.length, length);
            assert_memory_equal(packet_octets(&out.packet), expected, length);
        }
        assert_false(segmentation_next(&s, &out.packet));
    }
}

/* Any lengths, either version, either protocol: all of the payload, in order, once. */
static void test_nothing_is_lost_or_said_twice(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 2000; round++) {
        bool v6 = round & 1, udp = round & 2;
        struct lab_flow flow = {.source = v6 ? "fd00:1::1" : "10.1.0.1",
                                .destination = v6 ? "fd00:2::1" : "10.2.0.1",
                                .protocol = udp ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP,
                                .source_port = 1,
                                .destination_port = (uint16_t)lab_next(&seed),
                                .tos = (uint8_t)lab_next(&seed),
                                .dont_fragment = true};
        uint8_t whole[LONG_MAX + 100];
        size_t payload = 1 + lab_next(&seed) % LONG_MAX;
        uint16_t segment = (uint16_t)(1 + lab_next(&seed) % 1500);
        size_t length = lab_ip_build(whole, &flow, payload), at = 0, count = 0;
        struct segmentation s;
        struct lab_packet out;
        assert_true(segmentation_begin(&s, bytes_of(whole, length), segment));
        for (out_reset(&out); segmentation_next(&s, &out.packet); out_reset(&out), count++) {
            struct ip_packet ip;
            const uint8_t *octets = packet_octets(&out.packet);
            assert_int_equal(ip_packet_parse(packet_bytes(&out.packet), &ip), STATUS_OK);
            assert_int_equal(ip.total_length, out.packet.length);
            assert_int_equal(ip.tos, flow.tos);
            lab_assert_checksums(octets, out.packet.length);
            size_t header = length - payload, here = out.packet.length - header;
            assert_true(here == segment || at + here == payload);
            assert_memory_equal(octets + header, whole + header + at, here);
            at += here;
            assert_int_equal(segmentation_left(&s), (payload - at + segment - 1) / segment);
        }
        assert_int_equal(at, payload);
        assert_int_equal(count, (payload + segment - 1) / segment);
    }
}

static void test_what_cannot_be_cut(void **state)
{
    (void)state;
    uint8_t octets[200];
    struct segmentation s;
    struct lab_packet out;
    size_t length = lab_hex(vectors[0].whole, octets, sizeof(octets));
    assert_false(segmentation_begin(&s, bytes_of(octets, length), 0));
    assert_false(segmentation_begin(&s, bytes_of(octets, length - 1), 10));
    assert_false(segmentation_begin(&s, bytes_of(octets, 0), 10));
    static const struct {
        size_t at;
        uint8_t octet;
    } wrong[] = {
        {6, 0x20},                    /* more fragments */
        {9, IP_PROTOCOL_ICMP},        /* */
        {20 + TCP_DATA_OFFSET, 0x40}, /* shorter than a header */
        {20 + TCP_DATA_OFFSET, 0xf0}, /* beyond the end */
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        lab_hex(vectors[0].whole, octets, sizeof(octets));
        octets[wrong[i].at] = wrong[i].octet;
        assert_false(segmentation_begin(&s, bytes_of(octets, length), 10));
    }
    lab_hex(vectors[0].whole, octets, sizeof(octets));
    octets[3] = 39; /* a TCP header that is not whole */
    assert_false(segmentation_begin(&s, bytes_of(octets, 39), 10));
    octets[3] = 52; /* and one with nothing behind it */
    assert_false(segmentation_begin(&s, bytes_of(octets, 52), 10));
    lab_hex(vectors[1].whole, octets, sizeof(octets));
    octets[5] = 7;
    assert_false(segmentation_begin(&s, bytes_of(octets, 47), 10));
    assert_false(segmentation_next(&(struct segmentation){0}, &out.packet));
}

static void test_a_buffer_without_room(void **state)
{
    (void)state;
    uint8_t octets[200];
    struct segmentation s;
    struct lab_packet out;
    size_t length = lab_hex(vectors[0].whole, octets, sizeof(octets));
    assert_true(segmentation_begin(&s, bytes_of(octets, length), 10));
    out_reset(&out);
    out.packet.capacity = ESP_HEADROOM + ESP_TAILROOM + 52 + 9;
    assert_false(segmentation_next(&s, &out.packet));
    out.packet.capacity++;
    assert_true(segmentation_next(&s, &out.packet));
}

static void test_a_checksum_is_completed(void **state)
{
    (void)state;
    struct lab_packet p;
    uint8_t whole[200];
    size_t length = lab_hex(vectors[0].cut[0], whole, sizeof(whole));
    uint16_t expected = octets_get_u16(whole + 36);
    struct address source = lab_address("10.1.0.1"), destination = lab_address("10.2.0.1");
    uint32_t pseudo = checksum_add_pseudo(0, &source, &destination, IP_PROTOCOL_TCP, length - 20);
    octets_put_u16(whole + 36, (uint16_t)~checksum_finish(pseudo));
    lab_packet_set(&p, whole, length);
    struct offload offload = {.checksum_start = 20, .checksum_offset = TCP_CHECKSUM};
    assert_true(checksum_complete(&p.packet, &offload));
    assert_int_equal(octets_get_u16(packet_octets(&p.packet) + 36), expected);
    lab_assert_checksums(packet_octets(&p.packet), length);

    offload.checksum_offset = (uint16_t)(length - 20 - 1);
    assert_false(checksum_complete(&p.packet, &offload));
    offload = (struct offload){.checksum_start = UINT16_MAX, .checksum_offset = UINT16_MAX};
    assert_false(checksum_complete(&p.packet, &offload));

    lab_packet_set(&p, "\xff\xff\0\0", 4); /* 0 would say that there is none (RFC 768) */
    offload = (struct offload){.checksum_start = 0, .checksum_offset = 2};
    assert_true(checksum_complete(&p.packet, &offload));
    assert_memory_equal(packet_octets(&p.packet), "\xff\xff\xff\xff", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_scapy_builds_them),
        cmocka_unit_test(test_nothing_is_lost_or_said_twice),
        cmocka_unit_test(test_what_cannot_be_cut),
        cmocka_unit_test(test_a_buffer_without_room),
        cmocka_unit_test(test_a_checksum_is_completed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
