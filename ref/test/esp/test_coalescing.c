/* esp/coalescing: what is joined can be cut into the very packets that came, and whatever differs
 * in anything else goes by itself. */
#include "esp_lab.h"

#include "esp/checksum.h"
#include "esp/coalescing.h"
#include "esp/segmentation.h"
#include "esp/tcp_header.h"
#include "esp/transport.h"

#define PACKETS 70
#define PAYLOAD_MAX 3600 /* fits a lab_packet */

struct run {
    uint8_t whole[PAYLOAD_MAX + 100];
    size_t length, count;
    struct lab_packet packets[PACKETS];
};

static void checksums_fix(uint8_t *octets, size_t length)
{
    struct ip_packet ip;
    assert_int_equal(ip_packet_parse(bytes_of(octets, length), &ip), STATUS_OK);
    if (ip.version == 4) {
        octets_put_u16(octets + 10, 0);
        octets_put_u16(octets + 10, (uint16_t)~lab_sum(octets, ip.header_length, 0));
    }
    transport_fix_checksum(octets, &ip);
}

/* A long packet with options of TCP's, and what it is cut into. */
static void run_make(struct run *run, bool v6, size_t payload, uint16_t segment, uint8_t flags)
{
    struct lab_flow flow = {.source = v6 ? "fd00:1::1" : "10.1.0.1",
                            .destination = v6 ? "fd00:2::1" : "10.2.0.1",
                            .protocol = IP_PROTOCOL_TCP,
                            .source_port = 1,
                            .destination_port = 2,
                            .tos = 0x2a,
                            .dont_fragment = true};
    run->length = lab_ip_build(run->whole, &flow, payload + 12);
    uint8_t *tcp = run->whole + (v6 ? 40 : 20);
    tcp[TCP_DATA_OFFSET] = 0x80;
    tcp[TCP_FLAGS] = flags;
    octets_put_u32(tcp + TCP_SEQUENCE, UINT32_MAX - 15);
    checksums_fix(run->whole, run->length);
    struct segmentation s;
    assert_true(segmentation_begin(&s, bytes_of(run->whole, run->length), segment));
    run->count = 0;
    do {
        struct lab_packet *p = &run->packets[run->count];
        p->packet = (struct packet){.buffer = p->octets, .capacity = LAB_CAPACITY};
    } while (segmentation_next(&s, &run->packets[run->count].packet) && ++run->count < PACKETS);
}

static void test_joined_is_what_was_cut(void **state)
{
    (void)state;
    static struct run run;
    uint64_t seed = 3;
    for (int round = 0; round < 1000; round++) {
        bool v6 = round & 1;
        size_t payload = 2 + lab_next(&seed) % PAYLOAD_MAX;
        uint16_t segment = (uint16_t)(1 + payload / 64 + lab_next(&seed) % payload);
        uint8_t flags = TCP_ACK | (round & 2 ? TCP_PSH : 0) | (round & 4 ? TCP_FIN : 0) |
                        (round & 8 ? TCP_ECE : 0);
        run_make(&run, v6, payload, segment, flags);
        struct coalescing c = {.count = 0};
        struct offload offload;
        for (size_t i = 0; i < run.count; i++) {
            assert_true(coalescing_add(&c, &run.packets[i].packet));
        }
        assert_int_equal(coalescing_finish(&c, &offload), run.count);
        if (run.count == 1) {
            assert_int_equal(offload.segment, 0);
            assert_false(offload.checksum_needed);
            assert_memory_equal(packet_octets(c.packets[0]), run.whole, run.length);
            continue;
        }
        static struct lab_packet joined;
        lab_packet_set(&joined, packet_octets(c.packets[0]), c.packets[0]->length);
        for (size_t i = 1; i < run.count; i++) {
            size_t more = c.packets[i]->length - offload.header_length;
            memcpy(packet_octets(&joined.packet) + joined.packet.length,
                   packet_octets(c.packets[i]) + offload.header_length, more);
            joined.packet.length += more;
        }
        assert_int_equal(offload.segment, segment);
        assert_int_equal(offload.header_length, v6 ? 72 : 52);
        assert_true(offload.checksum_needed && checksum_complete(&joined.packet, &offload));
        assert_int_equal(joined.packet.length, run.length);
        assert_memory_equal(packet_octets(&joined.packet), run.whole, run.length);
    }
}

