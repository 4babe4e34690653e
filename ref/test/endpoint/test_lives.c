/* Thousands of short lives, each from a seed: random commands at both sides under loss, copies,
 * reordering and roams; then quiet. What must hold then: both sides have the same SAs, every
 * command was answered once, and after a shutdown nothing is left. A life that fails is run again
 * with LIFE=seed in the environment. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "test/endpoint/world.h"

#define LIVES 3000

static struct world world;

static unsigned dice(unsigned sides)
{
    return (unsigned)(world_random(&world) % sides);
}

static void set_up(uint64_t seed)
{
    world_init(&world, seed);
    world.loss_percent = dice(3) == 0 ? dice(25) : 0;
    world.copy_percent = dice(3) == 0 ? dice(20) : 0;
    world.jitter_ns = dice(2) * dice(60) * WORLD_MS;
    world.delay_ns = (1 + dice(30)) * WORLD_MS;
    bool mobike = dice(2);
    bool pfs = dice(2);
    if (dice(2)) {
        world_add_child(&world, 0, 1);
    }
    unsigned soft = dice(4) == 0 ? 1 + dice(5) : 0;
    for (unsigned i = 0; i < 2; i++) {
        struct peer_config *peer = &world.sides[i].peers[0];
        peer->mobike = mobike;
        peer->liveness_ns = 10 * WORLD_S;
        peer->lifetime.soft_ns = soft * WORLD_S;
        peer->lifetime.jitter_ns = WORLD_S;
        for (size_t c = 0; c < peer->child_count; c++) {
            world_stand_in_esp(&peer->children[c].proposals, pfs ? WORLD_KE_A : KE_NONE);
            peer->children[c].lifetime.soft_ns = soft * WORLD_S / 2;
            peer->children[c].lifetime.jitter_ns = WORLD_S;
        }
    }
    world_boot(&world);
}

static void roam(unsigned side)
{
    static const char *const places[2][3] = {{"192.0.2.1", "192.0.2.11", "192.0.2.21"},
                                             {"192.0.2.2", "192.0.2.12", "192.0.2.22"}};
    const char *place = places[side][dice(3)];
    if (side == 0 && world.sides[0].peers[0].mobike) {
        world_address_set(&world, 0, place);
        (void)world_roam(&world, 0, place);
    }
}

static void act(unsigned side)
{
    static const enum command_type commands[] = {
        COMMAND_INITIATE,   COMMAND_INITIATE,    COMMAND_INITIATE,    COMMAND_REKEY_IKE,
        COMMAND_REKEY_IKE,  COMMAND_REKEY_CHILD, COMMAND_REKEY_CHILD, COMMAND_DELETE_CHILD,
        COMMAND_DELETE_IKE, COMMAND_LIVENESS,    COMMAND_ROAM};
    enum command_type type = commands[dice(sizeof commands / sizeof commands[0])];
    struct command command = {.type = type, .child_index = UINT16_MAX};
    if (type == COMMAND_ROAM) {
        roam(side);
    } else if (type == COMMAND_INITIATE) {
        command.child_index = (uint16_t)dice((unsigned)world.sides[0].peers[0].child_count);
        command.path.local = (struct transport_address){world.sides[side].addresses.items[0], 500};
        command.path.remote =
            (struct transport_address){world.sides[1 - side].addresses.items[0], 500};
        command.addresses = world.sides[side].addresses;
        (void)world_command_with(&world, side, command);
    } else {
        (void)world_command_with(&world, side, command);
    }
}

static void live(void)
{
    unsigned acts = 5 + dice(30);
    for (unsigned i = 0; i < acts; i++) {
        act(dice(2));
        if (dice(3) > 0) {
            world_run(&world, dice(400) * WORLD_MS);
        }
    }
}

static const char *verdict(void)
{
    world.loss_percent = world.copy_percent = 0;
    world_run(&world, 120 * WORLD_S);
    for (unsigned i = 0; i < 2; i++) { /* no lifetime may strike between looking and agreeing */
        if (world_unanswered(&world, i) > 0) {
            return "a command was never answered";
        }
    }
    const char *what = NULL;
    for (unsigned tries = 0; tries < 50; tries++) { /* rekeys by lifetime never end */
        what = world_disagreement(&world, 0, 1);
        if (what == NULL) {
            break;
        }
        world_run(&world, 30 * WORLD_MS);
    }
    if (what != NULL) {
        return what;
    }
    (void)world_command(&world, 0, COMMAND_SHUTDOWN);
    (void)world_command(&world, 1, COMMAND_SHUTDOWN);
    world_run(&world, 120 * WORLD_S);
    what = world_residue(&world, 0);
    return what != NULL ? what : world_residue(&world, 1);
}

static const char *one_life(uint64_t seed)
{
    set_up(seed);
    live();
    const char *what = verdict();
    world_destroy(&world);
    return what;
}

static void test_lives(void **state)
{
    const char *only = getenv("LIFE");
    const char *count = getenv("LIVES");
    uint64_t first = only != NULL ? strtoull(only, NULL, 10) : 1;
    uint64_t last = only != NULL ? first : count != NULL ? strtoull(count, NULL, 10) : LIVES;
    unsigned bad = 0;
    (void)state;
    for (uint64_t seed = first; seed <= last; seed++) {
        const char *what = one_life(seed);
        if (what != NULL) {
            fprintf(stderr, "LIFE=%llu: %s\n", (unsigned long long)seed, what);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
