/* The world of a script: its hosts, its clock, and what is on its way. */

#include "fuzz/play.h"

#include <stdlib.h>
#include <string.h>

#include "endpoint/endpoint_store.h"
#include "test/endpoint/world_internal.h"

#define TURNS_MAX 4000 /* expiries until it counts as a spin */
#define SETTLE_MAX 400 /* datagrams until it counts as a storm */
#define END_SPAN_NS (600 * WORLD_S)
#define PUZZLE_BITS_MAX 6 /* some hundred tries: harder ones take the time of all the rest */

enum setting {
    SETTING_SMALL_FRAGMENTS = 1,
    SETTING_LIVENESS = 2,
    SETTING_COOKIES = 4,
    SETTING_WRONG_KEY = 8,
    SETTING_UDP = 16,
    SETTING_TWO_CHILDREN = 32,
    SETTING_TRANSPORT = 64,
    SETTING_LIFETIMES = 128,
    SETTING_PUZZLES = SETTING_COOKIES | SETTING_TRANSPORT, /* with both, and no bit of its own */
};

/* Nothing arrives unless the script says so. */
static enum world_fate take(struct world *world, struct world_packet *packet, void *context)
{
    struct play *play = context;
    (void)world;
    if (play->in_flight == PLAY_IN_FLIGHT || packet->keepalive) {
        return WORLD_DROP;
    }
    play->packets[play->in_flight++] = packet;
    struct play_arrival *said = &play->history[play->said++ % PLAY_HISTORY];
    (void)play_peek(play, play->in_flight - 1, said);
    return WORLD_TAKE;
}

static void set_peer(struct peer_config *peer, uint8_t setting)
{
    peer->fragment_size = (setting & SETTING_SMALL_FRAGMENTS) != 0 ? 300 : 0;
    peer->liveness_ns = (setting & SETTING_LIVENESS) != 0 ? 5 * WORLD_S : 0;
    peer->force_udp_encapsulation = (setting & SETTING_UDP) != 0;
    peer->children[0].transport_mode = (setting & SETTING_TRANSPORT) != 0;
    if ((setting & SETTING_LIFETIMES) != 0) {
        peer->lifetime = (struct lifetime_config){.soft_ns = 20 * WORLD_S, .hard_ns = 40 * WORLD_S};
        peer->children[0].lifetime =
            (struct lifetime_config){.soft_ns = 8 * WORLD_S, .hard_ns = 16 * WORLD_S};
    }
}

static void set_limits(struct endpoint_config *config, uint8_t setting)
{
    bool puzzles = (setting & SETTING_PUZZLES) == SETTING_PUZZLES;
    config->half_open_max = 16;
    config->cookie_threshold = (setting & SETTING_COOKIES) != 0 ? 0 : 8;
    config->puzzle_threshold = puzzles ? 0 : 8;
    config->puzzle_difficulty = 2;
    config->puzzle_difficulty_max = PUZZLE_BITS_MAX;
}

void play_begin(struct play *play, uint8_t setting)
{
    struct world *world = &play->world;
    world_init(world, 1);
    play->in_flight = play->said = 0;
    play->spoken_for = false;
    play->wrong_key = (setting & SETTING_WRONG_KEY) != 0;
    world->hook = take;
    world->hook_context = play;
    if ((setting & SETTING_TWO_CHILDREN) != 0) {
        world_add_child(world, 0, 1);
    }
    for (unsigned s = 0; s < 2; s++) {
        struct world_side *side = &world->sides[s];
        set_peer(&side->peers[0], setting);
        set_limits(&side->config, setting);
    }
    world->sides[0].peers[0].psk[0] ^= play->wrong_key;
    world_boot(world);
    play_rules_reset();
}

/* Events first, as a host does it (endpoint/endpoint.h). */
static void drain(struct play *play, unsigned s, struct play_answer *answer)
{
    struct world *world = &play->world;
    struct endpoint *endpoint = world->sides[s].endpoint;
    struct event event;
    struct datagram datagram;
    play_rules_note(play);
    while (endpoint_next_event(endpoint, &event)) {
        world_trace_event(world, s, &event);
        play_rules_event(play, s, &event);
        world_mirror_event(world, s, &event);
        event_wipe(&event);
    }
    while (endpoint_next_datagram(endpoint, &datagram)) {
        if (answer != NULL) {
            answer->datagrams++;
            answer->octets += datagram.octets.length;
        }
        world_network_send(world, s, &datagram);
    }
    play_rules_bounds(play, s);
}

/* ---- datagrams ---- */

/* Where it reaches the receiver, whatever address the sender knows it by: a NAT between them that
 * changed the one way changes it back the other. */
static struct transport_address reached(const struct play *play, unsigned side, struct address ip,
                                        bool encapsulated)
{
    const struct world_side *here = &play->world.sides[side];
    const struct ike_sa *sa = endpoint_store(here->endpoint)->ike_sas;
    while (sa != NULL && !address_equal(&sa->path.local.ip, &ip)) {
        sa = sa->next;
    }
    return (struct transport_address){sa != NULL ? ip : here->addresses.items[0],
                                      encapsulated ? here->config.natt_port
                                                   : here->config.ike_port};
}

