/* A smaller path later on is answered packet by packet, with ICMP (RFC 4301 8.2.1). */
#include "host/tun_mtu.h"

#include "crypto/protection.h"
#include "esp/esp_plane.h"

#define PATH_MTU 1500

static uint32_t with_integrity(const struct protection *p, uint32_t least)
{
    if (!protection_valid(p)) {
        return least;
    }
    uint32_t mtu = esp_inner_mtu(p, false, true, ADDRESS_V6, PATH_MTU);
    return mtu < least ? mtu : least;
}

static uint32_t proposal_mtu(const struct proposal *proposal, uint32_t least)
{
    for (size_t i = 0; i < proposal->count; i++) {
        if (proposal->transforms[i].type != TRANSFORM_ENCR) {
            continue;
        }
        struct protection p = {.cipher = cipher_algorithm_find(proposal->transforms[i].id),
                               .key_bits = proposal->transforms[i].key_bits};
        if (p.cipher == NULL) {
            continue;
        }
        if (!p.cipher->has_key_length) {
            p.key_bits = p.cipher->key_bits;
        }
        least = with_integrity(&p, least);
        for (size_t j = 0; j < proposal->count && !p.cipher->aead; j++) {
            if (proposal->transforms[j].type == TRANSFORM_INTEG) {
                p.integrity = integrity_algorithm_find(proposal->transforms[j].id);
                least = with_integrity(&p, least);
            }
        }
    }
    return least;
}

uint32_t tun_mtu_choose(const struct endpoint_config *config)
{
    uint32_t least = PATH_MTU;
    for (size_t i = 0; i < config->peer_count; i++) {
        for (size_t j = 0; j < config->peers[i].child_count; j++) {
            const struct proposal_list *list = &config->peers[i].children[j].proposals;
            for (size_t k = 0; k < list->count; k++) {
                least = proposal_mtu(&list->items[k], least);
            }
        }
    }
    return least < 1280 ? 1280 : least; /* IPv6 needs as much, RFC 8200 5 */
}

uint32_t tun_mtu_inner(const struct host_config *config)
{
    return config->mtu != 0 ? config->mtu : tun_mtu_choose(&config->endpoint);
}

uint32_t tun_mtu_interface(const struct host_config *config)
{
    for (size_t i = 0; i < config->endpoint.peer_count; i++) {
        const struct peer_config *peer = &config->endpoint.peers[i];
        for (size_t j = 0; j < peer->child_count; j++) {
            if (peer->children[j].transport_mode) {
                return IP_PACKET_MAX;
            }
        }
    }
    return tun_mtu_inner(config);
}
