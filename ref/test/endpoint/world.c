/* The world's clock, its hosts and what is asked of them. */

#include "test/endpoint/world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/endpoint/world_internal.h"

/* ---- dice: splitmix64, one state for the network and one for each host ---- */

static uint64_t roll(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

uint64_t world_random(struct world *world)
{
    return roll(&world->seed);
}

static bool fill(void *context, uint8_t *out, size_t length)
{
    for (size_t i = 0; i < length; i += 8) {
        uint64_t value = roll(context);
        memcpy(out + i, &value, length - i < 8 ? length - i : 8);
    }
    return true;
}

void world_side_random(struct world *world, unsigned s)
{
    struct world_side *side = &world->sides[s];
    side->random_state = roll(&world->seed);
    side->random = (struct random_source){fill, &side->random_state};
}

/* ---- hosts ---- */

_Noreturn void world_fail(const struct world *world, unsigned side, const char *what)
{
    fprintf(stderr, "at %" PRIu64 " ms, side %s: %s\n", (uint64_t)(world->now_ns / WORLD_MS),
            world->sides[side].name, what);
    abort();
}

void world_start(struct world *world, unsigned s)
{
    struct world_side *side = &world->sides[s];
    side->endpoint = endpoint_create(&side->config, &side->random, world->now_ns);
    assert(side->endpoint != NULL);
    endpoint_set_jobs(side->endpoint, world->jobs_max);
}

void world_boot(struct world *world)
{
    for (unsigned i = 0; i < world->side_count; i++) {
        world_start(world, i);
    }
}

void world_kill(struct world *world, unsigned s)
{
    struct world_side *side = &world->sides[s];
    endpoint_destroy(side->endpoint);
    side->endpoint = NULL;
    side->ike_count = side->child_count = 0;
    for (size_t i = 1; i <= side->command_count; i++) {
        side->commands[i].answers |= 1; /* nobody is left to answer */
    }
}

void world_destroy(struct world *world)
{
    for (unsigned i = 0; i < world->side_count; i++) {
        endpoint_destroy(world->sides[i].endpoint);
        free(world->sides[i].peers);
    }
    while (world->packets != NULL) {
        struct world_packet *next = world->packets->next;
        free(world->packets);
        world->packets = next;
    }
    free(world->seals);
}

/* Events first: what they bring must be installed before the peer hears of it. */
static void drain(struct world *world, unsigned s)
{
    struct world_side *side = &world->sides[s];
    struct event event;
    struct datagram datagram;
    while (endpoint_next_event(side->endpoint, &event)) {
        world_trace_event(world, s, &event);
        world_mirror_event(world, s, &event);
        event_wipe(&event);
    }
    while (endpoint_next_datagram(side->endpoint, &datagram)) {
        world_network_send(world, s, &datagram);
    }
}

void world_drain(struct world *world, unsigned s)
{
    struct endpoint *endpoint = world->sides[s].endpoint;
    struct job *job;
    drain(world, s);
    while (!world->jobs_held && (job = endpoint_next_job(endpoint)) != NULL) {
        job_do(job);
        endpoint_job_done(endpoint, job, world->now_ns);
        drain(world, s);
    }
}

/* ---- time ---- */

static uint64_t next_deadline(const struct world *world, unsigned *side)
{
    uint64_t next_ns = UINT64_MAX;
    for (unsigned i = 0; i < world->side_count; i++) {
        if (world->sides[i].endpoint != NULL) {
            uint64_t at_ns = endpoint_deadline(world->sides[i].endpoint);
            if (at_ns < next_ns) {
                next_ns = at_ns;
                *side = i;
            }
        }
    }
    return next_ns;
}

#define IDLE_TURNS_MAX 2000 /* expiries at one instant before we call it a spin */

void world_run_until(struct world *world, uint64_t end_ns)
{
    unsigned side = 0;
    unsigned turns = 0;
    for (;;) {
        uint64_t timer_ns = next_deadline(world, &side);
        uint64_t packet_ns = world->packets != NULL ? world->packets->at_ns : UINT64_MAX;
        uint64_t next_ns = timer_ns < packet_ns ? timer_ns : packet_ns;
        if (next_ns > end_ns) {
            break;
        }
        turns = next_ns > world->now_ns ? 0 : turns + 1;
        if (turns > IDLE_TURNS_MAX) {
            world_fail(world, side, "spins: its deadline passes and nothing is done about it");
        }
        world->now_ns = next_ns > world->now_ns ? next_ns : world->now_ns;
        if (packet_ns <= timer_ns) {
            world_network_deliver(world);
        } else {
            endpoint_expire(world->sides[side].endpoint, world->now_ns);
            world_drain(world, side);
        }
    }
    if (end_ns != UINT64_MAX && end_ns > world->now_ns) {
        world->now_ns = end_ns;
    }
}

void world_run(struct world *world, uint64_t span_ns)
{
    world_run_until(world, world->now_ns + span_ns);
}

void world_settle(struct world *world, uint64_t horizon_ns)
{
    unsigned side;
    for (;;) {
        uint64_t next_ns = next_deadline(world, &side);
        if (world->packets != NULL && world->packets->at_ns < next_ns) {
            next_ns = world->packets->at_ns;
        }
        if (next_ns == UINT64_MAX || next_ns > world->now_ns + horizon_ns) {
            return;
        }
        world_run_until(world, next_ns);
    }
}

/* ---- commands ---- */

static struct address first_of_family(const struct address_list *list, uint8_t family)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].family == family) {
            return list->items[i];
        }
    }
    return (struct address){0};
}

