/* Two connected cores, for each case anew. */

#include "test/exchange/core_connected.h"

struct world world;
struct sa_store *store;
struct ike_sa *sa;

int core_connected_set_up(void **state)
{
    (void)state;
    world_init(&world, 43);
    world_boot(&world);
    world_connect(&world);
    store = core_store(&world, 0);
    sa = world_core_ike_sa(&world, 0);
    return 0;
}

int core_connected_tear_down(void **state)
{
    (void)state;
    world_destroy(&world);
    return 0;
}
