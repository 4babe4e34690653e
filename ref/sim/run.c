/* The stages of a run: the script's acts; quiet, until both sides agree and traffic flows; a steady
 * while in which nothing may be lost; the end, after which nothing may be left. */

#include "sim/run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/act.h"
#include "sim/check.h"
#include "sim/config.h"
#include "sim/host.h"
#include "sim/network.h"
#include "sim/stand_in.h"
#include "sim/trace.h"
#include "sim/traffic.h"

#define TURNS_MAX 3000            /* at one instant: more is a spin */
#define AFTERMATH_NS (20 * SIM_S) /* a peer that is lost is asked for, and given up by then */
#define LOOK_NS (50 * SIM_MS)
#define STEADY_NS (3 * SIM_S)
#define LAST_PACKETS_NS (2 * SIM_S)
#define END_NS (90 * SIM_S)

/* From the last fault until traffic must flow again. A storm may leave one side with an SA that the
 * other has lost: it asks after `liveness`, gives up when all tries are used, and connects anew. */
static uint64_t patience_ns(const struct sim *sim)
{
    return sim_setting(sim, SET_PLAN) == PLAN_STORM ? 120 * SIM_S : 30 * SIM_S;
}

/* ---- what every part of a run may say and ask ---- */

void sim_violation(struct sim *sim, const struct host *host, const char *format, ...)
{
    char what[SIM_VIOLATION_MAX - 40];
    va_list arguments;
    if (sim_broken(sim)) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(sim->violation, sizeof sim->violation, "at %" PRIu64 " ms, %s: %s", sim_ms(sim),
             host != NULL ? host->name : "all", what);
    trace_line(sim, host, "!!! %s", what);
}

bool sim_broken(const struct sim *sim)
{
    return sim->violation[0] != 0;
}

uint32_t sim_setting(const struct sim *sim, enum setting setting)
{
    return sim->script->settings[setting];
}

uint64_t sim_ms(const struct sim *sim)
{
    return (sim->now_ns - SIM_START_NS) / SIM_MS;
}

/* ---- time ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_act_ns(const struct sim *sim)
{
    return sim->next_act < sim->script->count
               ? SIM_START_NS + sim->script->acts[sim->next_act].at_ms * SIM_MS
               : UINT64_MAX;
}

static uint64_t host_next_ns(const struct host *host)
{
    uint64_t next_ns = earlier(host->back_ns, host->plugged_ns);
    return host->on ? earlier(next_ns, host->deadline_ns) : next_ns;
}

static void play_next(struct sim *sim)
{
    act_play(sim, &sim->script->acts[sim->next_act++]);
    for (unsigned i = 0; i < sim->host_count; i++) {
        check_between_acts(sim, &sim->hosts[i]);
    }
}

static void deliver_next(struct sim *sim)
{
    struct host *to;
    struct path path;
    struct wire_packet *packet = network_take(sim, &to, &path);
    if (to != NULL) {
        host_receive(sim, to, packet, &path);
    }
    free(packet);
}

static void host_turn(struct sim *sim, struct host *host)
{
    if (sim->now_ns >= earlier(host->back_ns, host->plugged_ns)) {
        act_come_back(sim, host);
    } else {
        host_expire(sim, host);
    }
}

/* What comes first happens: acts, datagrams, packets, hosts in their order. False: nothing is due
 * until then. */
static bool step(struct sim *sim, uint64_t end_ns)
{
    uint64_t act_ns = next_act_ns(sim);
    uint64_t wire_ns = network_next_ns(sim);
    uint64_t traffic_ns = traffic_next_ns(sim);
    uint64_t host_ns = UINT64_MAX;
    struct host *host = NULL;
    for (unsigned i = 0; i < sim->host_count; i++) {
        if (host_next_ns(&sim->hosts[i]) < host_ns) {
            host = &sim->hosts[i];
            host_ns = host_next_ns(host);
        }
    }
    uint64_t next_ns = earlier(earlier(act_ns, wire_ns), earlier(traffic_ns, host_ns));
    if (next_ns > end_ns || sim_broken(sim)) {
        return false;
    }
    sim->now_ns = next_ns > sim->now_ns ? next_ns : sim->now_ns;
    if (next_ns == act_ns) {
        play_next(sim);
    } else if (next_ns == wire_ns) {
        deliver_next(sim);
    } else if (next_ns == traffic_ns) {
        traffic_send(sim);
    } else {
        host_turn(sim, host);
    }
    return true;
}

static void run_until(struct sim *sim, uint64_t end_ns)
{
    uint64_t instant_ns = sim->now_ns;
    unsigned turns = 0;
    while (step(sim, end_ns)) {
        turns = sim->now_ns > instant_ns ? 0 : turns + 1;
        instant_ns = sim->now_ns;
        if (turns > TURNS_MAX) {
            sim_violation(sim, NULL, "time does not go on: something is due and is not done");
        }
    }
    if (!sim_broken(sim)) {
        sim->now_ns = end_ns;
    }
}

/* ---- stages ---- */