/* What of the second packet is another, with checksums that are right again. */
static const struct {
    bool v6;
    size_t at;
    uint8_t change;
} differences[] = {
    {false, 1, 0x01},  /* CE (RFC 3168 5) */
    {false, 1, 0x04},  /* DSCP */
    {false, 4, 0x01},  /* Identification */
    {false, 5, 0x02},  /* */
    {false, 6, 0x40},  /* DF */
    {false, 8, 0x01},  /* TTL */
    {false, 12, 0x01}, /* addresses */
    {false, 19, 0x80}, /* */
    {false, 20, 0x01}, /* ports */
    {false, 23, 0x01}, /* */
    {false, 24, 0x01}, /* sequence number */
    {false, 27, 0x01}, /* */
    {false, 28, 0x01}, /* acknowledgment */
    {false, 31, 0x01}, /* */
    {false, 32, 0x01}, /* a flag that nobody knows yet */
    {false, 32, 0x10}, /* length of the header */
    {false, 33, TCP_SYN}, {false, 33, TCP_RST}, {false, 33, TCP_URG}, {false, 33, TCP_ECE},
    {false, 33, TCP_CWR}, {false, 33, TCP_ACK}, {false, 34, 0x01}, /* window */
    {false, 35, 0x01},    {false, 38, 0x01},                       /* urgent pointer */
    {false, 40, 0x01},    {false, 51, 0x01},                       /* options */
    {true, 0, 0x01},      {true, 1, 0x10},                         /* class, ECN */
    {true, 3, 0x01},                                               /* flow label */
    {true, 7, 0x01},                                               /* hop limit */
    {true, 8, 0x01},      {true, 39, 0x01},     {true, 43, 0x01},     {true, 53, TCP_RST},
};

static void test_what_differs_goes_by_itself(void **state)
{
    (void)state;
    static struct run run;
    for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
        struct coalescing c = {.count = 0};
        struct offload offload;
        run_make(&run, differences[i].v6, 300, 100, TCP_ACK);
        uint8_t *octets = packet_octets(&run.packets[1].packet);
        octets[differences[i].at] ^= differences[i].change;
        checksums_fix(octets, run.packets[1].packet.length);
        assert_true(coalescing_add(&c, &run.packets[0].packet));
        if (coalescing_add(&c, &run.packets[1].packet)) {
            fail_msg("joined: %zu", i);
        }
        assert_int_equal(coalescing_finish(&c, &offload), 1);
        assert_int_equal(offload.segment, 0);
    }
}

static size_t joined_of(struct run *run)
{
    struct coalescing c = {.count = 0};
    struct offload offload;
    for (size_t i = 0; i < run->count && coalescing_add(&c, &run->packets[i].packet); i++) {
    }
    return coalescing_finish(&c, &offload);
}

/* Nobody can look at it once it is one: the one who sees it has to refuse it. */
static void test_a_wrong_checksum_is_not_hidden(void **state)
{
    (void)state;
    static struct run run;
    for (size_t which = 0; which < 2; which++) {
        for (size_t at = 60; at < 150; at += 45) {
            run_make(&run, false, 300, 100, TCP_ACK);
            packet_octets(&run.packets[which].packet)[at] ^= 1;
            assert_int_equal(joined_of(&run), 1);
        }
        run_make(&run, false, 300, 100, TCP_ACK);
        packet_octets(&run.packets[which].packet)[10] ^= 1; /* the IP header's */
        assert_int_equal(joined_of(&run), 1);
        run_make(&run, true, 300, 100, TCP_ACK);
        packet_octets(&run.packets[which].packet)[100] ^= 1;
        assert_int_equal(joined_of(&run), 1);
    }
}

static void test_what_ends_a_run(void **state)
{
    (void)state;
    static struct run run;
    static const uint8_t alone[] = {TCP_ACK | TCP_PSH,
                                    TCP_ACK | TCP_FIN,
                                    TCP_ACK | TCP_SYN,
                                    TCP_ACK | TCP_RST,
                                    TCP_ACK | TCP_URG,
                                    TCP_ACK | TCP_CWR,
                                    TCP_ECE};
    for (size_t i = 0; i < sizeof(alone); i++) {
        run_make(&run, false, 300, 100, TCP_ACK);
        uint8_t *octets = packet_octets(&run.packets[0].packet);
        octets[20 + TCP_FLAGS] = alone[i];
        checksums_fix(octets, run.packets[0].packet.length);
        assert_int_equal(joined_of(&run), 1);
    }
    run_make(&run, false, 300, 100, TCP_ACK);
    uint8_t *octets = packet_octets(&run.packets[1].packet);
    octets[20 + TCP_FLAGS] |= TCP_PSH;
    checksums_fix(octets, run.packets[1].packet.length);
    assert_int_equal(joined_of(&run), 2); /* and no third */

    run_make(&run, false, 250, 100, TCP_ACK); /* the third is shorter; a fourth cannot be */
    struct run *more = &run;
    memcpy(&more->packets[3], &more->packets[2], sizeof(more->packets[2]));
    more->packets[3].packet.buffer = more->packets[3].octets;
    octets = packet_octets(&more->packets[3].packet);
    octets_put_u16(octets + 4, (uint16_t)(octets_get_u16(octets + 4) + 1));
    octets_put_u32(octets + 24, octets_get_u32(octets + 24) + 50);
    checksums_fix(octets, more->packets[3].packet.length);
    more->count = 4;
    assert_int_equal(joined_of(more), 3);
}

