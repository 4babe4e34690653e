/* A small world for the core: two or three endpoints of it in one process, a virtual clock, a
 * seeded network that can delay, drop, hold, copy and spoil, NATs, addresses that come and go, and
 * for each side a mirror of what its host has been told. Everything follows from the seed. */
#ifndef IKEREF_TEST_ENDPOINT_WORLD_H
#define IKEREF_TEST_ENDPOINT_WORLD_H

#include "endpoint/endpoint.h"
#include "sa/ike_sa.h"
#include "sim/stand_in.h"

#define WORLD_SIDES 3
#define WORLD_IKE_SAS 64    /* of one side at a time */
#define WORLD_CHILD_SAS 160 /* of one side at a time */
#define WORLD_COMMANDS 4096
#define WORLD_NATS 4
#define WORLD_MAPPINGS 64
#define WORLD_MS 1000000ULL
#define WORLD_S (1000 * WORLD_MS)

/* ---- what a side has been told ---- */

struct world_ike_sa {
    uint32_t id;
    struct ike_sa_info info;
};

struct world_child_sa {
    uint32_t id, ike_sa;
    uint16_t child_index;
    struct child_sa_info info; /* path and encapsulation as of the last CHILD_SA_MOVED */
};

struct world_command {
    enum command_type type;
    unsigned answers;
    enum status status;
};

struct world_side {
    const char *name;
    struct endpoint *endpoint; /* NULL: the host is off */
    struct endpoint_config config;
    struct peer_config *peers; /* PEERS of them, owned */
    struct random_source random;
    uint64_t random_state;
    struct address_list addresses; /* those attached to the network now */

    size_t ike_count, child_count;
    struct world_ike_sa ike[WORLD_IKE_SAS];
    struct world_child_sa child[WORLD_CHILD_SAS];
    struct world_command commands[WORLD_COMMANDS]; /* id i is at [i]; 0 is not used */
    size_t command_count;
    /* counts of events, and the last of each kind */
    unsigned ike_ups, ike_downs, ike_rekeyed, ike_moved, child_ups, child_downs, child_moved,
        child_failed, roam_done, livenesses, notified, keepalives;
    struct event last_ike_down, last_child_down, last_child_failed, last_roam, last_child_up,
        last_notified;
    uint64_t sent, received;
};

/* ---- the network ---- */

struct world_packet {
    struct world_packet *next;
    uint64_t at_ns;       /* when it arrives */
    uint64_t number;      /* of all datagrams, from 1 */
    unsigned from;        /* the side that sent it */
    uint64_t from_number; /* of that side's, from 1 */
    struct path path;     /* as the sender wrote it */
    bool encapsulated, keepalive;
    size_t length;
    uint8_t octets[];
};

enum world_fate {
    WORLD_PASS,
    WORLD_DROP,
    WORLD_COPY /* twice */,
    WORLD_TAKE /* the hook keeps it */
};

struct world;
/* May change the packet (at_ns too: hold, reorder). WORLD_TAKE: the packet is now the hook's. */
typedef enum world_fate world_hook(struct world *world, struct world_packet *packet, void *context);

struct world_mapping {
    struct transport_address inside, outside;
};

struct world_nat {
    bool on;
    struct address inside, outside; /* one address each way */
    uint16_t next_port;
    size_t count;
    struct world_mapping mappings[WORLD_MAPPINGS];
};

struct world {
    uint64_t now_ns;
    uint64_t seed;
    unsigned side_count;
    struct world_side sides[WORLD_SIDES];
    struct world_packet *packets; /* in flight, by time */
    uint64_t packet_count;
    uint64_t delay_ns, jitter_ns; /* one way */
    unsigned loss_percent, copy_percent;
    world_hook *hook;
    void *hook_context;
    size_t nat_count;
    struct world_nat nats[WORLD_NATS];
    struct address dead_path[2]; /* datagrams between these two get lost without a word */
    bool path_is_dead;
    struct world_seal *seals; /* of everything sent: the same message is always the same octets */
    size_t seal_count, seal_capacity;
    size_t jobs_max;   /* of each side: endpoint_set_jobs; done at once, unless they are */
    bool jobs_held;    /* left to the test, which takes them by endpoint_next_job */
    bool quiet_checks; /* a forgery is on its way: it need not be what the core would send */
};

