/* One packet sealed: its shape and its sequence number, RFC 4303 3.3. */
#include "esp_lab.h"

#include "esp/esp_packet.h"

static struct esp_pair *pair_of(size_t algorithm, bool esn)
{
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = algorithm, .esn = esn});
    struct esp_pair_config config = lab_config(&lab, true, 1);
    lab_destroy(&lab);
    struct esp_pair *pair = esp_pair_create(&config);
    assert_non_null(pair);
    return pair;
}

/* Header, IV, text up to the alignment with two octets of trailer, ICV: RFC 4303 2. */
static void test_shape(void **state)
{
    (void)state;
    for (size_t algorithm = 0; algorithm < LAB_ALGORITHMS; algorithm++) {
        struct esp_pair *pair = pair_of(algorithm, false);
        static const size_t alignment[LAB_ALGORITHMS] = {4, 4, 4, 4, 16, 16, 16, 4};
        static const size_t ivs[LAB_ALGORITHMS] = {8, 8, 8, 8, 16, 16, 16, 0};
        static const size_t icv[LAB_ALGORITHMS] = {16, 16, 16, 16, 16, 24, 32, 16};
        size_t align = alignment[algorithm], iv = ivs[algorithm];
        for (size_t payload = 0; payload < 40; payload++) {
            static const uint8_t octets[40];
            struct lab_packet p;
            struct esp_header header;
            lab_packet_set(&p, octets, payload);
            assert_int_equal(esp_seal(pair, &lab_random, &p.packet, 4), PACKET_FORWARD);
            size_t text = (payload + 2 + align - 1) / align * align;
            assert_int_equal(p.packet.length, 8 + iv + text + icv[algorithm]);
            assert_int_equal(esp_header_parse(packet_bytes(&p.packet), &header), STATUS_OK);
            assert_int_equal(header.spi, LAB_SPI_B(1));
            assert_int_equal(header.sequence, payload + 1); /* from 1, RFC 4303 3.3.3 */
        }
        assert_int_equal(pair->sequence_out, 40);
        esp_pair_destroy(pair);
    }
}

/* With ESN the packet carries the low half alone, and the counter goes on beyond it. */
static void test_low_half_on_the_wire(void **state)
{
    (void)state;
    struct esp_pair *pair = pair_of(0, true);
    pair->sequence_out = UINT32_MAX - UINT64_C(1);
    static const uint32_t expected[] = {UINT32_MAX, 0, 1};
    for (size_t i = 0; i < 3; i++) {
        struct lab_packet p;
        struct esp_header header;
        lab_packet_set(&p, "x", 1);
        assert_int_equal(esp_seal(pair, &lab_random, &p.packet, 4), PACKET_FORWARD);
        assert_int_equal(esp_header_parse(packet_bytes(&p.packet), &header), STATUS_OK);
        assert_true(header.sequence == expected[i]);
    }
    assert_true(pair->sequence_out == (UINT64_C(1) << 32) + 1);
    esp_pair_destroy(pair);
}

static bool fill_nothing(void *context, uint8_t *out, size_t length)
{
    (void)context;
    (void)out;
    (void)length;
    return false;
}

/* A number is taken even by a packet that came to nothing: none is ever used twice. */
static void test_failures_take_a_number(void **state)
{
    (void)state;
    static const struct random_source none = {.fill = fill_nothing};
    struct esp_pair *pair = pair_of(4, false);
    struct lab_packet p;
    lab_packet_set(&p, "x", 1);
    p.packet.offset = 0;
    p.packet.capacity = 8 + 16 + 16 + 16;
    assert_int_equal(esp_seal(pair, &lab_random, &p.packet, 4), PACKET_FORWARD); /* just enough */
    lab_packet_set(&p, "x", 1);
    p.packet.offset = 0;
    p.packet.capacity = 8 + 16 + 16 + 16 - 1;
    assert_int_equal(esp_seal(pair, &lab_random, &p.packet, 4), PACKET_DROP_INTERNAL);
    assert_int_equal(pair->sequence_out, 2);
    lab_packet_set(&p, "x", 1);
    assert_int_equal(esp_seal(pair, &none, &p.packet, 4), PACKET_DROP_INTERNAL); /* no IV */
    assert_int_equal(pair->sequence_out, 3);
    esp_pair_destroy(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_low_half_on_the_wire),
        cmocka_unit_test(test_failures_take_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