/* A longer one behind a shorter one could not be cut so again. */
static void test_a_longer_one(void **state)
{
    (void)state;
    static struct run a, b;
    run_make(&a, false, 300, 100, TCP_ACK);
    run_make(&b, false, 300, 101, TCP_ACK);
    struct lab_packet *longer = &b.packets[0];
    uint8_t *octets = packet_octets(&longer->packet);
    octets_put_u16(octets + 4, (uint16_t)(octets_get_u16(octets + 4) + 1));
    octets_put_u32(octets + 24, octets_get_u32(octets + 24) + 100);
    checksums_fix(octets, longer->packet.length);
    struct coalescing c = {.count = 0};
    assert_true(coalescing_add(&c, &a.packets[0].packet));
    assert_false(coalescing_add(&c, &longer->packet));
}

/* RFC 6864 4.1: beside DF it means nothing, so it need not count. */
static void test_an_identification_that_stays(void **state)
{
    (void)state;
    static struct run run;
    for (int dont_fragment = 0; dont_fragment < 2; dont_fragment++) {
        run_make(&run, false, 300, 100, TCP_ACK);
        for (size_t i = 0; i < run.count; i++) {
            uint8_t *octets = packet_octets(&run.packets[i].packet);
            octets_put_u16(octets + 4, 77);
            octets[6] = dont_fragment ? 0x40 : 0;
            checksums_fix(octets, run.packets[i].packet.length);
        }
        assert_int_equal(joined_of(&run), dont_fragment ? 3 : 1);
    }
}

static void test_what_is_no_segment(void **state)
{
    (void)state;
    static struct run run;
    struct coalescing c = {.count = 0};
    struct offload offload;
    run_make(&run, false, 300, 100, TCP_ACK);
    struct packet *second = &run.packets[1].packet;
    second->length++; /* something behind it */
    assert_int_equal(joined_of(&run), 1);
    second->length -= 2; /* not all of it */
    assert_int_equal(joined_of(&run), 1);
    second->length = 20 + 32; /* an acknowledgment and no more */
    octets_put_u16(packet_octets(second) + 2, 52);
    checksums_fix(packet_octets(second), 52);
    assert_int_equal(joined_of(&run), 1);

    run_make(&run, false, 150, 100, TCP_ACK);
    run.packets[1].packet.length++; /* behind the last, where there would be room */
    assert_int_equal(joined_of(&run), 1);
    run.packets[1].packet.length--;
    assert_int_equal(joined_of(&run), 2);

    struct lab_packet odd;
    lab_packet_set(&odd, "odd", 3);
    assert_true(coalescing_add(&c, &odd.packet)); /* whatever it is, it leaves as it came */
    assert_false(coalescing_add(&c, &run.packets[0].packet));
    assert_int_equal(coalescing_finish(&c, &offload), 1);
    assert_ptr_equal(c.packets[0], &odd.packet);
    assert_int_equal(coalescing_finish(&c, &offload), 0);
}

static void test_as_many_as_fit(void **state)
{
    (void)state;
    static struct run run;
    run_make(&run, false, 3500, 50, TCP_ACK);
    assert_int_equal(run.count, 70);
    assert_int_equal(joined_of(&run), COALESCED_MAX);

    static uint8_t octets[3][30000 + 52];
    struct packet packets[3];
    struct coalescing c = {.count = 0};
    run_make(&run, true, 100, 100, TCP_ACK);
    for (size_t i = 0; i < 3; i++) { /* 72 and three times 25,000 are more than 65,535 */
        memcpy(octets[i], run.whole, 72);
        octets_put_u16(octets[i] + 4, 32 + 25000);
        octets_put_u32(octets[i] + 44, (uint32_t)(25000 * i));
        checksums_fix(octets[i], 72 + 25000);
        packets[i] = (struct packet){
            .buffer = octets[i], .capacity = sizeof(octets[i]), .length = 72 + 25000};
    }
    assert_true(coalescing_add(&c, &packets[0]));
    assert_true(coalescing_add(&c, &packets[1]));
    assert_false(coalescing_add(&c, &packets[2]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joined_is_what_was_cut),
        cmocka_unit_test(test_what_differs_goes_by_itself),
        cmocka_unit_test(test_a_wrong_checksum_is_not_hidden),
        cmocka_unit_test(test_what_ends_a_run),
        cmocka_unit_test(test_a_longer_one),
        cmocka_unit_test(test_an_identification_that_stays),
        cmocka_unit_test(test_what_is_no_segment),
        cmocka_unit_test(test_as_many_as_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
