/* Finding one among many: an ESP SA by its SPI, an IKE SA by its SPI, the policy of a packet, and
 * the pair of a policy that has one for each client. The tables hold nothing but what the search
 * looks at. */

#include "bench/cases.h"

#include <stdlib.h>
#include <string.h>

#include "esp/sad.h"
#include "esp/spd.h"
#include "sa/spi_index.h"

#define FINDS 64 /* in a play; every eighth is for something that is not there */

struct table {
    size_t size;
    /* of one kind: */
    struct sad sad;
    struct esp_pair *pairs;
    struct spi_index by_spi;
    struct ike_sa *ike_sas;
    struct spd spd;
    struct spd_entry **policies;
};

/* The n-th of what is looked for: spread over the whole table, from the first to the last. */
static size_t index_of(const struct table *table, size_t n)
{
    return n * (table->size - 1) / (FINDS - 1);
}

static bool is_absent(size_t n)
{
    return n % 8 == 7;
}

/* ---- ESP SAs ---- */

static void sad_fill(struct bench *bench, struct table *table)
{
    table->pairs = calloc(table->size, sizeof *table->pairs);
    bench_insist(bench, table->pairs != NULL && sad_init(&table->sad), "no memory");
    for (size_t i = 0; i < table->size; i++) {
        do { /* at random, as ours are; the highest bit is for those that are not there */
            table->pairs[i].spi_in = (uint32_t)dice_roll(&bench->dice) & 0x7fffffff;
        } while (sad_find(&table->sad, table->pairs[i].spi_in) != NULL);
        sad_insert(&table->sad, &table->pairs[i]);
    }
}

static void play_sad(struct bench *bench, void *context)
{
    struct table *table = context;
    for (size_t n = 0; n < FINDS; n++) {
        struct esp_pair *wanted = &table->pairs[index_of(table, n)];
        uint32_t spi = is_absent(n) ? wanted->spi_in | 0x80000000 : wanted->spi_in;
        bench_on(bench);
        const struct esp_pair *found = sad_find(&table->sad, spi);
        bench_off(bench);
        bench_insist(bench, found == (is_absent(n) ? NULL : wanted), "another one was found");
    }
}

static void sad_empty(struct table *table)
{
    free(table->sad.buckets);
    free(table->pairs);
}

/* ---- IKE SAs ---- */

static void ike_fill(struct bench *bench, struct table *table)
{
    table->ike_sas = calloc(table->size, sizeof *table->ike_sas);
    bench_insist(bench, table->ike_sas != NULL && spi_index_init(&table->by_spi) == STATUS_OK,
                 "no memory");
    for (size_t i = 0; i < table->size; i++) {
        struct ike_sa *sa = &table->ike_sas[i];
        sa->initiator = true;
        sa->spi_i = dice_roll(&bench->dice) >> 1;
        spi_index_add(&table->by_spi, sa);
    }
}

static void play_ike(struct bench *bench, void *context)
{
    struct table *table = context;
    for (size_t n = 0; n < FINDS; n++) {
        struct ike_sa *wanted = &table->ike_sas[index_of(table, n)];
        uint64_t spi = is_absent(n) ? wanted->spi_i | UINT64_C(1) << 63 : wanted->spi_i;
        bench_on(bench);
        const struct ike_sa *found = spi_index_find(&table->by_spi, spi);
        bench_off(bench);
        bench_insist(bench, found == (is_absent(n) ? NULL : wanted), "another one was found");
    }
}

static void ike_empty(struct table *table)
{
    spi_index_free(&table->by_spi);
    free(table->ike_sas);
}

/* ---- policies ---- */

/* The n-th protects 10.X.Y.0/24 to 172.X.Y.0/24; beyond them, 11.X.Y.0/24 to 173.X.Y.0/24. */
static void policy_addresses(size_t n, struct address *local, struct address *remote)
{
    uint8_t net = (uint8_t)(n / 65536), octets[4] = {10 + net, (uint8_t)(n / 256), (uint8_t)n, 0};
    *local = address_from(bytes_of(octets, sizeof octets));
    octets[0] = 172 + net;
    *remote = address_from(bytes_of(octets, sizeof octets));
}

static struct traffic_selector subnet(struct address start)
{
    struct traffic_selector s = {.port_end = UINT16_MAX, .start = start, .end = start};
    s.end.octets[3] = 255;
    return s;
}

static void spd_fill(struct bench *bench, struct table *table)
{
    table->spd = (struct spd){0};
    table->policies = calloc(table->size, sizeof(struct spd_entry *));
    bench_insist(bench, table->policies != NULL, "no memory");
    for (size_t i = 0; i < table->size; i++) {
        struct address local, remote;
        policy_addresses(i, &local, &remote);
        struct esp_policy policy = {.action = POLICY_PROTECT,
                                    .local = {.count = 1, .items = {subnet(local)}},
                                    .remote = {.count = 1, .items = {subnet(remote)}}};
        table->policies[i] = spd_add(&table->spd, &policy);
        bench_insist(bench, table->policies[i] != NULL, "no memory");
    }
}

