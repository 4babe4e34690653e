/* A crowd: one IKE SA with a Child SA for each of many clients, all behind a NAT, and what one of
 * them costs among all. The SAs are made by hand: no messages, no keys. */

#include "bench/cases.h"

#include <stdlib.h>
#include <string.h>

#include "endpoint/endpoint_store.h"
#include "endpoint/timers.h"
#include "exchange/child_conflict.h"

#define OPERATIONS 64 /* in a play, spread over the whole crowd */
#define SECOND_NS UINT64_C(1000000000)
#define KEEPALIVE_NS (20 * SECOND_NS)

struct crowd {
    size_t size;
    struct endpoint_config config;
    struct peer_config peer;
    struct endpoint *endpoint;
    struct sa_store *store;
    struct ike_sa **ike_sas; /* the n-th that was made */
};

/* The n-th client's inner address. */
static struct address client_address(size_t n)
{
    uint8_t octets[4] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    return address_from(bytes_of(octets, sizeof octets));
}

static struct child_sa *child_of(struct crowd *crowd, size_t n)
{
    struct child_sa *child = calloc(1, sizeof *child);
    struct address inner = client_address(n);
    struct traffic_selector local = selector_any(ADDRESS_V4), remote = selector_host(&inner);
    if (child == NULL || !selectors_keep((struct selectors){1, &local}, &child->local) ||
        !selectors_keep((struct selectors){1, &remote}, &child->remote)) {
        child_sa_free(child);
        return NULL;
    }
    child->id = ++crowd->store->next_child_sa;
    child->soft_ns = child->hard_ns = UINT64_MAX;
    return child;
}

/* It has been connected for a while, and its keepalive is due at any time of the next interval. */
static void client_add(struct bench *bench, struct crowd *crowd, size_t n)
{
    struct ike_sa *sa = sa_store_add(crowd->store, 0, false, IKE_SA_ESTABLISHED);
    struct child_sa *child = child_of(crowd, n);
    bench_insist(bench, sa != NULL && child != NULL, "no memory");
    sa->nat_local = sa->encapsulated = true;
    sa->last_out_ns -= dice_roll(&bench->dice) % KEEPALIVE_NS;
    sa->remote_id = (struct identity){.type = ID_KEY_ID, .length = sizeof n};
    memcpy(sa->remote_id.data, &n, sizeof n);
    bench_insist(bench,
                 sa_store_new_child_spi(crowd->store, &child->spi_in) == STATUS_OK &&
                     sa_store_add_child(crowd->store, sa, child) == STATUS_OK,
                 "no memory");
    crowd->ike_sas[n] = sa;
}

static void crowd_fill(struct bench *bench, struct crowd *crowd)
{
    endpoint_config_defaults(&crowd->config);
    peer_config_defaults(&crowd->peer);
    child_config_defaults(&crowd->peer.children[0]);
    crowd->peer.child_count = 1;
    crowd->peer.liveness_ns = 0;
    crowd->peer.keepalive_ns = KEEPALIVE_NS;
    crowd->config.peers = &crowd->peer;
    crowd->config.peer_count = 1;
    crowd->endpoint = endpoint_create(&crowd->config, &bench->random, 100 * SECOND_NS);
    crowd->ike_sas = calloc(crowd->size, sizeof(struct ike_sa *));
    bench_insist(bench, crowd->endpoint != NULL && crowd->ike_sas != NULL, "no memory");
    crowd->store = (struct sa_store *)endpoint_store(crowd->endpoint);
    for (size_t n = 0; n < crowd->size; n++) {
        client_add(bench, crowd, n);
    }
    (void)endpoint_deadline(crowd->endpoint);
}

static void crowd_empty(struct crowd *crowd)
{
    endpoint_destroy(crowd->endpoint);
    free(crowd->ike_sas);
}

static size_t spread(const struct crowd *crowd, size_t operation)
{
    return operation * (crowd->size - 1) / (OPERATIONS - 1);
}

/* ---- what is played ---- */

/* Something came from a client, and something went there: when is what due next? */
static void play_deadline(struct bench *bench, void *context)
{
    struct crowd *crowd = context;
    for (size_t i = 0; i < OPERATIONS; i++) {
        struct ike_sa *wanted = crowd->ike_sas[spread(crowd, i)];
        crowd->store->now_ns += 1000;
        bench_on(bench);
        struct ike_sa *sa = sa_store_find_spi(crowd->store, wanted->spi_r);
        sa->last_out_ns = crowd->store->now_ns;
        uint64_t deadline_ns = endpoint_deadline(crowd->endpoint);
        bench_off(bench);
        bench_insist(bench, deadline_ns <= sa->last_out_ns + KEEPALIVE_NS, "nothing is due");
    }
}