bool play_peek(struct play *play, size_t k, struct play_arrival *out)
{
    if (k >= play->in_flight) {
        return false;
    }
    const struct world_packet *packet = play->packets[k];
    out->to = 1 - packet->from;
    out->path =
        (struct path){.local = reached(play, out->to, packet->path.remote.ip, packet->encapsulated),
                      .remote = packet->path.local};
    out->encapsulated = packet->encapsulated;
    out->length = packet->length;
    memcpy(out->octets, packet->octets, packet->length);
    return true;
}

void play_drop(struct play *play, size_t k)
{
    if (k < play->in_flight) {
        free(play->packets[k]);
        play->in_flight--;
        memmove(&play->packets[k], &play->packets[k + 1],
                (play->in_flight - k) * sizeof play->packets[0]);
    }
}

void play_deliver(struct play *play, const struct play_arrival *arrival)
{
    struct world *world = &play->world;
    /* a copy of just its size: what reads past its end is seen */
    uint8_t *octets = malloc(arrival->length > 0 ? arrival->length : 1);
    memcpy(octets, arrival->octets, arrival->length);
    struct datagram datagram = {.path = arrival->path,
                                .encapsulated = arrival->encapsulated,
                                .octets = bytes_of(octets, arrival->length)};
    struct play_answer answer = play_rules_before(play, arrival);
    world_trace_datagram(world, arrival->to, "<-", datagram.octets);
    enum status status =
        endpoint_receive(world->sides[arrival->to].endpoint, &datagram, world->now_ns);
    world_trace(world, arrival->to, "   status %x", (unsigned)status);
    free(octets); /* before anything else: no view of it may live on */
    drain(play, arrival->to, &answer);
    play_rules_after(play, arrival, &answer);
}

void play_settle(struct play *play)
{
    static struct play_arrival arrival;
    for (unsigned turns = 0; play_peek(play, 0, &arrival); turns++) {
        if (turns == SETTLE_MAX) {
            finding("the sides do not stop talking though no time passes");
        }
        play_drop(play, 0);
        play_deliver(play, &arrival);
    }
}

/* ---- hosts and their clock ---- */

void play_command(struct play *play, unsigned s, struct command command)
{
    struct world *world = &play->world;
    struct world_side *side = &world->sides[s];
    uint32_t id = (uint32_t)++side->command_count;
    side->commands[id] = (struct world_command){.type = command.type};
    command.id = id;
    world_trace(world, s, "* command %d", (int)command.type);
    enum status status = endpoint_command(side->endpoint, &command, world->now_ns);
    drain(play, s, NULL);
    if (status != STATUS_OK) {
        if (side->commands[id].answers > 0) {
            finding("a command was refused and answered");
        }
        side->commands[id] = (struct world_command){command.type, 1, status};
    }
}

static unsigned next_side(const struct world *world, uint64_t *at_ns)
{
    uint64_t a_ns = endpoint_deadline(world->sides[0].endpoint);
    uint64_t b_ns = endpoint_deadline(world->sides[1].endpoint);
    *at_ns = a_ns <= b_ns ? a_ns : b_ns;
    return a_ns <= b_ns ? 0 : 1;
}

void play_pass(struct play *play, uint64_t span_ns)
{
    struct world *world = &play->world;
    uint64_t end_ns = world->now_ns + span_ns;
    uint64_t at_ns;
    unsigned turns = 0;
    for (unsigned s = next_side(world, &at_ns); at_ns <= end_ns; s = next_side(world, &at_ns)) {
        if (++turns > TURNS_MAX) {
            finding("timers run without end");
        }
        world->now_ns = at_ns > world->now_ns ? at_ns : world->now_ns;
        endpoint_expire(world->sides[s].endpoint, world->now_ns);
        drain(play, s, NULL);
    }
    world->now_ns = end_ns;
}

void play_restart(struct play *play, unsigned side)
{
    world_trace(&play->world, side, "* restart");
    world_kill(&play->world, side);
    world_start(&play->world, side);
}

struct ike_sa *play_ike_sa(struct play *play, unsigned side, size_t k)
{
    struct ike_sa *first = endpoint_store(play->world.sides[side].endpoint)->ike_sas;
    for (struct ike_sa *sa = first; sa != NULL; sa = sa->next) {
        if (sa->seal != NULL && k-- == 0) {
            return sa;
        }
    }
    return NULL;
}

void play_end(struct play *play)
{
    play_pass(play, END_SPAN_NS);
    for (unsigned s = 0; s < 2; s++) {
        if (world_unanswered(&play->world, s) > 0) {
            finding("a command is still not answered after ten minutes of silence");
        }
    }
    while (play->in_flight > 0) {
        play_drop(play, 0);
    }
    world_destroy(&play->world);
}
