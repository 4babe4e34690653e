/* The last look at a configuration before the daemon believes it. */
#include "host/config_check.h"

#include "sa/puzzle.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000ULL

const char *lifetime_config_complete(struct lifetime_config *lifetime, struct lifetime_given given)
{
    /* RFC 7296 2.8: rekey well before the end, so that the rekey itself has time to be
     * retransmitted. */
    if (lifetime->soft_ns != 0 && lifetime->hard_ns != 0 &&
        lifetime->hard_ns <= lifetime->soft_ns) {
        if (given.soft && given.hard) {
            return "lifetime is not longer than rekey; make it longer, say by a tenth";
        }
        if (given.hard) {
            lifetime->soft_ns = lifetime->hard_ns - lifetime->hard_ns / 10;
        } else {
            lifetime->hard_ns = lifetime->soft_ns + lifetime->soft_ns / 10 + 10 * NS_PER_S;
        }
    }
    if (given.jitter && lifetime->soft_ns != 0 && lifetime->jitter_ns >= lifetime->soft_ns) {
        return "jitter is not shorter than rekey; make it shorter, say a tenth";
    }
    if (!given.jitter && lifetime->jitter_ns > lifetime->soft_ns / 10) {
        lifetime->jitter_ns = lifetime->soft_ns / 10;
    }
    if (lifetime->hard_octets != 0 && lifetime->soft_octets >= lifetime->hard_octets) {
        return "lifetime-octets is not larger than rekey-octets; make it larger";
    }
    if (lifetime->hard_packets != 0 && lifetime->soft_packets >= lifetime->hard_packets) {
        return "lifetime-packets is not larger than rekey-packets; make it larger";
    }
    return NULL;
}

/* False: the proposal leaves nothing else. */
static bool esn_strike(struct proposal *proposal)
{
    size_t kept = 0;
    bool goes_without = false;
    for (size_t i = 0; i < proposal->count; i++) {
        const struct transform *t = &proposal->transforms[i];
        if (t->type == TRANSFORM_ESN && t->id == ESN_YES) {
            continue;
        }
        goes_without |= t->type == TRANSFORM_ESN;
        proposal->transforms[kept++] = *t;
    }
    proposal->count = kept;
    return goes_without;
}

const char *child_config_complete(struct child_config *child)
{
    /* The upper half of an extended sequence number is found by the window: who wants none should
     * not negotiate them (RFC 4303 3.3.3). */
    for (size_t i = 0; child->replay_window == 0 && i < child->proposals.count; i++) {
        if (!esn_strike(&child->proposals.items[i])) {
            return "replay-window is 0 and a proposal has esn without noesn, but extended sequence "
                   "numbers need a window; write noesn, or give replay-window a size";
        }
    }
    if (!child->transport_mode && (child->local.count == 0 || child->remote.count == 0)) {
        return "tunnel mode needs local = {...} and remote = {...}; or set mode = \"transport\"";
    }
    return NULL;
}

static const char *peer_children_check(const struct peer_config *peer)
{
    for (size_t i = 0; i < peer->child_count; i++) {
        const struct child_config *child = &peer->children[i];
        if (child->start == START_AT_ONCE && peer->remote_addresses.count == 0) {
            return "a child has start = \"now\" but the peer has no address; set address = {...}";
        }
    }
    return NULL;
}

static const char *local_proof_check(struct peer_config *peer)
{
    const char *complaint = peer->credential != NULL ? credential_complete(peer->credential) : NULL;
    if (complaint != NULL) {
        return complaint;
    }
    if (peer->local_authentication == AUTHENTICATION_PSK) {
        return peer->psk_length == 0 ? "no shared key; add psk = \"...\" or psk-file = \"...\", or "
                                       "certificate = \"...\" and private-key = \"...\""
                                     : NULL;
    }
    if (peer->credential == NULL) {
        return "authentication is \"signature\" but there is nothing to sign with; add certificate "
               "= \"...\" and private-key = \"...\"";
    }
    struct identity *id = &peer->local_id;
    if (id->type == 0 && !credential_identity(peer->credential, &id->type, id->data,
                                              sizeof(id->data), &id->length)) {
        return "the certificate holds no identity to go by; add local-id = \"...\", or have one "
               "issued with a subjectAltName";
    }
    return NULL;
}

