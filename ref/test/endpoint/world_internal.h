/* What the files of the world share. */
#ifndef IKEREF_TEST_ENDPOINT_WORLD_INTERNAL_H
#define IKEREF_TEST_ENDPOINT_WORLD_INTERNAL_H

#include "test/endpoint/world.h"

void world_side_random(struct world *world, unsigned side);

/* Something that must never happen: says what, with seed and time, and ends the test program. */
_Noreturn void world_fail(const struct world *world, unsigned side, const char *what);

void world_trace(const struct world *world, unsigned side, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void world_trace_datagram(const struct world *world, unsigned side, const char *what,
                          struct bytes octets);
void world_trace_event(const struct world *world, unsigned side, const struct event *event);

/* An event of one side into its mirror. */
void world_mirror_event(struct world *world, unsigned side, const struct event *event);

/* A datagram of one side into the network; the datagram's content is copied. */
void world_network_send(struct world *world, unsigned side, const struct datagram *datagram);
/* Each side sends to where the other one is, NATs between them included. */
bool world_paths_meet(struct world *world, const struct path *a, const struct path *b);
/* The next one that has arrived by now reaches its side, if there is one. */
void world_network_deliver(struct world *world);

#endif
