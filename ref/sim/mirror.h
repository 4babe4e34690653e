/* What a host has been told of its SAs, and that it was told in an order that makes sense. */
#ifndef IKEREF_SIM_MIRROR_H
#define IKEREF_SIM_MIRROR_H

#include "sim/sim.h"

/* An event into the host's record; one that cannot follow what came before is a violation. */
void mirror_event(struct sim *sim, struct host *host, const struct event *event);

struct known_ike_sa *mirror_ike_sa(struct host *host, uint32_t id);
struct known_child_sa *mirror_child_sa(struct host *host, uint32_t id);

#endif