static const char *remote_proof_check(const struct peer_config *peer)
{
    if (peer->remote_authentication == AUTHENTICATION_SIGNATURE && peer->authorities == NULL) {
        return "remote-authentication is \"signature\" but nobody may vouch for the peer; add "
               "authorities = {\"...\"}";
    }
    if (peer->remote_authentication == AUTHENTICATION_PSK && peer->psk_length == 0) {
        return "the peer is to prove itself by a shared key, and there is none; add psk = "
               "\"...\", or authorities = {\"...\"} for a peer with a certificate";
    }
    return NULL;
}

const char *peer_config_complete(struct peer_config *peer)
{
    const char *complaint = local_proof_check(peer);
    if (complaint == NULL) {
        complaint = remote_proof_check(peer);
    }
    if (complaint != NULL) {
        return complaint;
    }
    if (peer->local_id.type == 0) {
        return "no local-id; add local-id = \"...\", the name the peer knows us by";
    }
    if (peer->retransmission.timeout_ns == 0 ||
        peer->retransmission.timeout_max_ns < peer->retransmission.timeout_ns) {
        return "retransmit-timeout must not be zero nor above retransmit-timeout-max";
    }
    if (peer->force_udp_encapsulation && !peer->nat_traversal) {
        return "encapsulation is \"always\" but nat-traversal is false; take one of them out";
    }
    return peer_children_check(peer);
}

/* Beyond 28 bits our search would run out of keys (PUZZLE_KEY_LENGTH). */
static bool difficulty_is_bad(uint32_t bits)
{
    return bits != 0 && (bits < PUZZLE_DIFFICULTY_MIN || bits > 28);
}

/* The kernel's ESP copies DF or clears it. */
static bool wants_df_set(const struct host_config *config)
{
    bool wants = false;
    for (size_t i = 0; i < config->endpoint.peer_count; i++) {
        const struct peer_config *peer = &config->endpoint.peers[i];
        for (size_t j = 0; j < peer->child_count; j++) {
            wants |= peer->children[j].df == DF_SET;
        }
    }
    return wants;
}

const char *host_config_complete(const struct host_config *config)
{
    const struct endpoint_config *endpoint = &config->endpoint;
    if (endpoint->ike_port == endpoint->natt_port) {
        return "ike-port and natt-port are the same; IKE tells its two formats apart by port, so "
               "use two";
    }
    if (difficulty_is_bad(endpoint->puzzle_difficulty) ||
        difficulty_is_bad(endpoint->puzzle_difficulty_max)) {
        return "puzzle-difficulty and puzzle-difficulty-max are 0 or from 9 (RFC 8019 4.4) to 28 "
               "bits; each bit is twice the work";
    }
    if (config->data_plane == DATA_PLANE_XFRM && wants_df_set(config)) {
        return "df = \"set\" is not to be had of the kernel's ESP; write \"copy\" or \"clear\", or "
               "data-plane = \"tun\"";
    }
    if (config->route_table == 253 || config->route_table == 254 || config->route_table == 255) {
        return "route-table is one of the kernel's own (253 to 255); choose a table nobody else "
               "uses";
    }
    return NULL;
}

void host_config_wipe(struct host_config *config)
{
    for (size_t i = 0; i < config->endpoint.peer_count; i++) {
        struct peer_config *peer = &config->endpoint.peers[i];
        octets_wipe(peer->psk, sizeof(peer->psk));
        credential_destroy(peer->credential);
        authorities_destroy(peer->authorities);
    }
    free(config->endpoint.peers);
    memset(config, 0, sizeof(*config));
}
