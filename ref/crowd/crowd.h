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

struct crowd {
    uint64_t now_ns;
    struct dice dice;
    struct random_source random;
    struct endpoint_config gateway_config, clients_config;
    struct peer_config gateway_peer, clients_peer; /* whom each of them knows */
    struct endpoint *gateway, *clients;
    struct esp_plane *plane, *clients_plane; /* the clients' has one pair, and that for a moment */
    uint32_t policy, clients_policy;
    struct letter *first, **end; /* on their way */
    size_t up, packets;          /* Child SAs that came up at the gateway; packets that it opened */
};

/* What both sides agree on, in the words of a configuration without the key exchange:
 * "aes256gcm16-prfsha256", "aes256gcm16"; both as large a replay window as is asked for. Change the
 * configurations, then start. */
void crowd_init(struct crowd *crowd, const char *ike, const char *esp, uint32_t replay_window);
void crowd_start(struct crowd *crowd);
void crowd_stop(struct crowd *crowd); /* what was not stopped before */

/* Client n connects, and a packet goes each way through its Child SA. */
void crowd_connect(struct crowd *crowd, size_t n);

/* What did not come out as it must: says so, and ends the program. */
void crowd_insist(bool good, const char *what);

#endif
