/* Children with start = "now": one after the other, each tried until it is up. */
#ifndef IKEREF_HOST_START_QUEUE_H
#define IKEREF_HOST_START_QUEUE_H

#include "host/host_config.h"

#define START_RETRY_MIN_NS 1000000000ULL
#define START_RETRY_MAX_NS 60000000000ULL

/* Of one peer. Other peers do not wait for it. */
struct start_entry {
    uint16_t child_index; /* the one to start next; the peer's child_count: all are up */
    bool waiting;         /* asked for, and not yet answered */
    uint64_t next_try_ns, backoff_ns;
};

struct start_queue {
    const struct endpoint_config *config;
    struct start_entry entries[PEERS_MAX];
};

void start_queue_init(struct start_queue *queue, const struct endpoint_config *config);

/* The next child that is due is now being waited for; false: none is due. */
bool start_queue_take(struct start_queue *queue, uint64_t now_ns, uint16_t *peer, uint16_t *child);

/* What came of it. A failure is tried again, later each time. */
void start_queue_done(struct start_queue *queue, uint16_t peer, bool up, uint64_t now_ns);

/* A route may have come: what failed may be tried at once. */
void start_queue_hurry(struct start_queue *queue, uint64_t now_ns);

uint64_t start_queue_deadline(const struct start_queue *queue); /* UINT64_MAX: none */

#endif
