/* A host of the run: what the daemon is on a machine. It takes packets to the core and the data
 * plane, gives them time, and carries what each says to the other. */
#ifndef IKEREF_SIM_HOST_H
#define IKEREF_SIM_HOST_H

#include "sim/sim.h"

void host_start(struct sim *sim, struct host *host);
/* All state is lost, and nobody is told. */
void host_stop(struct sim *sim, struct host *host);

/* What its own clock shows. */
uint64_t host_now(const struct sim *sim, const struct host *host);

/* A datagram from the network, as `path` says. */
void host_receive(struct sim *sim, struct host *host, const struct wire_packet *packet,
                  const struct path *path);
/* An inner packet to be protected; false: it neither left nor waits. */
bool host_send_inner(struct sim *sim, struct host *host, struct bytes packet);

/* Time has come for something: retransmission, lifetimes, held packets asking again. */
void host_expire(struct sim *sim, struct host *host);

/* With an id of its own, whose answer is awaited. False: it was not taken. */
bool host_command(struct sim *sim, struct host *host, struct command command);

/* Its addresses have changed: the core is told for every IKE SA, as roam_watch of the daemon does.
 */
void host_roam(struct sim *sim, struct host *host);

/* Its clock jumps ahead (it slept), or back. */
void host_clock_step(struct host *host, int64_t step_ns);

#endif
