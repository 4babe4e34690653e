/* Certificates of a kind, or a shared key. */

#include "bench/handshake_ways.h"

#include <stdio.h>

#include "bench/certificates.h"

const struct handshake_way handshake_ways[HANDSHAKE_WAYS] = {
    {"psk", "x25519"},     {"psk", "ecp256"},      {"psk", "modp2048"},    {"rsa2048", "x25519"},
    {"rsa3072", "x25519"}, {"ecdsa256", "x25519"}, {"ecdsa256", "ecp256"}, {"ed25519", "x25519"},
};

bool handshake_way_signs(const struct handshake_way *way)
{
    return way->authentication[0] != 'p';
}

void handshake_way_init(const struct handshake_way *way, struct duet *duet, struct bench *bench)
{
    static const char *const hosts[2] = {"a", "b"};
    char ike[64];
    (void)snprintf(ike, sizeof ike, "aes256gcm16-prfsha256-%s", way->key_exchange);
    duet_init(duet, bench, ike, "aes256gcm16-noesn");
    for (unsigned s = 0; handshake_way_signs(way) && s < 2; s++) {
        struct peer_config *peer = &duet->sides[s].peer;
        peer->local_authentication = peer->remote_authentication = AUTHENTICATION_SIGNATURE;
        peer->credential = certificates_credential(bench, way->authentication, hosts[s]);
        peer->authorities = certificates_authorities(bench, way->authentication);
    }
}

void handshake_way_release(struct duet *duet)
{
    for (unsigned s = 0; s < 2; s++) {
        credential_destroy(duet->sides[s].peer.credential);
        authorities_destroy(duet->sides[s].peer.authorities);
    }
}

void handshake_way_forget(const struct handshake_way *way, struct duet *duet)
{
    for (unsigned s = 0; handshake_way_signs(way) && s < 2; s++) {
        struct peer_config *peer = &duet->sides[s].peer;
        authorities_destroy(peer->authorities);
        peer->authorities = certificates_authorities(duet->bench, way->authentication);
    }
}