static void begin(struct sim *sim, const struct script *script, bool trace)
{
    sim->script = script;
    sim->trace = trace;
    sim->now_ns = SIM_START_NS;
    sim->next_act = 0;
    sim->inner_number = sim->worked_ns = 0;
    sim->ending = sim->settled = false;
    sim->violation[0] = 0;
    sim->counts = (struct sim_counts){0};
    memset(sim->flows, 0, sizeof sim->flows);
    stand_in_register();
    checks_reset(sim);
    network_reset(sim);
    config_apply(sim);
    for (unsigned i = 0; i < sim->host_count; i++) {
        host_start(sim, &sim->hosts[i]);
    }
    traffic_start(sim);
}

static void quiet(struct sim *sim)
{
    network_calm(sim);
    trace_line(sim, NULL, "### the last fault is over");
    if (sim_setting(sim, SET_PLAN) == PLAN_STORM) {
        run_until(sim, sim->now_ns + AFTERMATH_NS);
    }
    traffic_mark(sim);
    uint64_t end_ns = sim->now_ns + patience_ns(sim);
    const char *differs = "";
    const struct flow *stuck = NULL;
    while (sim->now_ns < end_ns && !sim_broken(sim)) {
        run_until(sim, sim->now_ns + LOOK_NS);
        stuck = traffic_stuck(sim);
        differs = stuck == NULL ? check_agreement(sim) : NULL;
        if (stuck == NULL && differs == NULL) {
            return;
        }
    }
    if (stuck != NULL) {
        sim_violation(sim, &sim->hosts[stuck->from], "its packets of child %u do not arrive",
                      stuck->child_index);
    } else {
        sim_violation(sim, NULL, "no agreement: %s", differs);
    }
}

/* No fault any more: rekeys by lifetime go on, and still no packet may be lost. But while an
 * initiator verifies the responder's proof, it has no Child SA yet for what the responder sends. */
static void steady(struct sim *sim)
{
    run_until(sim, sim->now_ns + LAST_PACKETS_NS);
    traffic_mark(sim);
    uint64_t from_ns = sim->now_ns;
    run_until(sim, sim->now_ns + STEADY_NS);
    traffic_stop(sim);
    run_until(sim, sim->now_ns + LAST_PACKETS_NS);
    bool may_expire = sim_setting(sim, SET_CHILD_HARD_MS) + sim_setting(sim, SET_IKE_HARD_MS) > 0;
    /* what has come late for it has further Child SAs still later */
    bool verified = sim->worked_ns + LAST_PACKETS_NS > from_ns;
    if (traffic_missing(sim) > 0 && !may_expire && !verified) {
        sim_violation(sim, NULL, "%" PRIu64 " packets are missing, and nothing explains it",
                      traffic_missing(sim));
    }
    sim->settled = true;
    for (unsigned i = 0; i < sim->host_count; i++) {
        check_between_acts(sim, &sim->hosts[i]);
    }
}

static void end(struct sim *sim)
{
    uint32_t who = sim_setting(sim, SET_END);
    sim->ending = true;
    if (who > 0 && !sim_broken(sim)) {
        struct command command = {.type = COMMAND_DELETE_IKE};
        (void)host_command(sim, &sim->hosts[who - 1], command);
        run_until(sim, sim->now_ns + SIM_S);
    }
    for (unsigned i = 0; i < sim->host_count && !sim_broken(sim); i++) {
        struct command command = {.type = COMMAND_SHUTDOWN};
        (void)host_command(sim, &sim->hosts[i], command);
    }
    run_until(sim, sim->now_ns + END_NS);
    const char *left = sim_broken(sim) ? NULL : check_nothing_left(sim);
    if (left != NULL) {
        sim_violation(sim, NULL, "%s", left);
    }
}

void run_script(struct sim *sim, const struct script *script, bool trace, struct run_result *out)
{
    begin(sim, script, trace);
    uint32_t last_ms = script->count > 0 ? script->acts[script->count - 1].at_ms : 0;
    run_until(sim, SIM_START_NS + (last_ms + 1) * SIM_MS);
    for (unsigned i = 0; i < sim->host_count; i++) { /* nobody stays away for ever */
        struct host *host = &sim->hosts[i];
        uint64_t back_ns = host->on ? host->plugged_ns : host->back_ns;
        if (back_ns != UINT64_MAX && back_ns > sim->now_ns) {
            run_until(sim, back_ns);
        }
    }
    quiet(sim);
    steady(sim);
    end(sim);
    for (unsigned i = 0; i < sim->host_count; i++) {
        host_stop(sim, &sim->hosts[i]);
    }
    *out = (struct run_result){.broken = sim_broken(sim),
                               .digest = sim->network.digest,
                               .virtual_ms = sim_ms(sim),
                               .counts = sim->counts};
    memcpy(out->violation, sim->violation, sizeof out->violation);
}

void run_end(struct sim *sim)
{
    checks_free(sim);
    network_empty(sim);
    for (unsigned i = 0; i < SIM_HOSTS; i++) {
        free(sim->hosts[i].peers);
        sim->hosts[i].peers = NULL;
    }
}
