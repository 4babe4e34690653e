/* Whole handshakes, IKE_SA_INIT and IKE_AUTH with the first Child SA, by how the sides prove who
 * they are and by key exchange; the initiator's share and the responder's counted apart. And what a
 * responder spends on a stranger of whom it wants a cookie first. */

#include "bench/cases.h"

#include "bench/handshake_ways.h"

static const char *const roles[2] = {"initiator", "responder"};

static void play_handshake(struct bench *bench, void *context)
{
    struct duet *duet = context;
    (void)bench;
    duet_start(duet);
    duet_connect(duet);
    duet_stop(duet);
}

/* As play_handshake, between two who have never seen each other's certificates. */
static const struct handshake_way certificates_way = {"ecdsa256", "x25519"};

static void play_first(struct bench *bench, void *context)
{
    handshake_way_forget(&certificates_way, context);
    play_handshake(bench, context);
}

static void first_play(struct bench *bench, unsigned role)
{
    static struct duet duet;
    handshake_way_init(&certificates_way, &duet, bench);
    duet.counted = role;
    bench_play(bench, 1, play_first, &duet);
    handshake_way_release(&duet);
}

static void handshake_play(struct bench *bench, const struct handshake_way *way, unsigned role)
{
    static struct duet duet;
    handshake_way_init(way, &duet, bench);
    duet.counted = role;
    bench_play(bench, 1, play_handshake, &duet);
    handshake_way_release(&duet);
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
    for (size_t h = 0; h < HANDSHAKE_WAYS; h++) {
        const struct handshake_way *way = &handshake_ways[h];
        for (unsigned role = 0; role < 2; role++) {
            if (bench_begin(bench, "handshake.%s.%s.%s", way->authentication, way->key_exchange,
                            roles[role])) {
                handshake_play(bench, way, role);
            }
        }
    }
    for (unsigned role = 0; role < 2; role++) {
        if (bench_begin(bench, "handshake.ecdsa256-first.x25519.%s", roles[role])) {
            first_play(bench, role);
        }
    }
    if (bench_begin(bench, "handshake.cookie.responder")) {
        cookie_play(bench);
    }
}
