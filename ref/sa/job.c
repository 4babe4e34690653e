/* Public-key work as a value, and the queue of what is to be handed out. */

#include "sa/job.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct job *job_create(uint32_t ike_sa, struct bytes kept)
{
    struct job *job = calloc(1, sizeof *job + kept.length);
    if (job != NULL) {
        job->ike_sa = ike_sa;
        job->kept_length = kept.length;
        job->signed_octets = writer_over(job->octets, sizeof job->octets);
        if (kept.length > 0) {
            memcpy(job->kept, kept.data, kept.length);
        }
        job->message.inner = bytes_of(job->kept, kept.length);
    }
    return job;
}

void job_destroy(struct job *job)
{
    if (job != NULL) {
        peer_proof_release(&job->peer);
        octets_wipe(job, sizeof *job + job->kept_length);
        free(job);
    }
}

void job_do(struct job *job)
{
    if (job->peer.wanted) {
        peer_proof_do(&job->peer);
    }
    if (job->own.wanted && job->peer.refusal == REFUSAL_NONE) {
        own_proof_do(&job->own);
    }
}

void job_queue_put(struct job_queue *queue, struct job *job)
{
    job->next = NULL;
    *(queue->last != NULL ? &queue->last->next : &queue->first) = job;
    queue->last = job;
    queue->count++;
}

struct job *job_queue_take(struct job_queue *queue)
{
    struct job *job = queue->first;
    if (job != NULL) {
        queue->first = job->next;
        queue->last = queue->first != NULL ? queue->last : NULL;
        job->next = NULL;
    }
    return job;
}

void job_queue_forget(struct job_queue *queue)
{
    assert(queue->count > 0);
    queue->count--;
}

bool job_queue_is_full(const struct job_queue *queue)
{
    return queue->max > 0 && queue->count >= queue->max;
}

void job_queue_wipe(struct job_queue *queue)
{
    struct job *job;
    while ((job = job_queue_take(queue)) != NULL) {
        job_queue_forget(queue);
        job_destroy(job);
    }
}
