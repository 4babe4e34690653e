/* Defaults of the configuration: what a person who only names peers and keys should get. */

#include "sa/config.h"

#include <assert.h>
#include <string.h>

#define SECOND_NS 1000000000ULL

static void proposals_set(struct proposal_list *list, uint8_t protocol, const char *const *texts,
                          size_t count)
{
    list->count = count;
    for (size_t i = 0; i < count; i++) {
        const char *error = NULL;
        bool good = proposal_parse_text(texts[i], protocol, &list->items[i], &error);
        assert(good);
        (void)good;
    }
}

void endpoint_config_defaults(struct endpoint_config *config)
{
    memset(config, 0, sizeof *config);
    config->ike_port = IKE_PORT;
    config->natt_port = IKE_NATT_PORT;
    config->cookie_threshold = 32;
    config->half_open_max = 4096;
    config->half_open_timeout_ns = 30 * SECOND_NS;
    config->half_open_timeout_attacked_ns = 5 * SECOND_NS;
    config->prefix_half_open = 5; /* RFC 8019 6 */
    config->prefix_half_open_max = 64;
    config->prefix_failures = 16;
    config->puzzles = true;
    config->puzzle_threshold = 1024;
    config->puzzle_difficulty = 14; /* a tenth of a second of a processor, and three bits more */
    config->puzzle_difficulty_max = 20; /* RFC 8019 9 */
    config->create_child_sa_rate = 10;
    config->delete_linger_ns = 2 * SECOND_NS;
    config->accept_unknown_addresses = true;
}

void peer_config_defaults(struct peer_config *peer)
{
    static const char *const proposals[] = {
        "aes256gcm16-aes128gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-"
        "x25519-ecp256-ecp384-x448-ecp521-modp3072-modp4096-modp2048",
        "aes256-aes128-sha256-sha384-sha512-prfsha256-prfsha384-prfsha512-"
        "x25519-ecp256-ecp384-x448-ecp521-modp3072-modp4096-modp2048",
    };
    memset(peer, 0, sizeof *peer);
    peer->remote_port = IKE_PORT;
    peer->remote_natt_port = IKE_NATT_PORT;
    proposals_set(&peer->proposals, PROTOCOL_IKE, proposals, 2);
    peer->lifetime.soft_ns = 4 * 3600 * SECOND_NS;
    peer->lifetime.hard_ns = peer->lifetime.soft_ns + 600 * SECOND_NS;
    peer->lifetime.jitter_ns = 300 * SECOND_NS;
    peer->liveness_ns = 30 * SECOND_NS;
    peer->keepalive_ns = 20 * SECOND_NS;
    peer->retransmission = (struct retransmission_config){
        .timeout_ns = SECOND_NS / 2,
        .timeout_max_ns = 30 * SECOND_NS,
        .backoff_percent = 180,
        .tries = 8,
    };
    /* RFC 8247 3.2, without SHA-1; RFC 8420 2 */
    peer->signature_hashes = HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) |
                             HASH_BIT(HASH_SHA2_512) | HASH_BIT(HASH_IDENTITY);
    peer->mobike = true;
    peer->nat_traversal = true;
    peer->fragmentation = true;
    peer->initial_contact = true;
}

void child_config_defaults(struct child_config *child)
{
    static const char *const proposals[] = {
        "aes256gcm16-aes128gcm16-chacha20poly1305-x25519-ecp256-ecp384-esn-noesn",
        "aes256-aes128-sha256-sha384-sha512-x25519-ecp256-ecp384-esn-noesn",
    };
    memset(child, 0, sizeof *child);
    proposals_set(&child->proposals, PROTOCOL_ESP, proposals, 2);
    child->lifetime.soft_ns = 3600 * SECOND_NS;
    child->lifetime.hard_ns = child->lifetime.soft_ns + 600 * SECOND_NS;
    child->lifetime.jitter_ns = 120 * SECOND_NS;
    child->start = START_ON_TRAFFIC;
    child->replay_window = 256;
    child->copy_dscp = true;
    child->ecn = true;
}

uint64_t lifetime_soft_at(const struct lifetime_config *lifetime,
                          const struct random_source *random, uint64_t now_ns)
{
    uint8_t octets[2] = {0, 0};
    if (lifetime->soft_ns == 0) {
        return UINT64_MAX;
    }
    (void)!random_fill(random, octets, sizeof octets); /* without randomness there is no jitter */
    uint64_t range_ns = lifetime->jitter_ns;
    if (range_ns > lifetime->soft_ns / 2) {
        range_ns = lifetime->soft_ns / 2;
    }
    uint64_t share = (uint64_t)octets[0] << 8 | octets[1];
    return now_ns + lifetime->soft_ns - range_ns / UINT16_MAX * share;
}

bool peer_config_allows_address(const struct endpoint_config *config,
                                const struct peer_config *peer, const struct address *ip)
{
    if (peer->remote_addresses.count == 0) {
        return config->accept_unknown_addresses;
    }
    for (size_t i = 0; i < peer->remote_addresses.count; i++) {
        if (address_equal(&peer->remote_addresses.items[i], ip)) {
            return true;
        }
    }
    return false;
}
