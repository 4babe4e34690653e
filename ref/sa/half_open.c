/* Half-open IKE SAs by request and by prefix: two hash tables with a secret key. */

#include "sa/half_open.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

#define BUCKETS_MIN 64
#define BUCKETS_MAX 65536
#define PREFIX_V6_LENGTH 8 /* a /64: the least that one site is given, RFC 8019 4.2 */
#define PREFIX_KEY_LENGTH (1 + PREFIX_V6_LENGTH)

struct prefix_key {
    uint8_t octets[PREFIX_KEY_LENGTH]; /* family, then the prefix; zeros behind it */
};

struct prefix_record {
    struct prefix_record *next;
    struct prefix_key key;
    struct prefix_history history;
    uint64_t failures_since_ns;
};

enum status half_open_init(struct half_open_table *table, size_t expected,
                           const uint8_t key[SIPHASH_KEY_LENGTH])
{
    memset(table, 0, sizeof *table);
    memcpy(table->key, key, SIPHASH_KEY_LENGTH);
    table->buckets = BUCKETS_MIN;
    while (table->buckets < expected / 4 && table->buckets < BUCKETS_MAX) {
        table->buckets *= 2;
    }
    table->by_request = calloc(table->buckets, sizeof(struct ike_sa *));
    table->by_prefix = calloc(table->buckets, sizeof(struct prefix_record *));
    return table->by_request != NULL && table->by_prefix != NULL ? STATUS_OK : STATUS_INTERNAL;
}

void half_open_wipe(struct half_open_table *table)
{
    for (size_t i = 0; table->by_prefix != NULL && i < table->buckets; i++) {
        while (table->by_prefix[i] != NULL) {
            struct prefix_record *next = table->by_prefix[i]->next;
            free(table->by_prefix[i]);
            table->by_prefix[i] = next;
        }
    }
    free(table->by_prefix);
    free(table->by_request);
    octets_wipe(table, sizeof *table);
}

/* ---- prefixes ---- */

static struct prefix_key prefix_key_of(const struct address *ip)
{
    struct prefix_key key = {.octets = {ip->family}};
    size_t length = address_length(ip);
    memcpy(key.octets + 1, ip->octets, length < PREFIX_V6_LENGTH ? length : PREFIX_V6_LENGTH);
    return key;
}

static struct prefix_record **prefix_bucket(const struct half_open_table *table,
                                            const struct prefix_key *key)
{
    uint64_t hash = siphash(table->key, bytes_of(key->octets, sizeof key->octets));
    return &table->by_prefix[hash & (table->buckets - 1)];
}

static bool failures_count(const struct prefix_record *record, uint64_t now_ns)
{
    return record->history.failures > 0 && now_ns - record->failures_since_ns < FAILURES_WINDOW_NS;
}

static struct prefix_record *prefix_find(const struct half_open_table *table,
                                         const struct address *ip)
{
    struct prefix_key key = prefix_key_of(ip);
    struct prefix_record *record = *prefix_bucket(table, &key);
    while (record != NULL && memcmp(&record->key, &key, sizeof key) != 0) {
        record = record->next;
    }
    return record;
}

/* Takes what tells nothing any more out of one bucket. Beyond one record for each bucket, failures
 * of those who hold nothing are forgotten early. */
static void prefix_sweep(struct half_open_table *table, struct prefix_record **link,
                         uint64_t now_ns)
{
    while (*link != NULL) {
        struct prefix_record *record = *link;
        bool worth_it = failures_count(record, now_ns) && table->prefixes <= table->buckets;
        if (record->history.half_open > 0 || worth_it) {
            link = &record->next;
        } else {
            *link = record->next;
            free(record);
            table->prefixes--;
        }
    }
}

