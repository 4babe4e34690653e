/* What comes on port 4500, RFC 3948 2 and RFC 7296 2.23. */
#include "esp_lab.h"

#include "esp/udp_encap.h"

static void test_what_comes_on_port_4500(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum udp_encap_kind kind;
    } rows[] = {
        {"ff", UDP_ENCAP_KEEPALIVE},     {"fe", UDP_ENCAP_MALFORMED},
        {"", UDP_ENCAP_MALFORMED},       {"ffff", UDP_ENCAP_MALFORMED},
        {"000000", UDP_ENCAP_MALFORMED}, {"00000000", UDP_ENCAP_IKE},
        {"0000000001", UDP_ENCAP_IKE},   {"00000001", UDP_ENCAP_ESP},
        {"ffffffff00", UDP_ENCAP_ESP},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t octets[8];
        size_t length = lab_hex(rows[i].hex, octets, sizeof(octets));
        assert_int_equal(udp_encap_classify(bytes_of(octets, length)), rows[i].kind);
    }
}

/* Any SPI but 0 is ESP, whichever octet makes it so; the rest of the datagram does not matter. */
static void test_the_first_four_octets_decide(void **state)
{
    (void)state;
    uint8_t octets[1400] = {0};
    assert_int_equal(udp_encap_classify(bytes_of(octets, sizeof(octets))), UDP_ENCAP_IKE);
    octets[NON_ESP_MARKER_LENGTH] = 0xff;
    assert_int_equal(udp_encap_classify(bytes_of(octets, sizeof(octets))), UDP_ENCAP_IKE);
    for (size_t bit = 0; bit < 8 * NON_ESP_MARKER_LENGTH; bit++) {
        octets[bit / 8] = (uint8_t)(1u << bit % 8);
        assert_int_equal(udp_encap_classify(bytes_of(octets, 4)), UDP_ENCAP_ESP);
        assert_int_equal(udp_encap_classify(bytes_of(octets, sizeof(octets))), UDP_ENCAP_ESP);
        octets[bit / 8] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_comes_on_port_4500),
        cmocka_unit_test(test_the_first_four_octets_decide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
