/* One run: hosts with the real core and the real data plane, a network between them, one clock, and
 * all that the checks remember. Everything in it follows from its script. */
#ifndef IKEREF_SIM_SIM_H
#define IKEREF_SIM_SIM_H

#include "endpoint/endpoint.h"
#include "esp/esp_plane.h"
#include "sim/dice.h"
#include "sim/ledger.h"
#include "sim/nat.h"
#include "sim/script.h"

#define SIM_HOSTS 3
#define SIM_IKE_SAS 64    /* of one host at a time, as it was told */
#define SIM_CHILD_SAS 192 /* of one host at a time */
#define SIM_COMMANDS 1024 /* of one host in a run */
#define SIM_JOBS 64       /* of one host at a time */
#define SIM_NATS 3
#define SIM_FLOWS 16
#define SIM_PACKET_MAX 4096
#define SIM_MS 1000000ULL
#define SIM_S (1000 * SIM_MS)
#define SIM_START_NS (3600 * SIM_S) /* when a run begins: clocks may be set back */

/* ---- what a host has been told by its core ---- */

struct known_ike_sa {
    uint32_t id;
    uint16_t peer_index;
    bool initiator;
    bool fresh; /* just told of: its address may be gone already */
    uint64_t spi_i, spi_r;
    struct path path;
};

struct known_child_sa {
    uint32_t id, ike_sa;
    uint16_t peer_index, child_index;
    uint32_t spi_in, spi_out;
    bool udp_encapsulation, esn;
    uint64_t keys_in, keys_out;                /* marks */
    uint64_t selectors_ours, selectors_theirs; /* marks */
    struct path path;
};

struct given_command {
    enum command_type type;
    bool given, answered;
};

struct handed_out {
    struct job *job;
    uint64_t back_ns; /* by the world's clock */
};

struct host {
    const char *name;
    unsigned index;
    bool on;
    struct endpoint *endpoint;
    struct esp_plane *plane;
    struct endpoint_config config;
    struct peer_config *peers; /* owned */
    struct dice dice;
    struct random_source random;
    struct address_list addresses; /* those it has now */
    int64_t clock_ns;              /* its clock is ahead of the world's by this */
    uint64_t deadline_ns;          /* by the world's clock */
    uint64_t back_ns;              /* it is off and starts again then; UINT64_MAX: no */
    uint64_t plugged_ns;           /* it has no address, and has one again then */
    struct address unplugged;      /* that one */
    struct dice work_dice;
    size_t job_count;
    struct handed_out jobs[SIM_JOBS]; /* public-key work that is being done */
    uint32_t policies[2][CHILDREN_MAX];
    uint64_t acquire_retry_ns[2][CHILDREN_MAX]; /* UINT64_MAX: none */
    size_t ike_count, child_count, command_count;
    struct known_ike_sa ike[SIM_IKE_SAS];
    struct known_child_sa child[SIM_CHILD_SAS];
    struct given_command commands[SIM_COMMANDS]; /* id i at [i]; 0 is not used */
    uint64_t drains;
};

/* ---- inner traffic ---- */

/* Packets of one child in one direction. */
struct flow {
    unsigned from, to;
    uint16_t peer_index, child_index; /* at the sender */
    uint64_t next_ns;
    uint64_t sent, delivered; /* sent: sealed and on its way, or held */
    uint64_t first_number;    /* packets from here on count as new (traffic_mark) */
    uint64_t newest;          /* number of the newest that arrived */
};

/* ---- the network ---- */

struct wire_packet {
    struct wire_packet *next;
    uint64_t at_ns, number;
    struct transport_address source, destination;
    bool protocol_50; /* ESP without UDP: no ports */
    size_t length;
    uint8_t octets[];
};

struct network {
    struct wire_packet *first; /* in flight, by time of arrival */
    uint64_t count;            /* datagrams sent so far */
    struct dice dice;
    uint64_t delay_ns, jitter_ns;
    uint32_t loss, reorder, duplicate, corrupt; /* percent */
    uint32_t burst;                             /* so many more are lost */
    uint64_t partition_ns, deaf_ns[SIM_HOSTS];  /* until then */
    uint32_t mtu;                               /* outer packet; 0: no limit */
    size_t nat_count;
    struct nat nats[SIM_NATS];
    uint64_t digest; /* of every datagram sent: when, between whom, and its octets */
};

/* ---- what the checks remember ---- */

struct checks {
    struct ledger messages;  /* IKE messages: their octets never change */
    struct ledger cuts;      /* of each message: its fragments */
    struct ledger ivs;       /* of IKE and ESP under their SA */
    struct ledger keys;      /* who has which key */
    struct ledger gone;      /* SAs that a host was told are gone, and when */
    struct ledger windows;   /* by sender and IKE SA: last request sent, last response heard */
    struct ledger inner;     /* inner packets sent: their octets */
    struct ledger delivered; /* inner packets that arrived */
    struct ledger nonces;
    struct ledger puzzles; /* by host and cookie: what came with it */
    struct ledger openers; /* index + 1 into opener[] */
    size_t opener_count;
    struct opener *opener;                   /* keys of IKE SAs, to look inside */
    struct reassembly *fragments[SIM_HOSTS]; /* of what each host is sending */
};

struct sim_counts {
    uint64_t connects, ike_rekeys, child_rekeys, roams, restarts, datagrams, lost, inner_sent,
        inner_delivered;
};

#define SIM_VIOLATION_MAX 240

struct sim {
    const struct script *script;
    uint64_t now_ns;
    size_t next_act;
    unsigned host_count;
    struct host hosts[SIM_HOSTS];
    struct network network;
    struct dice traffic_dice;
    size_t flow_count;
    struct flow flows[SIM_FLOWS];
    uint64_t inner_number;
    uint64_t worked_ns; /* until then public-key work for an IKE SA has been done elsewhere */
    struct checks checks;
    struct sim_counts counts;
    bool ending;  /* hosts shut down: nothing is asked for any more */
    bool settled; /* nothing has happened for a while that could explain a difference */
    bool trace;
    char violation[SIM_VIOLATION_MAX]; /* the first rule that was broken; empty: none */
};

/* A sim is large and is used for many runs one after the other: zero it once before the first. */

/* A rule is broken: the run ends. Only the first one counts. */
void sim_violation(struct sim *sim, const struct host *host, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool sim_broken(const struct sim *sim);

uint32_t sim_setting(const struct sim *sim, enum setting setting);
/* Milliseconds since the run began. */
uint64_t sim_ms(const struct sim *sim);

#endif
