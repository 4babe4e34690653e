/* The user-space data plane: SPD, SAD and the two corridors packets pass in bursts. No I/O, no
 * clock, no callback; inner packets and ESP go in and come out in the same buffers. RFC 4301 5, RFC
 * 4303 3. */
#ifndef IKEREF_ESP_ESP_PLANE_H
#define IKEREF_ESP_ESP_PLANE_H

#include "esp/esp_sa.h"

/* Room the owner leaves in front of and behind an inner packet so that sealing needs no copy:
 * ESP header 8, IV 16, and behind it padding 255 + 2, ICV 32, TFC none. Outer IP and UDP headers
 * are the kernel's (sockets), never ours. */
#define ESP_HEADROOM 64
#define ESP_TAILROOM 320

enum packet_verdict {
    PACKET_FORWARD, /* go on: after seal, send `current` to path.remote (UDP or protocol 50); after
                       open, write the inner packet to the TUN */
    PACKET_HELD,    /* taken into the queue of a policy that has no SA yet; esp_plane_release gives
                       it back */
    PACKET_REPLY,   /* now holds an ICMP error for the sender: write it to the TUN (path MTU) */
    PACKET_KEEPALIVE, /* a NAT keepalive (RFC 3948 4): nothing to do */
    PACKET_IKE,       /* four zero octets: an IKE datagram, Non-ESP marker removed (RFC 3948 2.2) */
    PACKET_DUMMY,     /* opened well and carried nothing (RFC 4303 2.6) */
    PACKET_DROP_NO_POLICY,
    PACKET_DROP_NO_SA, /* ESP with an SPI we do not have; or nothing to seal with and the queue is
                          full */
    PACKET_DROP_REPLAYED,
    PACKET_DROP_NOT_AUTHENTIC,
    PACKET_DROP_MALFORMED,
    PACKET_DROP_SELECTORS, /* inner packet outside what was negotiated, RFC 4301 5.2 */
    PACKET_DROP_EXPIRED,   /* hard lifetime or sequence numbers used up */
    PACKET_DROP_INTERNAL,
    PACKET_BYPASS, /* seal: the policy lets it pass in the clear; untouched, the owner sends it */
    PACKET_DROP_TOO_BIG,    /* seal: beyond the path MTU, and no ICMP error is due for it */
    PACKET_DROP_CONGESTION, /* open: congestion marked outside, not ECN-capable inside, RFC 6040 4.2
                             */
};

#define PACKET_VERDICTS (PACKET_DROP_CONGESTION + 1)

/* "forward", "replayed", ...: for counters and events. Static storage. */
const char *packet_verdict_name(enum packet_verdict verdict);

struct packet {
    uint8_t *buffer;
    size_t capacity;
    size_t offset; /* of the current octets in buffer */
    size_t length;
    struct path path;       /* in: where the datagram came from and to; out: where to send it */
    bool udp_encapsulation; /* in and out */
    uint8_t tos;            /* outer DSCP and ECN, in and out */
    bool dont_fragment;     /* out: the outer packet's DF (IPv4) */
    enum packet_verdict verdict;
    uint64_t user; /* of the SA that carried it; 0 for none */
};

struct esp_plane;

enum policy_action { POLICY_PROTECT, POLICY_BYPASS, POLICY_DISCARD };

struct esp_policy {
    enum policy_action action;
    bool transport_mode;
    struct selector_list local, remote;
    uint64_t user;     /* handed back in ESP_EVENT_ACQUIRE */
    uint32_t held_max; /* packets kept while an SA is set up; 0: the default of 32 */
};

enum esp_event_type {
    ESP_EVENT_ACQUIRE, /* a packet found a policy without an SA; once per policy until an SA comes
                          or esp_plane_acquire_failed is called */
    ESP_EVENT_SOFT_EXPIRED, /* by octets, packets, or sequence numbers nearly used up: rekey; once
                             */
    ESP_EVENT_HARD_EXPIRED, /* the pair carries no more packets: delete it; once */
    ESP_EVENT_PEER_MOVED,   /* an authentic, non-replayed packet of the highest sequence so far came
                               from   another address or port than the SA's path (RFC 7296 2.23) */
};

