/* Inner packets that do not fit the path, RFC 4301 8. */
#include "esp/path_mtu.h"

#include "esp/esp_header.h"
#include "esp/tcp_header.h"

uint16_t esp_inner_mtu(const struct protection *p, bool transport_mode, bool udp_encapsulation,
                       enum address_family outer, uint16_t path_mtu)
{
    size_t header = outer == ADDRESS_V6 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
    size_t around = header + (udp_encapsulation ? UDP_HEADER_LENGTH : 0) + ESP_HEADER_LENGTH +
                    protection_iv_length(p) + protection_icv_length(p);
    size_t alignment = esp_alignment(p);
    if (path_mtu < around + alignment) {
        return 0;
    }
    size_t text = (path_mtu - around) / alignment * alignment;
    return (uint16_t)(text - ESP_TRAILER_LENGTH + (transport_mode ? header : 0));
}

enum path_mtu_choice path_mtu_choose(const struct esp_pair *pair, const struct ip_packet *ip)
{
    if (ip->total_length <= pair->inner_mtu) {
        return PATH_MTU_FITS;
    }
    if (ip->version == 4) {
        return ip->dont_fragment ? PATH_MTU_REPORT : PATH_MTU_FRAGMENT;
    }
    bool may_fragment = ip->total_length <= IPV6_MTU_MIN ||
                        (pair->transport_mode && ip->key.protocol != IP_PROTOCOL_TCP);
    return may_fragment ? PATH_MTU_FRAGMENT : PATH_MTU_REPORT;
}

uint16_t path_mtu_reported(const struct esp_pair *pair, const struct ip_packet *ip)
{
    uint16_t least = ip->version == 6 ? IPV6_MTU_MIN : IPV4_MTU_MIN;
    return pair->inner_mtu < least ? least : pair->inner_mtu;
}
