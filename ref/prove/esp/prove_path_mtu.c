/* esp/path_mtu.c: what is said to fit fits, and one octet more does not. */
#include "prove/prove.h"

#include "esp/esp_header.h"
#include "esp/path_mtu.h"

/* Octets of the IP packet that carries `inner` octets in tunnel mode. */
static size_t outer_length(const struct protection *p, size_t inner, size_t header, bool encap)
{
    size_t padding = esp_padding_length(inner, esp_alignment(p));
    return header + (encap ? 8 : 0) + ESP_HEADER_LENGTH + protection_iv_length(p) + inner +
           padding + ESP_TRAILER_LENGTH + protection_icv_length(p);
}

void prove_esp_inner_mtu(void)
{
    struct protection p = {.cipher = cipher_algorithm_find(any_u16()),
                           .key_bits = any_u16(),
                           .integrity = integrity_algorithm_find(any_u16())};
    __CPROVER_assume(protection_valid(&p));
    bool encap = any_bool();
    bool v6 = any_bool();
    uint16_t mtu = any_u16();
    size_t header = v6 ? 40 : 20;
    uint16_t inner = esp_inner_mtu(&p, false, encap, v6 ? ADDRESS_V6 : ADDRESS_V4, mtu);
    if (inner == 0) {
        assert(outer_length(&p, 1, header, encap) > mtu || mtu < 128);
    } else {
        assert(outer_length(&p, inner, header, encap) <= mtu);
        assert(outer_length(&p, inner + (size_t)1, header, encap) > mtu);
    }
    assert(inner <= mtu);
}
