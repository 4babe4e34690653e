/* What strangers cost us: the responder's IKE SAs whose peer has not proved who it is, found by the
 * request that made them and counted by where they come from. RFC 7296 2.6, RFC 8019 4.2. Every
 * question takes the same time however many there are, whatever strangers choose. */
#ifndef IKEREF_SA_HALF_OPEN_H
#define IKEREF_SA_HALF_OPEN_H

#include "base/siphash.h"
#include "sa/ike_sa.h"

#define FAILURES_WINDOW_NS 60000000000ULL /* how long a failure counts, RFC 8019 6 */

struct prefix_record;

struct half_open_table {
    uint8_t key[SIPHASH_KEY_LENGTH];
    size_t buckets; /* of each of the two; a power of two */
    struct ike_sa **by_request;
    struct prefix_record **by_prefix;
    size_t count;    /* of IKE SAs */
    size_t failing;  /* of these, the ones that were sent what could not be opened */
    size_t prefixes; /* records held */
};

/* How one IP address (IPv4) or /64 prefix (IPv6) has behaved. */
struct prefix_history {
    uint32_t half_open;
    uint32_t failures; /* of IKE_AUTH within FAILURES_WINDOW_NS */
};

/* A table meant for up to `expected` IKE SAs; `key` is a secret. STATUS_INTERNAL: no memory. */
MUST_USE enum status half_open_init(struct half_open_table *table, size_t expected,
                                    const uint8_t key[SIPHASH_KEY_LENGTH]);
/* Frees the table, not the IKE SAs. */
void half_open_wipe(struct half_open_table *table);

/* Counts a responder's IKE SA whose spi_i and path are set. STATUS_INTERNAL: no memory. */
MUST_USE enum status half_open_enter(struct half_open_table *table, struct ike_sa *sa,
                                     uint64_t now_ns);
/* It has proved itself, or is to be freed; nothing when it was not counted. */
void half_open_leave(struct half_open_table *table, struct ike_sa *sa, uint64_t now_ns);

/* The hash that tells one IKE_SA_INIT request from another, for ike_sa.request_hash: never 0. */
uint64_t half_open_hash(const struct half_open_table *table, struct bytes datagram);
/* The half-open IKE SA a repeated IKE_SA_INIT request belongs to; NULL: none. One of the same SPI
 * and address and of another hash is a request of its own (RFC 7296 2.1). */
struct ike_sa *half_open_find(const struct half_open_table *table, uint64_t spi_i,
                              const struct transport_address *remote, uint64_t request);

/* An IKE_AUTH request for it could not be opened, or did not prove anything. */
void half_open_failed(struct half_open_table *table, struct ike_sa *sa, uint64_t now_ns);

struct prefix_history half_open_history(const struct half_open_table *table,
                                        const struct address *ip, uint64_t now_ns);

#endif
