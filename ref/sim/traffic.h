/* Inner packets: who sends when, and what they look like. */
#ifndef IKEREF_SIM_TRAFFIC_H
#define IKEREF_SIM_TRAFFIC_H

#include "sim/sim.h"

#define TRAFFIC_MARK "PLAINTEXT" /* at the start of every inner payload, never on the wire */
#define TRAFFIC_MARK_LENGTH 9

/* All flows begin now, each at a moment of its own. */
void traffic_start(struct sim *sim);
/* No flow sends any more. */
void traffic_stop(struct sim *sim);

/* When the next packet is due; UINT64_MAX: never. */
uint64_t traffic_next_ns(const struct sim *sim);
/* Sends what is due. */
void traffic_send(struct sim *sim);

/* From here on packets count as new. */
void traffic_mark(struct sim *sim);
/* Every flow has delivered a new packet. NULL when so, else which has not. */
const struct flow *traffic_stuck(const struct sim *sim);
/* New packets sent and not delivered, of all flows. */
uint64_t traffic_missing(const struct sim *sim);

/* Reading one that came out: its number, and a mark of what must not change. */
bool traffic_number(struct bytes packet, uint64_t *number);
uint64_t traffic_content(struct bytes packet);
void traffic_delivered(struct sim *sim, const struct host *host, struct bytes packet,
                       uint64_t number);

#endif