struct esp_event {
    enum esp_event_type type;
    uint32_t policy;
    uint64_t user; /* the policy's for ACQUIRE, the pair's for the rest */
    uint32_t spi_in;
    struct packet_key
        key;          /* ACQUIRE: the packet, for narrow selectors first in TSi (RFC 7296 2.9) */
    struct path path; /* PEER_MOVED: as the packet came */
};

/* Counters of the whole plane, by verdict, for status and tests. */
struct esp_counters {
    uint64_t sealed[PACKET_VERDICTS]; /* by enum packet_verdict */
    uint64_t opened[PACKET_VERDICTS];
};

/* `random` and what it points to must outlive the plane. NULL: no memory. */
struct esp_plane *esp_plane_create(const struct random_source *random);
void esp_plane_destroy(struct esp_plane *plane); /* wipes all keys */

/* Adds a policy at the end of the ordered SPD; its number (never 0) goes into *id. From here on a
 * packet that belongs to it is sealed, held or dropped, never passed in the clear. */
MUST_USE enum status esp_plane_policy_add(struct esp_plane *plane, const struct esp_policy *policy,
                                          uint32_t *id);
/* Removes it, its held packets and its pairs. Unknown ids are ignored. */
void esp_plane_policy_remove(struct esp_plane *plane, uint32_t id);

/* Installs a pair. The newest not-standby pair of a policy whose selectors match is used to send.
 */
MUST_USE enum status esp_plane_pair_install(struct esp_plane *plane,
                                            const struct esp_pair_config *config, uint64_t now_ns);
/* Stops sending on it at once; still opens packets in flight until linger_ns has passed (0: at
 * once). */
void esp_plane_pair_remove(struct esp_plane *plane, uint32_t spi_in, uint64_t now_ns,
                           uint64_t linger_ns);
/* New addresses or encapsulation: MOBIKE or NAT rebinding. False: no such pair. */
bool esp_plane_pair_move(struct esp_plane *plane, uint32_t spi_in, const struct path *path,
                         bool udp_encapsulation);
bool esp_plane_pair_set_path_mtu(struct esp_plane *plane, uint32_t spi_in, uint16_t path_mtu);
bool esp_plane_pair_usage(const struct esp_plane *plane, uint32_t spi_in, struct esp_usage *out);

/* Inner packets in, ESP out, in place. Each packet's verdict is set. In transport mode the inner
 * packet is the host's own IP packet: its header is taken off (the socket builds the outer one).
 * Transport mode carries no fragments (RFC 4301 4.1), so its TUN wants the largest MTU there is:
 * TCP learns the path's by PACKET_REPLY, the rest is fragmented outside. */
void esp_plane_seal(struct esp_plane *plane, struct packet *packets, size_t count, uint64_t now_ns);

/* What arrived on UDP 4500 or protocol 50 in (without outer IP and UDP headers), inner IP packets
 * out. In transport mode the IP header is put back from path (RFC 4303 3.1.1), checksums made good
 * where a NAT stood between (RFC 7296 2.23.1, RFC 3948 3.1.2). IPv6 transport mode needs up to 16
 * octets more than came: leave them in front or behind, or such packets are malformed. */
void esp_plane_open(struct esp_plane *plane, struct packet *packets, size_t count, uint64_t now_ns);

/* Held packets of policies that have an SA by now, sealed like esp_plane_seal; returns how many
 * were put into `packets` (each entry must have buffer and capacity set). */
size_t esp_plane_release(struct esp_plane *plane, struct packet *packets, size_t max,
                         uint64_t now_ns);

/* The set-up that ACQUIRE asked for failed: drop the held packets, report the next packet again. */
void esp_plane_acquire_failed(struct esp_plane *plane, uint32_t policy);

bool esp_plane_next_event(struct esp_plane *plane, struct esp_event *out);
/* When a lingering pair goes, or one that was used may rest; UINT64_MAX: never. */
uint64_t esp_plane_deadline(const struct esp_plane *plane);
void esp_plane_expire(struct esp_plane *plane, uint64_t now_ns);
void esp_plane_counters(const struct esp_plane *plane, struct esp_counters *out);

/* The largest inner packet that fits the path MTU under this protection: for the TUN's MTU. */
uint16_t esp_inner_mtu(const struct protection *p, bool transport_mode, bool udp_encapsulation,
                       enum address_family outer, uint16_t path_mtu);

#endif
