/* A Child SA's two ESP SAs as they are kept: what is sent, what was received, and how far the pair
 * may still be used. RFC 4301 4.4.2.1. */
#ifndef IKEREF_ESP_ESP_PAIR_H
#define IKEREF_ESP_ESP_PAIR_H

#include "esp/event_queue.h"
#include "esp/replay_window.h"

/* Without ESN the last number is 2^32 - 1 (RFC 4303 3.3.3). We ask for a rekey this many packets
 * earlier: 16 s at a million packets a second, time for a rekey with several retransmissions, and
 * under half a percent of the space. With ESN the same margin before 2^64 is of no practical use.
 */
#define SEQUENCE_SOFT_MARGIN (UINT64_C(1) << 24)

/* Packets in a row that fail authentication before another high half is tried, RFC 4303 A3. */
#define RESYNC_FAILURES 64
#define RESYNC_EVERY 8  /* then every eighth packet is tried so: legitimate ones keep the rest */
#define RESYNC_TRIES 16 /* subspaces looked into, one after the other */

struct spd_entry;
struct due_list;

struct esp_pair {
    struct esp_pair *sad_next;      /* of the same bucket */
    struct esp_pair *older, *newer; /* of the same policy */
    uint64_t attached;              /* grows with every pair of that policy */
    struct spd_entry *policy;       /* NULL once removed and lingering */
    uint32_t spi_in, spi_out;
    uint64_t user;

    struct protection protection;
    size_t iv_length, icv_length, alignment;
    struct protector *sealer, *opener; /* owned; they alone hold the keys */
    struct due_list *due;              /* where it is in, if it is: lingering, or in use */
    struct esp_pair *due_next, *due_previous;
    uint64_t due_ns; /* when it goes, or when it is looked at whether it still is in use */
    bool esn, transport_mode, copy_dscp, ecn;
    enum dont_fragment df;
    struct selectors local, remote; /* kept: freed with it */
    bool opaque_ports;              /* among them: RFC 4301 7.2 */

    struct path path;
    bool udp_encapsulation;
    uint16_t path_mtu, inner_mtu;

    uint64_t sequence_out; /* last sent */
    uint32_t failures;     /* packets in a row that were not authentic */

    bool standby;   /* not to be sent on yet, RFC 7296 2.8 */
    bool lingering; /* not to be sent on any more */

    struct esp_lifetime lifetime;
    struct esp_usage usage;
    bool soft_reported, expired;
    bool moved_reported;
    struct transport_address moved_to; /* what was last reported */
    struct event_entry soft_event, hard_event, moved_event;
    struct replay_window window; /* last: there is memory for as much as its size needs */
};

/* A pair keyed and ready, or NULL: parameters that do not fit together, or no memory. */
struct esp_pair *esp_pair_create(const struct esp_pair_config *config);
void esp_pair_destroy(struct esp_pair *pair); /* wipes the keys */

/* Nothing has passed for a while: the contexts go, until something does. */
void esp_pair_rest(struct esp_pair *pair);

/* New addresses or path MTU: the inner MTU follows. */
void esp_pair_set_path(struct esp_pair *pair, const struct path *path, bool udp_encapsulation);
void esp_pair_set_path_mtu(struct esp_pair *pair, uint16_t path_mtu);

/* The inner packet lies in what was negotiated. */
bool esp_pair_matches_outbound(const struct esp_pair *pair, const struct packet_key *key);
bool esp_pair_matches_inbound(const struct esp_pair *pair, const struct packet_key *key);

/* One more packet of this length may go in this direction; false: the hard lifetime is over. */
bool esp_pair_may_seal(const struct esp_pair *pair, size_t octets);
bool esp_pair_may_open(const struct esp_pair *pair, size_t octets);

/* The soft lifetime is over, or the sequence numbers near their end. */
bool esp_pair_is_soft_expired(const struct esp_pair *pair);

#endif
