/* Everybody who connects, by one pace, and what has come of it. A host of the door without sockets
 * and clock: the same on a network and on a test's virtual time. */
#ifndef IKEREF_LOAD_CROWD_H
#define IKEREF_LOAD_CROWD_H

#include "load/client.h"
#include "load/latencies.h"
#include "load/pace.h"
#include "load/tally.h"

#define CLIENTS_MAX 4096
#define HANDSHAKES_MAX 2000000

/* After the last handshake has begun, what is still on its way may take so long. */
#define GRACE_NS UINT64_C(5000000000)

struct crowd_plan {
    size_t clients; /* there are */
    size_t at_once; /* of them, at most, connect or leave at a time */
    enum pace_kind pace;
    double rate;       /* a second, of an open loop */
    uint64_t count;    /* of handshakes, at most */
    uint64_t offer_ns; /* for so long handshakes are due */
    bool keep;         /* what stands is left standing, at the peer too */
};

struct crowd {
    struct crowd_plan plan;
    struct client *clients;
    uint64_t *deadlines, *spis; /* of each client, side by side: they are looked through often */
    size_t *idle, idle_first, idle_count; /* a ring of clients' numbers, the longest idle first */
    struct pace pace;
    uint64_t begun_ns, utc_ns; /* the same moment, by the calendar */
    size_t connecting, leaving;

    uint64_t begun, done, done_in_time, lost; /* in time: before the offer was over */
    struct tally failed;
    struct latencies latencies; /* of all that are done: from when each was due */
    uint64_t late_max_ns;       /* the most that one began after it was due */
    uint64_t last_begun_ns, last_done_ns;
};

/* `config`, `initiate` and `inner` as for client_open: the n-th client takes the n-th of
 * `initiates` and of `inners`, which both begin anew when they end. */
struct crowd_members {
    const struct endpoint_config *config;
    const struct command *initiates;
    size_t initiate_count;
    const struct selector_list *inners;
    size_t inner_count;
};

MUST_USE bool crowd_open(struct crowd *crowd, const struct crowd_plan *plan,
                         const struct crowd_members *members, const struct random_source *random,
                         uint64_t now_ns, uint64_t utc_ns);
void crowd_close(struct crowd *crowd);

/* One step of what is due; who it was may have datagrams to send. NULL: nothing is due. */
struct client *crowd_work(struct crowd *crowd, uint64_t now_ns);

/* Whose it was; NULL: nobody's. Then crowd_settle, with the time that it has become by then. */
struct client *crowd_receive(struct crowd *crowd, const struct datagram *datagram, uint64_t now_ns);
void crowd_settle(struct crowd *crowd, struct client *client, uint64_t now_ns);

/* What the client has to send: after crowd_work and crowd_settle, until there is no more. */
bool crowd_next_datagram(struct crowd *crowd, struct client *client, struct datagram *out);

/* When crowd_work has something to do by time alone. */
uint64_t crowd_deadline(const struct crowd *crowd, uint64_t now_ns);

/* All has come to its end, or has had time enough to. */
bool crowd_over(const struct crowd *crowd, uint64_t now_ns);

/* Of the offer: until it was over, or until the last of `count` handshakes was done. */
uint64_t crowd_duration(const struct crowd *crowd);

/* Handshakes that were due within the offer; those that found no client idle were never begun. */
uint64_t crowd_offered(const struct crowd *crowd);

struct endpoint_counters crowd_counters(const struct crowd *crowd);

#endif
