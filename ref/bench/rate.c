/* Both in turns and in slices, so that what else the machine does falls on both alike; processor
 * time of this thread, so that it falls on neither as far as it is waiting. */

#include "bench/rate.h"

#include <stdio.h>
#include <time.h>

#include "bench/certificates.h"
#include "bench/handshake_ways.h"
#include "crypto/key_exchange.h"

#define SLICE 8 /* handshakes, then the operations of as many */

static double processor_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the operations alone ---- */

struct operations {
    const struct key_exchange_algorithm *key_exchange;
    const struct signature_key *private; /* NULL: nobody signs */
    struct signature_key *public;
    const struct signature_algorithm *signature;
};

static void operations_init(struct bench *bench, const struct handshake_way *way,
                            const struct duet *duet, struct operations *out)
{
    const struct peer_config *peer = &duet->sides[DUET_A].peer;
    struct peer_certificate certificate;
    *out = (struct operations){0};
    const struct proposal *proposal = &peer->proposals.items[0];
    for (size_t i = 0; i < proposal->count; i++) {
        if (proposal->transforms[i].type == TRANSFORM_KE) {
            out->key_exchange = key_exchange_algorithm_find(proposal->transforms[i].id);
        }
    }
    bench_insist(bench, out->key_exchange != NULL, "no such key exchange");
    if (!handshake_way_signs(way)) {
        return;
    }
    struct bytes der = credential_certificate(peer->credential, 0);
    bench_insist(bench,
                 authorities_verify(peer->authorities, &der, 1, peer->local_id.type,
                                    bytes_of(peer->local_id.data, peer->local_id.length),
                                    (int64_t)(CERTIFICATES_UTC_NS / 1000000000),
                                    &certificate) == REFUSAL_NONE,
                 "a certificate is not believed");
    out->public = certificate.key;
    out->private = credential_key(peer->credential);
    out->signature = signature_algorithm_choose(signature_key_kind(out->private),
                                                peer->signature_hashes, peer->rsa_pkcs1);
    bench_insist(bench, out->signature != NULL, "no such signature");
}

/* One side's: a fresh key pair and the shared secret. */
static void key_exchange_play(struct bench *bench, const struct operations *operations,
                              struct bytes peer)
{
    struct shared_secret secret;
    struct key_exchange *key = key_exchange_create(operations->key_exchange, &bench->random);
    bench_insist(bench, key != NULL && key_exchange_derive(key, peer, &secret) == STATUS_OK,
                 "a key exchange fails");
    key_exchange_destroy(key);
    shared_secret_wipe(&secret);
}

/* One side's: it signs, and verifies the other's signature and that in its certificate. */
static void signature_play(struct bench *bench, const struct operations *operations)
{
    static const uint8_t message[512];
    uint8_t octets[SIGNATURE_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    struct bytes signed_octets = bytes_of(message, sizeof message);
    bool good =
        signature_sign(operations->private, operations->signature, signed_octets, &w) == STATUS_OK;
    for (unsigned i = 0; good && i < 2; i++) {
        good = signature_verify(operations->public, operations->signature, signed_octets,
                                bytes_of(octets, w.length));
    }
    bench_insist(bench, good, "a signature fails");
}

static double operations_play(struct bench *bench, const struct operations *operations,
                              struct bytes peer)
{
    double before = processor_s();
    for (unsigned i = 0; i < 2 * SLICE; i++) {
        key_exchange_play(bench, operations, peer);
        if (operations->private != NULL) {
            signature_play(bench, operations);
        }
    }
    return processor_s() - before;
}

/* ---- handshakes ---- */

static double handshakes_play(const struct handshake_way *way, struct duet *duet, bool first)
{
    double spent = 0;
    for (unsigned i = 0; i < SLICE; i++) {
        if (first) {
            handshake_way_forget(way, duet);
        }
        duet_start(duet);
        double before = processor_s();
        duet_connect(duet);
        spent += processor_s() - before;
        duet_stop(duet);
    }
    return spent;
}

/* `first`: between two who have never seen each other's certificates. */
static void way_print(struct bench *bench, const struct handshake_way *way, bool first,
                      double seconds)
{
    static struct duet duet;
    struct operations operations;
    double whole = 0, alone = 0;
    unsigned slices = 0;
    handshake_way_init(way, &duet, bench);
    operations_init(bench, way, &duet, &operations);
    struct key_exchange *other = key_exchange_create(operations.key_exchange, &bench->random);
    bench_insist(bench, other != NULL, "no key");
    (void)handshakes_play(way, &duet, first); /* what the process's first time costs */
    while (whole + alone < seconds) {
        whole += handshakes_play(way, &duet, first);
        alone += operations_play(bench, &operations, key_exchange_public(other));
        slices++;
    }
    printf("rate %-22s %7.0f a second, of %7.0f that public keys alone allow: %.3f\n", bench->name,
           slices * SLICE / whole, slices * SLICE / alone, alone / whole);
    key_exchange_destroy(other);
    signature_key_destroy(operations.public);
    handshake_way_release(&duet);
}

unsigned rate_print(struct bench *bench, double seconds)
{
    unsigned printed = 0;
    bench->random = random_system;
    for (size_t h = 0; h < 2 * HANDSHAKE_WAYS; h++) {
        const struct handshake_way *way = &handshake_ways[h / 2];
        bool first = h % 2 == 0;
        (void)snprintf(bench->name, sizeof bench->name, "%s%s.%s", way->authentication,
                       first ? "-first" : "", way->key_exchange);
        if (bench_wants(bench) && (!first || handshake_way_signs(way))) {
            way_print(bench, way, first, seconds);
            printed++;
        }
    }
    return printed;
}