static struct prefix_record *prefix_take(struct half_open_table *table, const struct address *ip,
                                         uint64_t now_ns)
{
    struct prefix_key key = prefix_key_of(ip);
    struct prefix_record **bucket = prefix_bucket(table, &key);
    prefix_sweep(table, bucket, now_ns);
    struct prefix_record *record = prefix_find(table, ip);
    if (record == NULL) {
        record = calloc(1, sizeof *record);
        if (record != NULL) {
            record->key = key;
            record->next = *bucket;
            *bucket = record;
            table->prefixes++;
        }
    }
    return record;
}

struct prefix_history half_open_history(const struct half_open_table *table,
                                        const struct address *ip, uint64_t now_ns)
{
    const struct prefix_record *record = prefix_find(table, ip);
    struct prefix_history history = {0};
    if (record != NULL) {
        history = record->history;
        history.failures = failures_count(record, now_ns) ? history.failures : 0;
    }
    return history;
}

/* ---- IKE SAs ---- */

static struct ike_sa **request_bucket(const struct half_open_table *table, uint64_t spi_i,
                                      const struct transport_address *remote)
{
    uint8_t octets[8 + 2 + sizeof remote->ip.octets];
    struct writer w = writer_over(octets, sizeof octets);
    writer_u64(&w, spi_i);
    writer_u16(&w, remote->port);
    writer_put(&w, address_bytes(&remote->ip));
    return &table->by_request[siphash(table->key, writer_bytes(&w)) & (table->buckets - 1)];
}

enum status half_open_enter(struct half_open_table *table, struct ike_sa *sa, uint64_t now_ns)
{
    struct prefix_record *record = prefix_take(table, &sa->path.remote.ip, now_ns);
    if (record == NULL) {
        return STATUS_INTERNAL;
    }
    record->history.half_open++;
    sa->unproven = true;
    sa->requested_from = sa->path.remote;
    struct ike_sa **bucket = request_bucket(table, sa->spi_i, &sa->requested_from);
    sa->next_half_open = *bucket;
    *bucket = sa;
    table->count++;
    return STATUS_OK;
}

void half_open_leave(struct half_open_table *table, struct ike_sa *sa, uint64_t now_ns)
{
    if (!sa->unproven) {
        return;
    }
    struct ike_sa **link = request_bucket(table, sa->spi_i, &sa->requested_from);
    while (*link != sa) {
        link = &(*link)->next_half_open;
    }
    *link = sa->next_half_open;
    sa->unproven = false;
    table->count--;
    table->failing -= sa->failures > 0;
    struct prefix_record *record = prefix_find(table, &sa->requested_from.ip);
    record->history.half_open--; /* it is there: what holds an IKE SA is never swept */
    prefix_sweep(table, prefix_bucket(table, &record->key), now_ns);
}

uint64_t half_open_hash(const struct half_open_table *table, struct bytes datagram)
{
    uint64_t hash = siphash(table->key, datagram);
    return hash != 0 ? hash : 1;
}

struct ike_sa *half_open_find(const struct half_open_table *table, uint64_t spi_i,
                              const struct transport_address *remote, uint64_t request)
{
    struct ike_sa *sa = *request_bucket(table, spi_i, remote);
    while (sa != NULL &&
           !(sa->state == IKE_SA_HALF_OPEN && sa->spi_i == spi_i && sa->request_hash == request &&
             transport_address_equal(&sa->requested_from, remote))) {
        sa = sa->next_half_open;
    }
    return sa;
}

void half_open_failed(struct half_open_table *table, struct ike_sa *sa, uint64_t now_ns)
{
    if (!sa->unproven) {
        return;
    }
    struct prefix_record *record = prefix_find(table, &sa->requested_from.ip);
    if (!failures_count(record, now_ns)) {
        record->history.failures = 0;
        record->failures_since_ns = now_ns;
    }
    if (record->history.failures < UINT32_MAX) {
        record->history.failures++;
    }
    table->failing += sa->failures == 0;
    sa->failures++;
    sa->failed_ns = now_ns;
}
