/* One lock, two queues: what is to be done, and what has been. */
#include "host/workers.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "crypto/crypto.h"

struct job_list {
    struct job *first, *last;
};

struct workers {
    pthread_mutex_t lock; /* of all that follows, but `threads` and `done_fd` */
    pthread_cond_t changed;
    struct job_list waiting, done;
    uint32_t ready; /* threads that have begun */
    bool stopping;
    int done_fd;
    uint32_t count;
    pthread_t threads[WORKERS_MAX];
};

static void list_put(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *(list->last != NULL ? &list->last->next : &list->first) = job;
    list->last = job;
}

static struct job *list_take(struct job_list *list)
{
    struct job *job = list->first;
    if (job != NULL) {
        list->first = job->next;
        list->last = list->first != NULL ? list->last : NULL;
        job->next = NULL;
    }
    return job;
}

/* ---- a thread ---- */

/* What the C library and the cryptographic one set up for a thread when it first needs it. */
static void get_ready(void)
{
    uint8_t octet;
    free(malloc(1));
    enum status status = random_fill(&random_system, &octet, sizeof(octet));
    (void)status; /* there will be no signature then, and the core says so */
}

static void done_tell(const struct workers *workers)
{
    uint64_t one = 1;
    ssize_t written = write(workers->done_fd, &one, sizeof(one));
    (void)written; /* full only when it is readable anyway */
}

static void *work(void *context)
{
    struct workers *workers = context;
    get_ready();
    pthread_mutex_lock(&workers->lock);
    workers->ready++;
    pthread_cond_broadcast(&workers->changed);
    while (!workers->stopping) {
        struct job *job = list_take(&workers->waiting);
        if (job == NULL) {
            pthread_cond_wait(&workers->changed, &workers->lock);
            continue;
        }
        pthread_mutex_unlock(&workers->lock);
        job_do(job);
        pthread_mutex_lock(&workers->lock);
        list_put(&workers->done, job);
        done_tell(workers);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

/* ---- life ---- */

uint32_t workers_default(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < WORKERS_MAX ? (uint32_t)count : WORKERS_MAX;
}

/* Signals are the event loop's. An errno. */
static int threads_start(struct workers *workers, uint32_t count)
{
    sigset_t all, before;
    int error = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (workers->count < count && error == 0) {
        error = pthread_create(&workers->threads[workers->count], NULL, work, workers);
        workers->count += error == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void threads_await(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    while (workers->ready < workers->count) {
        pthread_cond_wait(&workers->changed, &workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
}

struct workers *workers_start(uint32_t count, struct problem *problem)
{
    struct workers *workers = calloc(1, sizeof(*workers));
    int error = ENOMEM;
    if (workers != NULL) {
        pthread_mutex_init(&workers->lock, NULL);
        pthread_cond_init(&workers->changed, NULL);
        workers->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        error = workers->done_fd < 0 ? errno : threads_start(workers, count);
        threads_await(workers);
    }
    if (error != 0) {
        workers_stop(workers);
        problem_set(problem, EXIT_ENVIRONMENT,
                    "cannot start %u workers for signatures (%s); raise the limits of threads and "
                    "descriptors (ulimit -u, -n), or set workers = 0",
                    (unsigned)count, strerror(error));
        return NULL;
    }
    return workers;
}

static void list_wipe(struct job_list *list)
{
    struct job *job;
    while ((job = list_take(list)) != NULL) {
        job_destroy(job);
    }
}

void workers_stop(struct workers *workers)
{
    if (workers == NULL) {
        return;
    }
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
    for (uint32_t i = 0; i < workers->count; i++) {
        pthread_join(workers->threads[i], NULL);
    }
    list_wipe(&workers->waiting);
    list_wipe(&workers->done);
    if (workers->done_fd >= 0) {
        close(workers->done_fd);
    }
    pthread_cond_destroy(&workers->changed);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

/* ---- the event loop's side ---- */

void workers_give(struct workers *workers, struct job *job)
{
    pthread_mutex_lock(&workers->lock);
    list_put(&workers->waiting, job);
    pthread_cond_signal(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
}

struct job *workers_take(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    struct job *job = list_take(&workers->done);
    pthread_mutex_unlock(&workers->lock);
    return job;
}

int workers_fd(const struct workers *workers)
{
    return workers->done_fd;
}

void workers_heard(struct workers *workers)
{
    uint64_t count;
    ssize_t length = read(workers->done_fd, &count, sizeof(count));
    (void)length; /* nothing there: heard already */
}
