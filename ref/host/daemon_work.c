/* Signatures are made and verified by other threads: what the core hands out, and what comes back.
 */
#include "host/daemon_state.h"

#include <errno.h>
#include <string.h>

#define JOBS_PER_WORKER 64 /* what waits longer than that has been sent again meanwhile */

void daemon_jobs_give(struct daemon *daemon)
{
    struct job *job;
    while (daemon->workers != NULL && (job = endpoint_next_job(daemon->endpoint)) != NULL) {
        workers_give(daemon->workers, job);
    }
}

static void work_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    struct daemon *daemon = context;
    struct job *job;
    workers_heard(daemon->workers);
    daemon->operations->catch_up(daemon->plane);
    while ((job = workers_take(daemon->workers)) != NULL) {
        uint64_t now_ns = clock_now_ns();
        endpoint_job_done(daemon->endpoint, job, now_ns);
        daemon_drain(daemon, now_ns);
    }
}

static bool signs(const struct peer_config *peer)
{
    return peer->local_authentication == AUTHENTICATION_SIGNATURE ||
           peer->remote_authentication == AUTHENTICATION_SIGNATURE;
}

bool daemon_workers_open(struct daemon *daemon, struct problem *problem)
{
    const struct endpoint_config *config = &daemon->config->endpoint;
    bool wanted = false;
    for (size_t i = 0; i < config->peer_count; i++) {
        wanted |= signs(&config->peers[i]);
    }
    if (!wanted || daemon->config->workers == 0) {
        return true;
    }
    daemon->workers = workers_start(daemon->config->workers, problem);
    if (daemon->workers == NULL) {
        return false;
    }
    daemon->work = (struct event_source){
        .fd = workers_fd(daemon->workers), .ready = work_ready, .context = daemon};
    if (!event_loop_add(&daemon->loop, &daemon->work, EPOLLIN)) {
        return problem_set(problem, EXIT_ENVIRONMENT, "cannot watch the workers (%s)",
                           strerror(errno));
    }
    endpoint_set_jobs(daemon->endpoint, JOBS_PER_WORKER * daemon->config->workers);
    return true;
}
