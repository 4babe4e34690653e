/* Inner packets that do not fit the path, RFC 4301 8. */
#ifndef IKEREF_ESP_PATH_MTU_H
#define IKEREF_ESP_PATH_MTU_H

#include "esp/esp_pair.h"
#include "esp/ip_packet.h"

enum path_mtu_choice {
    PATH_MTU_FITS,
    PATH_MTU_FRAGMENT, /* seal it all the same and let the outer packet be fragmented */
    PATH_MTU_REPORT,   /* tell the sender */
};

/* RFC 4301 8.2.1: DF set or IPv6 is reported; IPv4 without DF is sealed whole and fragmented
 * afterwards, by the kernel ("after encryption", case 2), so the peer opens one ESP packet and no
 * port selector meets a bare fragment. IPv6 up to 1280 octets may not be reported either, nor IPv6
 * in transport mode that is not TCP: its sender would answer with fragments, which transport mode
 * does not carry. */
enum path_mtu_choice path_mtu_choose(const struct esp_pair *pair, const struct ip_packet *ip);

/* The MTU to report. */
uint16_t path_mtu_reported(const struct esp_pair *pair, const struct ip_packet *ip);

#endif
