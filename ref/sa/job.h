/* Public-key work that a host may have done elsewhere, by any thread, in any order, while its core
 * goes on with other IKE SAs: a value that holds all it takes. The IKE SA it is for waits, and with
 * it what comes next there: the message whose handler needs it, or the request that is to be built.
 */
#ifndef IKEREF_SA_JOB_H
#define IKEREF_SA_JOB_H

#include "base/address.h"
#include "sa/proof.h"
#include "wire/ike_header.h"

/* A message of the peer's, opened, to be handled when the work is done. */
struct kept_message {
    struct ike_header header;
    struct path path;
    bool encapsulated;
    size_t packet;      /* as in struct opened */
    uint8_t first;      /* type of the first payload */
    struct bytes inner; /* in the job's own memory */
};

struct job {
    struct job *next; /* in a queue: the core's, or that of who does the work */
    uint32_t ike_sa;
    bool for_request; /* of ours, which is to be built; else for `message` */
    bool done;        /* it has come back */
    struct kept_message message;
    struct peer_proof peer; /* first this one, */
    struct own_proof own;   /* and when there is nothing to refuse, this one */
    struct writer signed_octets;
    uint8_t octets[2 * SIGNED_OCTETS_MAX]; /* what the two are over */
    size_t kept_length;
    uint8_t kept[];
};

/* One that keeps these octets; NULL: no memory. */
struct job *job_create(uint32_t ike_sa, struct bytes kept);
/* Wipes and frees; NULL is fine. */
void job_destroy(struct job *job);

/* Does it. Nobody else may touch it, or the configuration of its endpoint, meanwhile. */
void job_do(struct job *job);

/* Those that wait to be handed out, first come first served, and how many there are in all. */
struct job_queue {
    size_t max; /* at a time, of those for what others send; 0: none, the core does it by itself */
    size_t count; /* waiting here or handed out */
    struct job *first, *last;
};

void job_queue_put(struct job_queue *queue, struct job *job);
/* NULL: none waits. It still counts until job_queue_forget. */
struct job *job_queue_take(struct job_queue *queue);
/* One less: that job has come back, or nobody waits for it any more. */
void job_queue_forget(struct job_queue *queue);
/* There is no place for one more; never so where none are wanted. */
bool job_queue_is_full(const struct job_queue *queue);
/* Destroys those that wait. */
void job_queue_wipe(struct job_queue *queue);

#endif
