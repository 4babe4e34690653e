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
    if (dice(3) == 0) {
        world_nat_add(&world, "10.99.0.5", "198.51.100.7");
    }
    world_boot(&world);
}

/* The initiator goes anywhere, behind the NAT too; the responder has one more address at times. */
static void roam(unsigned side)
{
    static const char *const places[] = {"192.0.2.1", "192.0.2.11", "10.99.0.5"};
    if (!world.sides[0].peers[0].mobike) {
        return;
    }
    if (side == 0) {
        const char *place = places[dice(world.nat_count > 0 ? 3 : 2)];
        world_address_set(&world, 0, place);
        (void)world_roam(&world, 0, place);
    } else {
        if (world.sides[1].addresses.count == 1) {
            world_address_add(&world, 1, "192.0.2.12");
        } else {
            world_address_drop(&world, 1, "192.0.2.12");
        }
        (void)world_roam(&world, 1, "192.0.2.2");
    }
}

static void initiate(unsigned side)
{
    struct command command = {.type = COMMAND_INITIATE};
    if (side == 1 && world.nat_count > 0) {
        return; /* nobody connects into a NAT */
    }
    command.child_index = (uint16_t)dice((unsigned)world.sides[0].peers[0].child_count);
    command.path.local = (struct transport_address){world.sides[side].addresses.items[0], 500};
    command.path.remote = (struct transport_address){world.sides[1 - side].addresses.items[0], 500};
    command.addresses = world.sides[side].addresses;
    (void)world_command_with(&world, side, command);
}

static void expire(unsigned side)
{
    struct world_side *s = &world.sides[side];
    if (s->child_count > 0) {
        struct command command = {.type = COMMAND_EXPIRE,
                                  .spi_in = s->child[dice((unsigned)s->child_count)].info.spi_in,
                                  .hard = dice(4) == 0};
        (void)world_command_with(&world, side, command);
    }
}

static void restart(unsigned side)
{
    if (dice(10) == 0) {
        world_kill(&world, side);
        world_run(&world, dice(3) * WORLD_S);
        world_start(&world, side);
    }
}

static void act(unsigned side)
{
    static const enum command_type commands[] = {
        COMMAND_INITIATE,   COMMAND_INITIATE,    COMMAND_INITIATE,      COMMAND_REKEY_IKE,
        COMMAND_REKEY_IKE,  COMMAND_REKEY_CHILD, COMMAND_REKEY_CHILD,   COMMAND_DELETE_CHILD,
        COMMAND_DELETE_IKE, COMMAND_LIVENESS,    COMMAND_ROAM,          COMMAND_ROAM,
        COMMAND_EXPIRE,     COMMAND_SHUTDOWN,    COMMAND_REAUTHENTICATE};
    struct command command = {.type = commands[dice(sizeof commands / sizeof commands[0])],
                              .child_index = UINT16_MAX};
    switch (command.type) {
    case COMMAND_ROAM:
        roam(side);
        break;
    case COMMAND_INITIATE:
        initiate(side);
        break;
    case COMMAND_EXPIRE:
        expire(side);
        break;
    case COMMAND_SHUTDOWN:
        restart(side);
        break;
    default:
        (void)world_command_with(&world, side, command);
    }
    if (world.nat_count > 0 && dice(8) == 0) {
        world_nat_rebind(&world.nats[0]);
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
    world_run(&world, 150 * WORLD_S);
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
