/* Two endpoints meet: IKE_SA_INIT, IKE_AUTH and the first Child SA, RFC 7296 1.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test/endpoint/world.h"

static struct world world;

static void test_connects(void **state)
{
    (void)state;
    world_init(&world, 1);
    world_boot(&world);
    world_connect(&world);
    assert_int_equal(world.sides[0].ike_count, 1);
    assert_int_equal(world.sides[0].child_count, 1);
    assert_int_equal(world.packet_count, 4);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
