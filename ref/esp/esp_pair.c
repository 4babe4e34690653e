/* A Child SA's two ESP SAs as they are kept, RFC 4301 4.4.2.1. */
#include "esp/esp_pair.h"

#include <stdlib.h>

#include "esp/esp_header.h"
#include "esp/ip_packet.h"

#define PATH_MTU_DEFAULT 1500
#define PATH_MTU_MIN_V4 576 /* RFC 1122 3.3.2; a smaller report is more likely forged than true */

static bool config_sound(const struct esp_pair_config *config)
{
    const struct protection *p = &config->protection;
    return p->cipher != NULL && protection_valid(p) && config->spi_in > ESP_SPI_RESERVED_MAX &&
           config->spi_out > ESP_SPI_RESERVED_MAX && config->replay_window <= REPLAY_WINDOW_MAX &&
           config->encryption_in.length == protection_encryption_key_length(p) &&
           config->encryption_out.length == protection_encryption_key_length(p) &&
           config->integrity_in.length == protection_integrity_key_length(p) &&
           config->integrity_out.length == protection_integrity_key_length(p);
}

static bool pair_key(struct esp_pair *pair, const struct esp_pair_config *config)
{
    pair->sealer = protector_create(&pair->protection, secret_bytes(&config->encryption_out),
                                    secret_bytes(&config->integrity_out), PROTECTOR_SEAL);
    pair->opener = protector_create(&pair->protection, secret_bytes(&config->encryption_in),
                                    secret_bytes(&config->integrity_in), PROTECTOR_OPEN);
    return pair->sealer != NULL && pair->opener != NULL;
}

static bool some_are_opaque(struct selectors selectors)
{
    for (size_t i = 0; i < selectors.count; i++) {
        if (selector_is_opaque(&selectors.items[i])) {
            return true;
        }
    }
    return false;
}

/* Octets of a pair whose window has this size. */
static size_t pair_length(uint32_t window_size)
{
    return offsetof(struct esp_pair, window) + replay_window_length(window_size);
}

struct esp_pair *esp_pair_create(const struct esp_pair_config *config)
{
    if (!config_sound(config)) {
        return NULL;
    }
    struct esp_pair *pair = calloc(1, pair_length(config->replay_window));
    if (pair == NULL) {
        return NULL;
    }
    pair->spi_in = config->spi_in;
    pair->spi_out = config->spi_out;
    pair->user = config->user;
    pair->protection = config->protection;
    pair->iv_length = protection_iv_length(&config->protection);
    pair->icv_length = protection_icv_length(&config->protection);
    pair->alignment = esp_alignment(&config->protection);
    pair->esn = config->esn;
    pair->transport_mode = config->transport_mode;
    pair->copy_dscp = config->copy_dscp;
    pair->ecn = config->ecn;
    pair->df = config->df;
    pair->opaque_ports = some_are_opaque(selectors_of(&config->local)) ||
                         some_are_opaque(selectors_of(&config->remote));
    pair->standby = config->outbound_standby;
    pair->lifetime = config->lifetime;
    replay_window_init(&pair->window, config->replay_window);
    pair->path_mtu = config->path_mtu != 0 ? config->path_mtu : PATH_MTU_DEFAULT;
    esp_pair_set_path(pair, &config->path, config->udp_encapsulation);
    if (!pair_key(pair, config) || !selectors_keep(selectors_of(&config->local), &pair->local) ||
        !selectors_keep(selectors_of(&config->remote), &pair->remote)) {
        esp_pair_destroy(pair);
        return NULL;
    }
    return pair;
}

void esp_pair_destroy(struct esp_pair *pair)
{
    protector_destroy(pair->sealer);
    protector_destroy(pair->opener);
    selectors_free(&pair->local);
    selectors_free(&pair->remote);
    octets_wipe(pair, pair_length(pair->window.size));
    free(pair);
}

void esp_pair_rest(struct esp_pair *pair)
{
    protector_rest(pair->sealer);
    protector_rest(pair->opener);
}

void esp_pair_set_path(struct esp_pair *pair, const struct path *path, bool udp_encapsulation)
{
    pair->path = *path;
    pair->udp_encapsulation = udp_encapsulation;
    pair->moved_reported = false;
    esp_pair_set_path_mtu(pair, pair->path_mtu);
}

void esp_pair_set_path_mtu(struct esp_pair *pair, uint16_t path_mtu)
{
    enum address_family family = pair->path.remote.ip.family;
    uint16_t least = family == ADDRESS_V6 ? IPV6_MTU_MIN : PATH_MTU_MIN_V4;
    pair->path_mtu = path_mtu < least ? least : path_mtu;
    pair->inner_mtu = esp_inner_mtu(&pair->protection, pair->transport_mode,
                                    pair->udp_encapsulation, family, pair->path_mtu);
}

bool esp_pair_matches_outbound(const struct esp_pair *pair, const struct packet_key *key)
{
    return selectors_match(pair->local, &key->source, key->protocol, key->has_ports,
                           key->source_port) &&
           selectors_match(pair->remote, &key->destination, key->protocol, key->has_ports,
                           key->destination_port);
}

bool esp_pair_matches_inbound(const struct esp_pair *pair, const struct packet_key *key)
{
    return selectors_match(pair->remote, &key->source, key->protocol, key->has_ports,
                           key->source_port) &&
           selectors_match(pair->local, &key->destination, key->protocol, key->has_ports,
                           key->destination_port);
}

static bool within(uint64_t used, uint64_t more, uint64_t limit)
{
    return limit == 0 || (used <= limit && more <= limit - used);
}

bool esp_pair_may_seal(const struct esp_pair *pair, size_t octets)
{
    uint64_t last = pair->esn ? UINT64_MAX : UINT32_MAX;
    return !pair->expired && pair->sequence_out < last &&
           within(pair->usage.packets_out, 1, pair->lifetime.hard_packets) &&
           within(pair->usage.octets_out, octets, pair->lifetime.hard_octets);
}

bool esp_pair_may_open(const struct esp_pair *pair, size_t octets)
{
    return !pair->expired && within(pair->usage.packets_in, 1, pair->lifetime.hard_packets) &&
           within(pair->usage.octets_in, octets, pair->lifetime.hard_octets);
}

static bool reached(uint64_t used, uint64_t limit)
{
    return limit != 0 && used >= limit;
}

bool esp_pair_is_soft_expired(const struct esp_pair *pair)
{
    const struct esp_usage *usage = &pair->usage;
    uint64_t last = pair->esn ? UINT64_MAX : UINT32_MAX;
    return pair->sequence_out > last - SEQUENCE_SOFT_MARGIN ||
           reached(usage->packets_out, pair->lifetime.soft_packets) ||
           reached(usage->packets_in, pair->lifetime.soft_packets) ||
           reached(usage->octets_out, pair->lifetime.soft_octets) ||
           reached(usage->octets_in, pair->lifetime.soft_octets);
}
