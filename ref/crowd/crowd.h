/* A gateway and its clients, in one process and in memory: one endpoint with its data plane that
 * answers, one endpoint that has an IKE SA for each client and starts them. Time is virtual, all
 * that is random comes from a seed, and the key exchange is one that costs nothing. */
#ifndef IKEREF_CROWD_CROWD_H
#define IKEREF_CROWD_CROWD_H

#include "endpoint/endpoint.h"
#include "esp/esp_plane.h"
#include "sim/dice.h"

#define CROWD_NS_MS UINT64_C(1000000)
#define CROWD_NS_S UINT64_C(1000000000)

struct letter;

struct letters { /* on their way to one of the two */
    struct letter *first, **end;
    size_t count;
};

struct crowd {
    uint64_t now_ns;
    uint64_t letter_ns;   /* how long a letter takes */
    bool without_packets; /* where SAs are rekeyed the gateway's pair comes last */
    struct dice dice;
    struct random_source random;
    struct endpoint_config gateway_config, clients_config;
    struct peer_config gateway_peer, clients_peer; /* whom each of them knows */
    struct endpoint *gateway, *clients;
    struct esp_plane *plane, *clients_plane; /* the clients' has one pair, and that for a moment */
    uint32_t policy, clients_policy;
    struct letters to_gateway, to_clients;
    size_t waiting_max; /* to the gateway: what comes then is lost; 0: nothing ever is */
    size_t dropped;     /* of these */
    size_t up, packets; /* Child SAs that came up at the gateway; packets that it opened */
    size_t rekeyed;     /* Child SAs and IKE SAs at the gateway that replace one */
    size_t down;        /* Child SAs that went at the gateway without being replaced */
    size_t again;       /* clients that gave up, and began anew */
    void (*on_rekey)(void *context); /* NULL: nobody wants to know */
    void *context;
};

/* What both sides agree on, in the words of a configuration without the key exchange:
 * "aes256gcm16-prfsha256", "aes256gcm16"; both as large a replay window as is asked for. Change the
 * configurations, then start. */
void crowd_init(struct crowd *crowd, const char *ike, const char *esp, uint32_t replay_window);
void crowd_start(struct crowd *crowd);
void crowd_stop(struct crowd *crowd); /* what was not stopped before */

/* Time passes: letters arrive, and what is due is done, up to then. */
void crowd_run(struct crowd *crowd, uint64_t until_ns);

/* The gateway has a pair for client n, and seals a packet with it. */
bool crowd_reaches(struct crowd *crowd, size_t n);

/* Client n begins to connect, and begins anew whenever it has given up. */
void crowd_begin(struct crowd *crowd, size_t n);

/* One letter to the gateway is taken, if there is any, and all to the clients. */
void crowd_take_one(struct crowd *crowd);
/* What is due now is done. */
void crowd_expire(struct crowd *crowd);

/* The clients have lost all they knew, or all have. What was on its way is lost. */
void crowd_restart(struct crowd *crowd, bool gateway_too);

/* Processor time that this process has taken. */
uint64_t crowd_cpu_ns(void);

/* Client n connects, and a packet goes each way through its Child SA. */
void crowd_connect(struct crowd *crowd, size_t n);

/* What did not come out as it must: says so, and ends the program. */
void crowd_insist(bool good, const char *what);

#endif
