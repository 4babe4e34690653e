/* A message or a request that waits for public-key work: RFC 7296 2.1, 2.3. */

#include "exchange/waiting.h"

static prepare_function *prepare_of(const struct ike_sa *sa, const struct ike_header *header)
{
    return (header->flags & IKE_FLAG_RESPONSE) != 0
               ? task_handler_find(sa->request.task.type)->prepare_response
               : request_prepare_find(sa->state, header->exchange_type, sa->initiator);
}

/* The views of the message die with the datagram: it is read anew from what the job keeps. */
static bool prepare_message(struct sa_store *store, struct ike_sa *sa,
                            const struct exchange_input *in, struct job *job)
{
    struct payload_chain chain;
    struct message message;
    struct exchange_input kept = *in;
    kept.message = &message;
    return payload_chain_parse(job->message.first, job->message.inner, &chain) == STATUS_OK &&
           message_decode(&chain, &message) == STATUS_OK &&
           prepare_of(sa, in->header)(store, sa, &kept, job);
}

static void hand_out(struct sa_store *store, struct ike_sa *sa, struct job *job)
{
    sa->job = job;
    job_queue_put(&store->jobs, job);
}

bool waiting_message(struct sa_store *store, struct ike_sa *sa, const struct exchange_input *in,
                     const struct opened *opened, bool *lost)
{
    *lost = false;
    if (sa->job != NULL || prepare_of(sa, in->header) == NULL) {
        return false;
    }
    struct job *job = job_create(sa->id, opened->inner);
    if (job == NULL) {
        return false;
    }
    job->message.header = *in->header;
    job->message.path = *in->path;
    job->message.encapsulated = in->encapsulated;
    job->message.packet = in->packet;
    job->message.first = opened->first;
    bool works = prepare_message(store, sa, in, job);
    *lost = works && job_queue_is_full(&store->jobs);
    if (!works || *lost) {
        job_destroy(job);
        return works;
    }
    if ((in->header->flags & IKE_FLAG_RESPONSE) != 0) {
        sa->request.next_ns = UINT64_MAX; /* what is out has been answered, */
        sa->request.error = STATUS_OK;    /* and an error before was not the last word */
    }
    hand_out(store, sa, job);
    return true;
}

bool waiting_request(struct sa_store *store, struct ike_sa *sa)
{
    prepare_function *prepare = task_handler_find(sa->request.task.type)->prepare_request;
    if (sa->job != NULL || prepare == NULL) {
        return false;
    }
    struct job *job = job_create(sa->id, bytes_of(NULL, 0));
    if (job == NULL || !prepare(store, sa, NULL, job)) {
        job_destroy(job);
        return false;
    }
    job->for_request = true;
    sa->request.active = true;
    sa->request.next_ns = UINT64_MAX; /* nothing is out yet */
    hand_out(store, sa, job);
    return true;
}
