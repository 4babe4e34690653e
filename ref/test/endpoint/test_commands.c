/* What a host may ask of the core, and what comes of it at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "endpoint/commands.h"
#include "test/exchange/core_connected.h"

static struct event event;

static enum status run(struct command command)
{
    return commands_execute(store, &command);
}

static bool done(uint64_t id, enum status status)
{
    bool found = core_event(&world, 0, EVENT_COMMAND_DONE, &event);
    return found && event.command == id && event.status == status;
}

static void test_indexes_out_of_range(void **state)
{
    (void)state;
    for (int type = COMMAND_INITIATE; type < COMMAND_SHUTDOWN; type++) {
        struct command c = {.type = (enum command_type)type, .peer_index = 1};
        assert_int_equal(run(c), STATUS_INTERNAL);
    }
    struct command c = {.type = COMMAND_INITIATE, .child_index = 1};
    assert_int_equal(run(c), STATUS_INTERNAL);
    c = (struct command){.type = COMMAND_SHUTDOWN, .peer_index = 1}; /* means all of them */
    assert_int_equal(run(c), STATUS_OK);
}

static void test_nothing_it_applies_to(void **state)
{
    static const struct command commands[] = {
        {.type = COMMAND_REKEY_IKE, .ike_sa = 999},
        {.type = COMMAND_REKEY_CHILD, .spi_in = 999},
        {.type = COMMAND_DELETE_IKE, .ike_sa = 999},
        {.type = COMMAND_DELETE_CHILD, .spi_in = 999},
        {.type = COMMAND_LIVENESS, .ike_sa = 999},
        {.type = COMMAND_ROAM, .ike_sa = 999},
        {.type = COMMAND_PEER_MOVED, .spi_in = 999},
        {.type = COMMAND_TRAFFIC, .spi_in = 999},
        {.type = COMMAND_EXPIRE, .spi_in = 999},
        {.type = COMMAND_DELETE_CHILD, .child_index = 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        assert_int_equal(run(commands[i]), STATUS_DROP);
    }
    assert_false(core_event(&world, 0, EVENT_COMMAND_DONE, &event));
    assert_false(sa->request.active);
}

static void test_what_each_asks_of_the_peer(void **state)
{
    static const struct {
        enum command_type type;
        bool hard;
        enum task_type task;
    } rows[] = {
        {COMMAND_REKEY_IKE, false, TASK_IKE_REKEY},
        {COMMAND_REKEY_CHILD, false, TASK_CHILD_REKEY},
        {COMMAND_DELETE_IKE, false, TASK_IKE_DELETE},
        {COMMAND_DELETE_CHILD, false, TASK_CHILD_DELETE},
        {COMMAND_LIVENESS, false, TASK_LIVENESS},
        {COMMAND_EXPIRE, false, TASK_CHILD_REKEY},
        {COMMAND_EXPIRE, true, TASK_CHILD_DELETE},
        {COMMAND_ACQUIRE, false, TASK_CHILD_CREATE}, /* traffic the Child SA does not carry */
        {COMMAND_SHUTDOWN, false, TASK_IKE_DELETE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct command c = {.type = rows[i].type, .hard = rows[i].hard, .path = sa->path};
        c.spi_in = c.type == COMMAND_EXPIRE ? sa->children->spi_in : 0;
        assert_int_equal(run(c), STATUS_OK);
        assert_true(sa->request.active);
        assert_int_equal(sa->request.task.type, rows[i].task);
        core_connected_tear_down(state);
        core_connected_set_up(state);
    }
}

static void test_answered_at_once(void **state)
{
    uint32_t spi_in = sa->children->spi_in;
    struct command c = {.type = COMMAND_INITIATE, .id = 11, .path = sa->path};
    (void)state;
    assert_int_equal(run(c), STATUS_OK);
    assert_true(done(11, STATUS_OK)); /* it is there already */
    assert_false(sa->request.active);
    c = (struct command){.type = COMMAND_ADDRESSES, .id = 12, .addresses.count = 1};
    c.addresses.items[0] = world_address("192.0.2.8");
    assert_int_equal(run(c), STATUS_OK);
    assert_true(done(12, STATUS_OK));
    assert_true(address_equal(&store->local_addresses.items[0], &c.addresses.items[0]));
    c = (struct command){
        .type = COMMAND_TRAFFIC, .id = 13, .spi_in = spi_in, .last_in_ns = 5, .last_out_ns = 6};
    assert_int_equal(run(c), STATUS_OK);
    assert_true(done(13, STATUS_OK));
    assert_int_equal(sa->children->last_in_ns, 5);
    assert_int_equal(sa->children->last_out_ns, 6);
}

static void test_nothing_new_after_shutdown(void **state)
{
    (void)state;
    assert_int_equal(run((struct command){.type = COMMAND_SHUTDOWN, .id = 14}), STATUS_OK);
    assert_true(done(14, STATUS_OK));
    assert_int_equal(sa->reason, DOWN_SHUTDOWN);
    assert_int_equal(run((struct command){.type = COMMAND_INITIATE, .id = 15}), STATUS_DROP);
}

/* The one of several that the host names by its SPI, and no other. */
static void test_one_child_by_its_spi(void **state)
{
    (void)state;
    uint32_t spi_in = sa->children->spi_in;
    assert_int_equal(run((struct command){.type = COMMAND_DELETE_CHILD, .spi_in = spi_in}),
                     STATUS_OK);
    assert_int_equal(sa->request.task.type, TASK_CHILD_DELETE);
    assert_int_equal(sa->request.task.child_sa, sa->children->id);
    assert_int_equal(run((struct command){.type = COMMAND_DELETE_CHILD, .spi_in = spi_in}),
                     STATUS_DROP); /* it is on its way */
}

/* Who names an IKE SA that has been replaced means the one that has its Child SAs now. */
static void test_a_replaced_ike_sa(void **state)
{
    (void)state;
    uint32_t old = sa->id;
    assert_int_not_equal(world_command(&world, 0, COMMAND_REKEY_IKE), 0);
    world_run(&world, 3 * world.delay_ns); /* the new one is there, the old one not yet deleted */
    struct ike_sa *heir = world_core_ike_sa(&world, 0);
    assert_int_not_equal(heir->id, old);
    assert_int_equal(sa_store_find(store, old)->state, IKE_SA_REKEYED);
    assert_int_equal(run((struct command){.type = COMMAND_LIVENESS, .ike_sa = old}), STATUS_OK);
    assert_int_equal(heir->request.task.type, TASK_LIVENESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_one_child_by_its_spi),       CASE(test_a_replaced_ike_sa),
        CASE(test_indexes_out_of_range),       CASE(test_nothing_it_applies_to),
        CASE(test_what_each_asks_of_the_peer), CASE(test_answered_at_once),
        CASE(test_nothing_new_after_shutdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
