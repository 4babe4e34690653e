/* IP packets and what comes on port 4500, of any octets: RFC 791, RFC 8200, RFC 3948 2. */

#include <stdlib.h>
#include <string.h>

#include "esp/icmp.h"
#include "esp/ip_packet.h"
#include "esp/transport.h"
#include "esp/udp_encap.h"
#include "fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ip_packet ip;
    enum udp_encap_kind kind = udp_encap_classify(bytes_of(data, size));
    if (kind == UDP_ENCAP_IKE && size < NON_ESP_MARKER_LENGTH) {
        finding("a marker where there is none");
    }
    if (ip_packet_parse(bytes_of(data, size), &ip) != STATUS_OK) {
        return 0;
    }
    if (ip.total_length > size || ip.header_length > ip.total_length ||
        ip.upper_offset > ip.total_length || ip.upper_offset < ip.header_length) {
        finding("headers that leave the packet");
    }
    uint8_t *octets = malloc(size);
    memcpy(octets, data, size);
    ip_packet_set_tos(octets, 0xb9);
    struct ip_packet again;
    if (ip_packet_parse(bytes_of(octets, size), &again) != STATUS_OK || again.tos != 0xb9) {
        finding("marks that were set are not there");
    }
    transport_fix_checksum(octets, &ip);
    struct packet_key key;
    if (icmp_error_return_key(octets, &ip, &key) &&
        !address_equal(&key.destination, &ip.key.destination)) {
        finding("an error that goes elsewhere than what it quotes came from");
    }
    free(octets);
    return 0;
}
