/* Each process takes every n-th seed and counts in memory that its parent sees too; one that dies
 * leaves its seed behind, and another goes on behind it. */

#include "sim/campaign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/isolated.h"

#define JOBS_MAX 256

struct worker {
    pid_t pid;
    uint64_t next; /* the seed being played, or to be played next, counted from the first */
    struct campaign_result result;
};

struct shared {
    volatile bool stop;
    struct worker workers[];
};

static uint64_t now_ms(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

void campaign_script(const struct campaign *campaign, uint64_t seed, struct script *out)
{
    if (campaign->one_plan) {
        plan_script_of(seed, campaign->plan, out);
    } else {
        plan_script(seed, out);
    }
}

static void counts_add(struct sim_counts *sum, const struct sim_counts *one)
{
    sum->connects += one->connects;
    sum->ike_rekeys += one->ike_rekeys;
    sum->child_rekeys += one->child_rekeys;
    sum->roams += one->roams;
    sum->restarts += one->restarts;
    sum->datagrams += one->datagrams;
    sum->lost += one->lost;
    sum->inner_sent += one->inner_sent;
    sum->inner_delivered += one->inner_delivered;
}

static void result_note(struct campaign_result *sum, uint64_t seed, const struct script *script,
                        const struct run_result *one)
{
    sum->runs++;
    sum->lives += script->settings[SET_PLAN] == PLAN_LIFE;
    sum->virtual_ms += one->virtual_ms;
    sum->digest += one->digest;
    counts_add(&sum->counts, &one->counts);
    if (one->broken) {
        sum->broken++;
        if (sum->finding_count < CAMPAIGN_FINDINGS) {
            struct finding *finding = &sum->findings[sum->finding_count++];
            finding->seed = seed;
            memcpy(finding->violation, one->violation, sizeof finding->violation);
        }
    }
}

static _Noreturn void work(const struct campaign *campaign, struct shared *shared,
                           struct worker *worker, uint64_t until_ms)
{
    struct sim *sim = calloc(1, sizeof *sim);
    struct script script;
    struct run_result result;
    if (sim == NULL) {
        abort();
    }
    while (worker->next < campaign->seeds && !shared->stop && now_ms(CLOCK_MONOTONIC) < until_ms) {
        uint64_t seed = campaign->first_seed + worker->next;
        campaign_script(campaign, seed, &script);
        alarm(RUN_SECONDS_MAX);
        run_script(sim, &script, false, &result);
        alarm(0);
        result_note(&worker->result, seed, &script, &result);
        shared->stop = shared->stop || (result.broken && campaign->stop_at_first);
        worker->next += campaign->jobs;
    }
    worker->result.cpu_ms += now_ms(CLOCK_PROCESS_CPUTIME_ID);
    run_end(sim);
    free(sim);
    exit(0);
}

/* One that dies has found something; another goes on with the next seed. */
static bool tend(const struct campaign *campaign, struct shared *shared, struct worker *worker,
                 uint64_t until_ms)
{
    for (;;) {
        int status = 0;
        worker->pid = worker->pid != 0 ? worker->pid : fork();
        if (worker->pid == 0) {
            work(campaign, shared, worker, until_ms);
        }
        if (worker->pid < 0) {
            return false;
        }
        while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (!WIFSIGNALED(status)) {
            return true;
        }
        struct script script;
        struct run_result result;
        uint64_t seed = campaign->first_seed + worker->next;
        campaign_script(campaign, seed, &script);
        isolated_death(WTERMSIG(status), &result);
        result_note(&worker->result, seed, &script, &result);
        shared->stop = shared->stop || campaign->stop_at_first;
        worker->next += campaign->jobs;
        worker->pid = 0;
    }
}

static void sum_up(const struct shared *shared, unsigned jobs, struct campaign_result *out)
{
    for (unsigned i = 0; i < jobs; i++) {
        const struct campaign_result *one = &shared->workers[i].result;
        out->runs += one->runs;
        out->lives += one->lives;
        out->broken += one->broken;
        out->virtual_ms += one->virtual_ms;
        out->cpu_ms += one->cpu_ms;
        out->digest += one->digest;
        counts_add(&out->counts, &one->counts);
        for (size_t k = 0; k < one->finding_count && out->finding_count < CAMPAIGN_FINDINGS; k++) {
            out->findings[out->finding_count++] = one->findings[k];
        }
    }
}

bool campaign_run(const struct campaign *campaign, struct campaign_result *out)
{
    uint64_t begun_ms = now_ms(CLOCK_MONOTONIC);
    uint64_t until_ms =
        campaign->seconds_max > 0 ? begun_ms + campaign->seconds_max * 1000 : UINT64_MAX;
    struct campaign mine = *campaign;
    mine.jobs = mine.jobs < 1 ? 1 : mine.jobs > JOBS_MAX ? JOBS_MAX : mine.jobs;
    size_t length = sizeof(struct shared) + mine.jobs * sizeof(struct worker);
    struct shared *shared =
        mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(out, 0, sizeof *out);
    if (shared == MAP_FAILED) {
        return false;
    }
    bool good = true;
    for (unsigned i = 0; i < mine.jobs && good; i++) {
        shared->workers[i].next = i;
        pid_t pid = fork();
        if (pid == 0) {
            work(&mine, shared, &shared->workers[i], until_ms);
        }
        shared->workers[i].pid = pid;
        good = pid > 0;
    }
    for (unsigned i = 0; i < mine.jobs && shared->workers[i].pid > 0; i++) {
        good &= tend(&mine, shared, &shared->workers[i], until_ms);
    }
    sum_up(shared, mine.jobs, out);
    out->real_ms = now_ms(CLOCK_MONOTONIC) - begun_ms;
    munmap(shared, length);
    return good;
}
