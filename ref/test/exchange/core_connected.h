/* What most tests of a handler begin with: two cores that are connected, anew for each case. */
#ifndef IKEREF_TEST_EXCHANGE_CORE_CONNECTED_H
#define IKEREF_TEST_EXCHANGE_CORE_CONNECTED_H

#include "test/exchange/core_lab.h"

extern struct world world;
extern struct sa_store *store; /* of a, the initiator */
extern struct ike_sa *sa;      /* the same */

int core_connected_set_up(void **state);
int core_connected_tear_down(void **state);

#define CASE(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, core_connected_set_up, core_connected_tear_down)

#endif