/* Time passes until the next keepalive is due, and it is sent. */
static void play_keepalive(struct bench *bench, void *context)
{
    struct crowd *crowd = context;
    for (size_t i = 0; i < OPERATIONS; i++) {
        struct datagram datagram;
        bench_on(bench);
        endpoint_expire(crowd->endpoint, endpoint_deadline(crowd->endpoint));
        bool sent = endpoint_next_datagram(crowd->endpoint, &datagram);
        bench_off(bench);
        bench_insist(bench, sent && datagram.keepalive, "no keepalive was sent");
        bench_insist(bench, !endpoint_next_datagram(crowd->endpoint, &datagram), "too much is due");
    }
}

/* May one more client have this inner address? Every eighth time somebody else has it. */
static void play_conflict(struct bench *bench, void *context)
{
    struct crowd *crowd = context;
    struct child_sa *made = child_of(crowd, 0);
    bench_insist(bench, made != NULL, "no memory");
    for (size_t i = 0; i < OPERATIONS; i++) {
        size_t n = spread(crowd, i);
        bool taken = i % 8 == 7;
        struct address inner = client_address(taken ? n : crowd->size + n);
        struct ike_sa stranger = {.peer = &crowd->peer};
        made->remote.items[0] = selector_host(&inner);
        bench_on(bench);
        bool conflict = child_conflict_exists(crowd->store, &stranger, 0, made);
        bench_off(bench);
        bench_insist(bench, conflict == taken, "it was wrong about a conflict");
    }
    child_sa_free(made);
}

/* What a rekey costs beside its messages: a Child SA with a fresh SPI comes, and goes. */
static void play_child(struct bench *bench, void *context)
{
    struct crowd *crowd = context;
    for (size_t i = 0; i < OPERATIONS; i++) {
        size_t n = spread(crowd, i);
        struct ike_sa *sa = crowd->ike_sas[n], *found;
        struct child_sa *child = child_of(crowd, n), *same;
        bench_insist(bench, child != NULL, "no memory");
        child->redundant = true; /* so that its end is no event */
        bench_on(bench);
        bool added = sa_store_new_child_spi(crowd->store, &child->spi_in) == STATUS_OK &&
                     sa_store_add_child(crowd->store, sa, child) == STATUS_OK;
        found = sa_store_find_child(crowd->store, child->spi_in, &same);
        bench_off(bench);
        bench_insist(bench, added && found == sa && same == child, "it is not found");
        bench_on(bench);
        sa_store_child_gone(crowd->store, sa, child, DOWN_REPLACED);
        bench_off(bench);
    }
}

/* One line of the status: the next IKE SA, the next Child SA. */
static void play_status(struct bench *bench, void *context)
{
    struct crowd *crowd = context;
    static struct ike_sa_status ike;
    static struct child_sa_status child;
    for (size_t i = 0; i < OPERATIONS; i++) {
        uint32_t n = (uint32_t)spread(crowd, i);
        bench_on(bench);
        bool there = endpoint_ike_sa_after(crowd->endpoint, n, &ike) &&
                     endpoint_child_sa_after(crowd->endpoint, n, &child);
        bench_off(bench);
        bench_insist(bench, there && ike.id == n + 1 && child.id == n + 1, "it is another one");
    }
}

static const struct {
    const char *name;
    bench_play_function *play;
} kinds[] = {
    {"deadline", play_deadline}, {"keepalive", play_keepalive}, {"conflict", play_conflict},
    {"child", play_child},       {"status", play_status},
};

/* A hundred thousand of them take some 900 MB. */
static const size_t sizes[] = {1, 1000, 100000};

void crowd_cases(struct bench *bench)
{
    static struct crowd crowd;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            if (bench_begin(bench, "crowd.%s.%zu", kinds[k].name, sizes[s])) {
                crowd.size = sizes[s];
                crowd_fill(bench, &crowd);
                bench_play(bench, OPERATIONS, kinds[k].play, &crowd);
                crowd_empty(&crowd);
            }
        }
    }
}