static void play_spd(struct bench *bench, void *context)
{
    struct table *table = context;
    for (size_t n = 0; n < FINDS; n++) {
        size_t i = index_of(table, n);
        struct packet_key key = {.protocol = IP_PROTOCOL_UDP,
                                 .has_ports = true,
                                 .source_port = 1000,
                                 .destination_port = 2000};
        policy_addresses(i, &key.source, &key.destination);
        key.source.octets[3] = key.destination.octets[3] = 7;
        if (is_absent(n)) {
            key.destination.octets[0] = 192;
        }
        bench_on(bench);
        const struct spd_entry *found = spd_match(&table->spd, &key);
        bench_off(bench);
        bench_insist(bench, found == (is_absent(n) ? NULL : table->policies[i]),
                     "another one was found");
    }
}

static void spd_empty(struct table *table)
{
    while (table->spd.first != NULL) {
        spd_remove(&table->spd, table->spd.first);
    }
    free(table->policies);
}

/* ---- pairs of one policy ---- */

/* From everywhere to client 172.X.Y.7. */
static void pairs_fill(struct bench *bench, struct table *table)
{
    struct traffic_selector any = selector_any(ADDRESS_V4);
    struct esp_policy policy = {.action = POLICY_PROTECT,
                                .local = {.count = 1, .items = {any}},
                                .remote = {.count = 1, .items = {any}}};
    table->spd = (struct spd){0};
    struct spd_entry *entry = spd_add(&table->spd, &policy);
    table->pairs = calloc(table->size, sizeof *table->pairs);
    bench_insist(bench, entry != NULL && table->pairs != NULL, "no memory");
    for (size_t i = 0; i < table->size; i++) {
        struct esp_pair *pair = &table->pairs[i];
        struct address local, remote;
        policy_addresses(i, &local, &remote);
        remote.octets[3] = 7;
        struct traffic_selector host = selector_host(&remote);
        bench_insist(bench,
                     selectors_keep((struct selectors){1, &any}, &pair->local) &&
                         selectors_keep((struct selectors){1, &host}, &pair->remote),
                     "no memory");
        bench_insist(bench, spd_entry_attach(entry, pair) == STATUS_OK, "no memory");
    }
}

static void play_pairs(struct bench *bench, void *context)
{
    struct table *table = context;
    for (size_t n = 0; n < FINDS; n++) {
        struct packet_key key = {.protocol = IP_PROTOCOL_UDP, .has_ports = true};
        bool expired;
        policy_addresses(index_of(table, n), &key.source, &key.destination);
        key.destination.octets[3] = is_absent(n) ? 8 : 7;
        bench_on(bench);
        const struct esp_pair *found = spd_entry_pair(table->spd.first, &key, &expired);
        bench_off(bench);
        bench_insist(bench, found == (is_absent(n) ? NULL : &table->pairs[index_of(table, n)]),
                     "another one was found");
    }
}

static void pairs_empty(struct table *table)
{
    for (size_t i = 0; i < table->size; i++) {
        spd_entry_detach(&table->pairs[i]);
        selectors_free(&table->pairs[i].local);
        selectors_free(&table->pairs[i].remote);
    }
    spd_remove(&table->spd, table->spd.first);
    free(table->pairs);
}

/* ---- all of them ---- */

/* A hundred thousand IKE SAs, or pairs, take some 700 MB of addresses and half of it of memory. */
static const struct {
    const char *name;
    size_t sizes[3];
    void (*fill)(struct bench *, struct table *);
    bench_play_function *play;
    void (*empty)(struct table *);
} kinds[] = {
    {"esp-sa", {10, 1000, 100000}, sad_fill, play_sad, sad_empty},
    {"ike-sa", {10, 1000, 100000}, ike_fill, play_ike, ike_empty},
    {"policy", {10, 1000, 100000}, spd_fill, play_spd, spd_empty},
    {"pair", {10, 1000, 100000}, pairs_fill, play_pairs, pairs_empty},
};

void lookup_cases(struct bench *bench)
{
    static struct table table;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (size_t s = 0; s < 3; s++) {
            if (bench_begin(bench, "lookup.%s.%zu", kinds[k].name, kinds[k].sizes[s])) {
                table.size = kinds[k].sizes[s];
                kinds[k].fill(bench, &table);
                bench_play(bench, FINDS, kinds[k].play, &table);
                kinds[k].empty(&table);
            }
        }
    }
}
