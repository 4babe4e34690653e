/* One direction of a Child SA as ESP sees it, RFC 4303, RFC 4301 4.4.2. */
#ifndef IKEREF_ESP_ESP_SA_H
#define IKEREF_ESP_ESP_SA_H

#include "base/dont_fragment.h"
#include "base/selector.h"
#include "crypto/protection.h"

struct esp_lifetime { /* 0: no limit. Volume is counted here; time is the caller's */
    uint64_t soft_octets, hard_octets;
    uint64_t soft_packets, hard_packets;
};

/* What makes a pair of SAs; keys are copied into cipher contexts and not kept elsewhere. */
struct esp_pair_config {
    uint32_t spi_in;  /* chosen by us: in packets we receive */
    uint32_t spi_out; /* chosen by the peer */
    uint32_t policy;  /* the policy (esp_plane_policy_add) whose traffic it carries */
    struct protection protection;
    struct secret encryption_in, encryption_out; /* salt included */
    struct secret integrity_in, integrity_out;
    bool esn;
    bool transport_mode;
    uint32_t replay_window; /* packets; 0 turns the check off; any size up to 4096 */
    struct path path;
    bool udp_encapsulation;             /* RFC 3948 */
    struct selector_list local, remote; /* as negotiated: checked on every packet, both ways */
    struct esp_lifetime lifetime;
    bool outbound_standby; /* responder of a rekey: keep sending on the old one until a packet
                              arrives here or the old one goes (RFC 7296 2.8) */
    uint16_t path_mtu;     /* outer packet size that passes; 0: 1500 */
    bool copy_dscp;        /* default on */
    bool ecn;              /* RFC 6040 normal mode; default on */
    enum dont_fragment df; /* of the outer IPv4 header in tunnel mode; default: copied */
    uint64_t user;         /* handed back in events: the IKE SA and Child SA it belongs to */
};

struct esp_usage {
    uint64_t packets_in, packets_out, octets_in, octets_out;        /* octets of inner packets */
    uint64_t last_in_ns, last_out_ns;                               /* 0: never */
    uint64_t replayed, not_authentic, malformed, outside_selectors; /* dropped, by cause */
    uint64_t sequence_out, sequence_in; /* last sent; highest received (64 bits with ESN) */
};

#endif