static struct path path_to(struct world *world, unsigned from, unsigned to)
{
    const struct address_list *ours = &world->sides[from].addresses;
    const struct address_list *theirs = &world->sides[to].addresses;
    struct path path = {.local = {.port = world->sides[from].config.ike_port},
                        .remote = {.port = world->sides[to].config.ike_port}};
    path.remote.ip = theirs->items[0];
    path.local.ip = first_of_family(ours, theirs->items[0].family);
    for (size_t i = 0; i < world->nat_count; i++) { /* a server behind a NAT has a name outside */
        if (world->nats[i].on && address_equal(&world->nats[i].inside, &path.remote.ip)) {
            path.remote.ip = world->nats[i].outside;
        }
    }
    return path;
}

uint32_t world_command_with(struct world *world, unsigned s, struct command command)
{
    struct world_side *side = &world->sides[s];
    uint32_t id = (uint32_t)++side->command_count;
    assert(id < WORLD_COMMANDS);
    static const char *const names[] = {
        [COMMAND_INITIATE] = "initiate",
        [COMMAND_ACQUIRE] = "acquire",
        [COMMAND_REKEY_IKE] = "rekey ike",
        [COMMAND_REKEY_CHILD] = "rekey child",
        [COMMAND_DELETE_IKE] = "delete ike",
        [COMMAND_DELETE_CHILD] = "delete child",
        [COMMAND_LIVENESS] = "liveness",
        [COMMAND_ROAM] = "roam",
        [COMMAND_PEER_MOVED] = "peer moved",
        [COMMAND_TRAFFIC] = "traffic",
        [COMMAND_EXPIRE] = "expire",
        [COMMAND_SHUTDOWN] = "shutdown",
        [COMMAND_REAUTHENTICATE] = "reauthenticate",
    };
    side->commands[id] = (struct world_command){.type = command.type};
    world_trace(world, s, "* command %u: %s", (unsigned)id,
                command.type < sizeof names / sizeof names[0] && names[command.type] != NULL
                    ? names[command.type]
                    : "?");
    command.id = id;
    enum status status = endpoint_command(side->endpoint, &command, world->now_ns);
    world_drain(world, s);
    if (status != STATUS_OK) {
        if (side->commands[id].answers > 0) {
            world_fail(world, s, "a command was refused and answered");
        }
        side->commands[id].answers = 1;
        side->commands[id].status = status;
        return 0;
    }
    return id;
}

uint32_t world_command(struct world *world, unsigned s, enum command_type type)
{
    unsigned peer = s == 1 ? 0 : 1;
    struct command command = {.type = type,
                              .child_index = UINT16_MAX,
                              .path = path_to(world, s, peer),
                              .addresses = world->sides[s].addresses};
    return world_command_with(world, s, command);
}

enum status world_result(const struct world *world, unsigned side, uint32_t command)
{
    return world->sides[side].commands[command].status;
}

bool world_answered(const struct world *world, unsigned side, uint32_t command)
{
    return world->sides[side].commands[command].answers > 0;
}

unsigned world_unanswered(const struct world *world, unsigned s)
{
    unsigned count = 0;
    for (size_t i = 1; i <= world->sides[s].command_count; i++) {
        count += world->sides[s].commands[i].answers == 0;
    }
    return count;
}

void world_connect(struct world *world)
{
    uint32_t id = world_command(world, 0, COMMAND_INITIATE);
    world_settle(world, 20 * WORLD_MS);
    if (id == 0 || !world_answered(world, 0, id) || world_result(world, 0, id) != STATUS_OK) {
        world_fail(world, 0, "could not connect");
    }
    const char *what = world_disagreement(world, 0, 1);
    if (what != NULL) {
        world_fail(world, 0, what);
    }
}

/* ---- addresses ---- */

void world_address_set(struct world *world, unsigned side, const char *text)
{
    world->sides[side].addresses.count = 0;
    world_address_add(world, side, text);
}

void world_address_add(struct world *world, unsigned side, const char *text)
{
    struct address_list *list = &world->sides[side].addresses;
    list->items[list->count++] = world_address(text);
}

void world_address_drop(struct world *world, unsigned side, const char *text)
{
    struct address_list *list = &world->sides[side].addresses;
    struct address gone = world_address(text);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!address_equal(&list->items[i], &gone)) {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

/* Where a host would look for a route to: where its core says the peer is, or another address the
 * peer has told. */
static struct address known_remote(struct world *world, unsigned side, uint8_t family)
{
    struct ike_sa_status status;
    struct address known = {0};
    for (uint32_t id = 0; endpoint_ike_sa_after(world->sides[side].endpoint, id, &status);
         id = status.id) {
        known = status.info.path.remote.ip.family == family
                    ? status.info.path.remote.ip
                    : first_of_family(&status.peer_addresses, family);
    }
    return known;
}

uint32_t world_roam(struct world *world, unsigned side, const char *text)
{
    struct command command = {.type = COMMAND_ROAM, .addresses = world->sides[side].addresses};
    if (text != NULL) {
        command.path.local.ip = world_address(text);
        command.path.remote.ip = known_remote(world, side, command.path.local.ip.family);
    }
    return world_command_with(world, side, command);
}
