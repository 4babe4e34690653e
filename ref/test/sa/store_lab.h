/* A store of two peers without a network: what the tests of the sa room share. */
#ifndef IKEREF_TEST_SA_STORE_LAB_H
#define IKEREF_TEST_SA_STORE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sa/sa_store.h"

#define STORE_LAB_NOW UINT64_C(1000)

/* Every draw is the octets of `next`, most significant first, which counts up by one; none at all
 * while `dry`. */
struct store_lab {
    struct endpoint_config config;
    struct peer_config peers[2];
    struct sa_store store;
    uint64_t next;
    bool dry;
    struct random_source random;
};

void store_lab_create(struct store_lab *lab);
void store_lab_destroy(struct store_lab *lab);

/* A Child SA with these SPIs, first in the list of `sa`, which owns it. */
struct child_sa *store_lab_child(struct store_lab *lab, struct ike_sa *sa, uint32_t id,
                                 uint32_t spi_in, uint32_t spi_out);

/* The next event is of this type; fails otherwise. */
struct event store_lab_expect(struct store_lab *lab, enum event_type type);
void store_lab_expect_none(struct store_lab *lab);

#endif