/* Two sides, "a" at 192.0.2.1 and "b" at 192.0.2.2 (with 2001:db8::1 and ::2 as well when `v6`),
 * each other's only peer with one child, 10.1.0.0/24 to 10.2.0.0/24, fast timers and a stand-in key
 * exchange. Change the configuration, then world_boot. */
void world_init(struct world *world, uint64_t seed);
/* One more side like them, "c" at 192.0.2.3; its peer 0 is "b". */
unsigned world_add_side(struct world *world);
void world_boot(struct world *world);
void world_destroy(struct world *world);

/* The host crashes, or starts (again). */
void world_kill(struct world *world, unsigned side);
void world_start(struct world *world, unsigned side);

/* The n-th number of the world's own dice. */
uint64_t world_random(struct world *world);

/* Gives the proposal list this one proposal of our configuration's words. */
void world_propose(struct proposal_list *list, uint8_t protocol, const char *words);
void world_stand_in_ike(struct proposal_list *list, uint16_t group);
void world_stand_in_esp(struct proposal_list *list, uint16_t group); /* KE_NONE: none */
#define WORLD_KE_A STAND_IN_A
#define WORLD_KE_B STAND_IN_B

struct address world_address(const char *text);
/* Adds one child like the first, with other subnets: 10.(1+10n).0.0/24 to 10.(2+10n).0.0/24. */
uint16_t world_add_child(struct world *world, unsigned a, unsigned b);

/* ---- time ---- */

/* Until nothing is in flight and nothing is due before `end_ns`. */
void world_run_until(struct world *world, uint64_t end_ns);
void world_run(struct world *world, uint64_t span_ns);
/* Until only timers further away than `horizon_ns` are left. */
void world_settle(struct world *world, uint64_t horizon_ns);
void world_drain(struct world *world, unsigned side);

/* ---- commands ---- */

/* Fills in addresses and path from the network; returns the id, 0 when it was not taken. */
uint32_t world_command(struct world *world, unsigned side, enum command_type type);
uint32_t world_command_with(struct world *world, unsigned side, struct command command);
enum status world_result(const struct world *world, unsigned side, uint32_t command);
bool world_answered(const struct world *world, unsigned side, uint32_t command);
unsigned world_unanswered(const struct world *world, unsigned side);
/* Initiates from side 0 and runs until it is up; asserts that both agree. */
void world_connect(struct world *world);

/* ---- addresses ---- */

struct world_nat *world_nat_add(struct world *world, const char *inside, const char *outside);
void world_nat_rebind(struct world_nat *nat); /* forgets all mappings, other ports from now on */
void world_address_set(struct world *world, unsigned side, const char *text); /* only this one */
void world_address_add(struct world *world, unsigned side, const char *text);
void world_address_drop(struct world *world, unsigned side, const char *text);
/* Tells the core (and waits for nothing): the route to the peer starts at `text`. */
uint32_t world_roam(struct world *world, unsigned side, const char *text);

/* ---- speaking for a side ---- */

struct world_forgery {
    uint64_t spi_i, spi_r; /* of which IKE SA; 0: the newest established one */
    uint8_t exchange_type;
    bool response;
    uint32_t message_id;
    uint8_t first_payload;
    struct bytes payloads; /* with their generic headers */
};

/* Sends this on the side's established IKE SA, sealed with its keys; its core knows nothing of it.
 */
void world_forge(struct world *world, unsigned side, const struct world_forgery *forgery);
/* Sends these octets, as they are. */
void world_inject(struct world *world, unsigned side, const struct path *path, bool encapsulated,
                  struct bytes octets);
/* The core's own record, to look at what no event tells. */
struct ike_sa *world_core_ike_sa(struct world *world, unsigned side);
struct ike_sa *world_core_ike_sa_by_spis(struct world *world, unsigned side, uint64_t spi_i,
                                         uint64_t spi_r);

/* ---- what must hold ---- */

/* Both sides hold the same IKE SAs, and the same Child SAs with mirrored SPIs, keys, selectors and
 * paths; the core's status says what the events said. NULL when so, else what is wrong. */
const char *world_disagreement(struct world *world, unsigned a, unsigned b);
#define world_assert_agreement(world) assert_string_equal(world_agreement_text(world), "agree")
const char *world_agreement_text(struct world *world);

/* Nothing at all is left at this side: IKE SAs (closed ones too), Child SAs, commands. */
const char *world_residue(struct world *world, unsigned side);

#endif
