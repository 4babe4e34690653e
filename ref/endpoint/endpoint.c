/* The door of the core: the six functions, and what a host may look at. */

#include "endpoint/endpoint.h"

#include <stdlib.h>

#include "endpoint/commands.h"
#include "endpoint/corridor.h"
#include "endpoint/endpoint_store.h"
#include "endpoint/timers.h"
#include "sa/sa_store.h"

struct endpoint {
    struct sa_store store;
    struct queued_datagram *lent; /* what next_datagram handed out last */
};

static void take_back(struct endpoint *endpoint)
{
    free(endpoint->lent);
    endpoint->lent = NULL;
}

/* Time never runs backwards in here, whatever the host's clock does. */
static void enter(struct endpoint *endpoint, uint64_t now_ns)
{
    take_back(endpoint);
    if (now_ns > endpoint->store.now_ns) {
        endpoint->store.now_ns = now_ns;
    }
}

struct endpoint *endpoint_create(const struct endpoint_config *config,
                                 const struct random_source *random, uint64_t now_ns)
{
    struct endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (endpoint != NULL && sa_store_init(&endpoint->store, config, random, now_ns) != STATUS_OK) {
        sa_store_wipe(&endpoint->store);
        free(endpoint);
        return NULL;
    }
    return endpoint;
}

void endpoint_destroy(struct endpoint *endpoint)
{
    if (endpoint != NULL) {
        take_back(endpoint);
        sa_store_wipe(&endpoint->store);
        free(endpoint);
    }
}

void endpoint_set_utc(struct endpoint *endpoint, uint64_t utc_ns, uint64_t now_ns)
{
    endpoint->store.utc_offset_ns = utc_ns - now_ns; /* may wrap, and does so back when added */
}

enum status endpoint_receive(struct endpoint *endpoint, const struct datagram *datagram,
                             uint64_t now_ns)
{
    enter(endpoint, now_ns);
    endpoint->store.counters.datagrams_in++;
    if (datagram->keepalive) {
        return STATUS_OK;
    }
    enum status status = corridor_receive(&endpoint->store, datagram);
    sa_store_put_away(&endpoint->store);
    endpoint->store.counters.dropped += status == STATUS_DROP;
    endpoint->store.counters.invalid += status != STATUS_DROP && status != STATUS_OK;
    return status;
}

bool endpoint_next_datagram(struct endpoint *endpoint, struct datagram *out)
{
    struct sa_store *store = &endpoint->store;
    take_back(endpoint);
    struct queued_datagram *d = store->datagram_first;
    if (d == NULL) {
        return false;
    }
    store->datagram_first = d->next;
    if (store->datagram_first == NULL) {
        store->datagram_last = NULL;
    }
    endpoint->lent = d;
    *out = (struct datagram){.path = d->path,
                             .encapsulated = d->encapsulated,
                             .keepalive = d->keepalive,
                             .dont_fragment = d->dont_fragment,
                             .octets = bytes_of(d->octets, d->length)};
    return true;
}

bool endpoint_next_event(struct endpoint *endpoint, struct event *out)
{
    return sa_store_next_event(&endpoint->store, out);
}

void event_wipe(struct event *event)
{
    octets_wipe(event, sizeof *event);
}

void endpoint_set_jobs(struct endpoint *endpoint, size_t jobs_max)
{
    endpoint->store.jobs.max = jobs_max;
}

struct job *endpoint_next_job(struct endpoint *endpoint)
{
    struct sa_store *store = &endpoint->store;
    for (;;) {
        struct job *job = job_queue_take(&store->jobs);
        const struct ike_sa *sa = job != NULL ? sa_store_find(store, job->ike_sa) : NULL;
        if (job == NULL || (sa != NULL && sa->job == job)) {
            return job;
        }
        job_queue_forget(&store->jobs); /* nobody waits for it any more */
        job_destroy(job);
    }
}

void endpoint_job_done(struct endpoint *endpoint, struct job *job, uint64_t now_ns)
{
    enter(endpoint, now_ns);
    job_queue_forget(&endpoint->store.jobs);
    corridor_job_done(&endpoint->store, job);
    sa_store_put_away(&endpoint->store);
    job_destroy(job);
}

uint64_t endpoint_deadline(struct endpoint *endpoint)
{
    return timers_deadline(&endpoint->store);
}

void endpoint_expire(struct endpoint *endpoint, uint64_t now_ns)
{
    enter(endpoint, now_ns);
    timers_expire(&endpoint->store);
    sa_store_put_away(&endpoint->store);
}

enum status endpoint_command(struct endpoint *endpoint, const struct command *command,
                             uint64_t now_ns)
{
    enter(endpoint, now_ns);
    enum status status = commands_execute(&endpoint->store, command);
    sa_store_put_away(&endpoint->store);
    return status;
}

const struct sa_store *endpoint_store(const struct endpoint *endpoint)
{
    return &endpoint->store;
}
