/* The configuration of a run's hosts, from its script. */
#ifndef IKEREF_SIM_CONFIG_H
#define IKEREF_SIM_CONFIG_H

#include "sim/sim.h"

/* Hosts, flows and NATs as the script's settings say; nothing runs yet. */
void config_apply(struct sim *sim);

/* The address a has at this place, and where hosts outside find it. */
struct address config_place(const struct sim *sim, enum place place);
/* The host's own of that family; in a run without IPv6 there is only the other one. */
struct address config_home(const struct sim *sim, unsigned host, uint8_t family);
struct address config_second_address(void); /* b's other one */

/* Where `host` looks for its peer when it connects; false: it cannot be called (behind a NAT). */
bool config_path_to(const struct sim *sim, const struct host *host, uint16_t peer_index,
                    struct path *out);

#endif
