/* esp/udp_encap.c: RFC 3948 2 in plain words. */
#include "prove/prove.h"

#include "esp/udp_encap.h"

void prove_udp_encap_classify(void)
{
    uint8_t memory[SIZE];
    struct bytes d = any_octets(memory);
    enum udp_encap_kind kind = udp_encap_classify(d);
    bool marker = d.length >= 4 && (d.data[0] | d.data[1] | d.data[2] | d.data[3]) == 0;
    assert((kind == UDP_ENCAP_IKE) == marker);
    assert((kind == UDP_ENCAP_ESP) == (d.length >= 4 && !marker));
    assert((kind == UDP_ENCAP_KEEPALIVE) == (d.length == 1 && d.data[0] == 0xff));
}
