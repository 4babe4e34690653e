/* Whole handshakes, IKE_SA_INIT and IKE_AUTH with the first Child SA, by how the sides prove who
 * they are and by key exchange; the initiator's share and the responder's counted apart. And what a
 * responder spends on a stranger of whom it wants a cookie first. */

#include "bench/cases.h"

#include <stdio.h>

#include "bench/certificates.h"
#include "bench/duet.h"

static const struct {
    const char *authentication; /* "psk", or the kind of certificate */
    const char *key_exchange;
} handshakes[] = {
    {"psk", "x25519"},     {"psk", "ecp256"},      {"psk", "modp2048"},    {"rsa2048", "x25519"},
    {"rsa3072", "x25519"}, {"ecdsa256", "x25519"}, {"ecdsa256", "ecp256"}, {"ed25519", "x25519"},
};

static const char *const hosts[2] = {"a", "b"};
static const char *const roles[2] = {"initiator", "responder"};

static void play_handshake(struct bench *bench, void *context)
{
    struct duet *duet = context;
    (void)bench;
    duet_start(duet);
    duet_connect(duet);
    duet_stop(duet);
}

static void handshake_play(struct bench *bench, size_t h, unsigned role)
{
    static struct duet duet;
    char ike[64];
    const char *kind = handshakes[h].authentication;
    bool certificates = kind[0] != 'p';
    (void)snprintf(ike, sizeof ike, "aes256gcm16-prfsha256-%s", handshakes[h].key_exchange);
    duet_init(&duet, bench, ike, "aes256gcm16-noesn");
    for (unsigned s = 0; certificates && s < 2; s++) {
        struct peer_config *peer = &duet.sides[s].peer;
        peer->local_authentication = peer->remote_authentication = AUTHENTICATION_SIGNATURE;
        peer->credential = certificates_credential(bench, kind, hosts[s]);
        peer->authorities = certificates_authorities(bench, kind);
    }
    duet.counted = role;
    bench_play(bench, 1, play_handshake, &duet);
    for (unsigned s = 0; s < 2; s++) {
        credential_destroy(duet.sides[s].peer.credential);
        authorities_destroy(duet.sides[s].peer.authorities);
    }
}

/* ---- strangers ---- */

static void play_cookie(struct bench *bench, void *context)
{
    struct duet *duet = context;
    struct endpoint *b = duet->sides[DUET_B].endpoint;
    const struct letter *request = &duet->letters[0];
    struct datagram answer;
    struct datagram datagram = {
        .path = {.local = request->path.remote, .remote = request->path.local},
        .octets = bytes_of(request->octets, request->length),
    };
    bench_on(bench);
    (void)endpoint_receive(b, &datagram, duet->now_ns);
    bool answered = endpoint_next_datagram(b, &answer);
    bench_off(bench);
    bench_insist(bench, answered && answer.octets.length < request->length, "no cookie came");
}

static void cookie_play(struct bench *bench)
{
    static struct duet duet;
    duet_init(&duet, bench, NULL, NULL);
    duet.sides[DUET_B].config.cookie_threshold = 0;
    duet_start(&duet);
    duet_connect(&duet);
    bench_play(bench, 1, play_cookie, &duet);
    duet_stop(&duet);
}

void handshake_cases(struct bench *bench)
{
    for (size_t h = 0; h < sizeof handshakes / sizeof handshakes[0]; h++) {
        for (unsigned role = 0; role < 2; role++) {
            if (bench_begin(bench, "handshake.%s.%s.%s", handshakes[h].authentication,
                            handshakes[h].key_exchange, roles[role])) {
                handshake_play(bench, h, role);
            }
        }
    }
    if (bench_begin(bench, "handshake.cookie.responder")) {
        cookie_play(bench);
    }
}
