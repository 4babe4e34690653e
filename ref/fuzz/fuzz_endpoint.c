/* The core with its keys in the fuzzer's hand: a script says what happens between two endpoints.
 * The first octet sets the world up (play.c); each record is one operation of the table below. */

#include "fuzz/play.h"

#define OPERATIONS_MAX 200

static struct play play;
static struct play_arrival arrival;

/* ---- what is on its way ---- */

static bool taken(struct input *in)
{
    size_t k = input_below(in, play.in_flight);
    if (!play_peek(&play, k, &arrival)) {
        return false;
    }
    play_drop(&play, k);
    return true;
}

static void deliver(struct input *in)
{
    if (taken(in)) {
        play_deliver(&play, &arrival);
    }
}

static void deliver_copy(struct input *in)
{
    if (play_peek(&play, input_below(in, play.in_flight), &arrival)) {
        play_deliver(&play, &arrival);
    }
}

static void drop(struct input *in)
{
    play_drop(&play, input_below(in, play.in_flight));
}

static void tamper(struct input *in)
{
    if (taken(in)) {
        (void)play_tamper(&play, &arrival, in);
        play_deliver(&play, &arrival);
    }
}

/* Only a changed copy arrives; the message itself is still to come. */
static void tamper_copy(struct input *in)
{
    if (play_peek(&play, input_below(in, play.in_flight), &arrival) &&
        play_tamper(&play, &arrival, in)) {
        play_deliver(&play, &arrival);
    }
}

static void spoil(struct input *in)
{
    if (play_peek(&play, input_below(in, play.in_flight), &arrival)) {
        play_spoil(&arrival, in);
        play_deliver(&play, &arrival);
    }
}

static void fragment(struct input *in)
{
    if (taken(in)) {
        play_fragment(&play, &arrival, in);
    }
}

static void settle(struct input *in)
{
    (void)in;
    play_settle(&play);
}

/* It comes from somewhere else: a NAT has forgotten, or somebody lies. */
static void move_source(struct input *in)
{
    if (taken(in)) {
        uint8_t how = input_u8(in);
        arrival.path.remote.ip.octets[3] =
            (how & 1) != 0 ? input_u8(in) : arrival.path.remote.ip.octets[3];
        arrival.path.remote.port = (how & 2) != 0 ? input_u16(in) : arrival.path.remote.port;
        play_deliver(&play, &arrival);
    }
}

/* What was said some time ago, to whom it was meant or back to who said it, changed or not. */
static void replay(struct input *in)
{
    size_t kept = play.said < PLAY_HISTORY ? play.said : PLAY_HISTORY;
    if (kept == 0) {
        return;
    }
    arrival = play.history[input_below(in, kept)];
    uint8_t how = input_u8(in);
    if ((how & 1) != 0) { /* its source may be a port no socket of that host has */
        arrival.to = 1 - arrival.to;
        arrival.path = (struct path){.local = arrival.path.remote, .remote = arrival.path.local};
        arrival.path.local.port = arrival.encapsulated ? IKE_NATT_PORT : IKE_PORT;
    }
    if ((how & 6) == 2) {
        (void)play_tamper(&play, &arrival, in);
    } else if ((how & 6) == 4) {
        play_spoil(&arrival, in);
    } else if ((how & 6) == 6) {
        play_fragment(&play, &arrival, in);
        return;
    }
    play_deliver(&play, &arrival);
}

static void forge(struct input *in)
{
    play_forge(&play, in);
}

/* Octets nobody ever said. */
static void noise(struct input *in)
{
    struct world *world = &play.world;
    uint8_t how = input_u8(in);
    struct bytes octets = in->left;
    unsigned to = how & 1;
    arrival.to = to;
    arrival.encapsulated = (how & 2) != 0;
    uint16_t port = arrival.encapsulated ? IKE_NATT_PORT : IKE_PORT;
    arrival.path = (struct path){{world->sides[to].addresses.items[0], port},
                                 {world->sides[1 - to].addresses.items[0], port}};
    struct writer w = writer_over(arrival.octets, sizeof arrival.octets);
    writer_put(&w, octets);
    arrival.length = w.length;
    play_deliver(&play, &arrival);
}

/* ---- hosts and time ---- */

static void command(struct input *in)
{
    uint8_t how = input_u8(in);
    unsigned side = how & 1;
    struct world_side *here = &play.world.sides[side];
    struct command c = {
        .type = (enum command_type)(input_u8(in) % (COMMAND_SHUTDOWN + 1)),
        .child_index = (how & 2) != 0 ? input_u8(in) % 3 : UINT16_MAX,
        .peer_index = (how & 4) != 0 ? input_u8(in) % 3 : 0,
        .path = {{here->addresses.items[0], IKE_PORT},
                 {play.world.sides[1 - side].addresses.items[0], IKE_PORT}},
        .addresses = here->addresses,
        .hard = (how & 8) != 0,
    };
    if ((how & 16) != 0 && here->child_count > 0) {
        c.spi_in = here->child[input_below(in, here->child_count)].info.spi_in;
    }
    if ((how & 32) != 0) { /* another address of ours, or none */
        c.path.local.ip.octets[3] = input_u8(in);
        c.path.local.ip.family = (how & 64) != 0 ? ADDRESS_NONE : c.path.local.ip.family;
        c.addresses.items[c.addresses.count++] = c.path.local.ip;
    }
    if (c.type == COMMAND_TRAFFIC) {
        c.last_in_ns = play.world.now_ns;
    }
    if (here->command_count < WORLD_COMMANDS - 1) {
        play_command(&play, side, c);
    }
}

static void pass(struct input *in)
{
    static const uint64_t spans_ns[] = {1,       10 * WORLD_MS, 100 * WORLD_MS, 250 * WORLD_MS,
                                        WORLD_S, 5 * WORLD_S,   30 * WORLD_S,   120 * WORLD_S};
    play_pass(&play, spans_ns[input_below(in, sizeof spans_ns / sizeof spans_ns[0])]);
}

/* Time passes as in a good network: what is sent arrives. */
static void live(struct input *in)
{
    for (size_t turns = 1 + input_below(in, 16); turns > 0; turns--) {
        play_settle(&play);
        play_pass(&play, WORLD_S);
    }
    play_settle(&play);
}

static void restart(struct input *in)
{
    play_restart(&play, input_u8(in) & 1);
}

static void connect(struct input *in)
{
    unsigned side = input_u8(in) & 1;
    struct command c = {.type = COMMAND_INITIATE,
                        .child_index = UINT16_MAX,
                        .path = {{play.world.sides[side].addresses.items[0], IKE_PORT},
                                 {play.world.sides[1 - side].addresses.items[0], IKE_PORT}}};
    play_command(&play, side, c);
    play_settle(&play);
}

typedef void operation(struct input *in);

/* Their numbers are in the corpus: new ones go to the end. */
static operation *const operations[] = {
    connect,  deliver, tamper,      forge,  command, settle, deliver_copy, drop,  tamper_copy,
    fragment, spoil,   move_source, replay, pass,    live,   restart,      noise,
};

#define OPERATIONS (sizeof operations / sizeof operations[0])

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    struct input arguments;
    uint8_t number;
    play_begin(&play, input_u8(&in));
    for (unsigned i = 0; i < OPERATIONS_MAX && input_record(&in, &number, &arguments); i++) {
        operations[number % OPERATIONS](&arguments);
    }
    play_end(&play);
    return 0;
}
