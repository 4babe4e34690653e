/* What must hold in every run. One file a rule: check_<rule>.c; a broken one is a violation and
 * ends the run. docs/SIMULATION.md lists them. */
#ifndef IKEREF_SIM_CHECK_H
#define IKEREF_SIM_CHECK_H

#include "sim/sim.h"
#include "wire/ike_header.h"

void checks_reset(struct sim *sim);
void checks_free(struct sim *sim);

/* ---- each is called where something happens ---- */

/* What the core tells, before the record of the host changes. */
void check_event(struct sim *sim, struct host *host, const struct event *event);
/* An IKE message leaves. */
void check_message_sent(struct sim *sim, struct host *host, struct bytes octets);
/* One has arrived, spoilt or not, before the core sees it. */
void check_message_received(struct sim *sim, struct host *host, struct bytes octets);
/* ESP leaves. */
void check_esp_sent(struct sim *sim, struct host *host, struct bytes octets);
/* An inner packet has come out of the data plane, under that inbound SA. */
void check_inner_arrived(struct sim *sim, struct host *host, uint32_t spi_in, struct bytes octets);
/* After every act of the script: the host knows what the core has, and there is not too much. */
void check_between_acts(struct sim *sim, struct host *host);

/* ---- one rule each, called by those above ---- */

/* check_keys.c: no key serves twice. */
void check_keys(struct sim *sim, struct host *host, const struct event *event);
/* check_gone.c: what is gone stays gone. */
void check_gone_event(struct sim *sim, struct host *host, const struct event *event);
void check_gone_message(struct sim *sim, struct host *host, const struct ike_header *header);
bool check_gone_spi_out(const struct sim *sim, const struct host *host, uint32_t spi_out);
bool check_gone_spi_in(const struct sim *sim, const struct host *host, uint32_t spi_in);
/* check_window.c: one request at a time, in order, and answered before the next. */
void check_window_sent(struct sim *sim, struct host *host, const struct ike_header *header);
void check_window_received(struct sim *sim, struct host *host, const struct ike_header *header);
/* check_puzzles.c: who was given a puzzle solves it. */
void check_puzzles_sent(struct sim *sim, struct host *host, const struct ike_header *header,
                        struct bytes octets);
void check_puzzles_received(struct sim *sim, struct host *host, const struct ike_header *header,
                            struct bytes octets);
/* check_inside.c: fresh nonces, seen with the keys the cores have told. */
void check_inside_keys(struct sim *sim, const struct event *event);
void check_inside_forget(struct sim *sim);
void check_inside(struct sim *sim, struct host *host, const struct ike_header *header,
                  struct bytes octets);
/* check_reasons.c: without a fault that explains it, no SA is lost. */
void check_reasons(struct sim *sim, struct host *host, const struct event *event);
/* check_owners.c: host, core and data plane have the same SAs. */
void check_owners(struct sim *sim, struct host *host);
/* check_fragments.c: fragments are kept for a message that is still awaited. */
void check_fragments(struct sim *sim, struct host *host);
/* check_bounds.c: nothing grows without end. */
void check_bounds(struct sim *sim, struct host *host);
/* check_due.c: what is due is known, whatever happened in between. */
void check_due(struct sim *sim, struct host *host);

/* ---- asked by the run ---- */

/* check_agreement.c: both sides of every pair have the same SAs. NULL when so, else what is not. */
const char *check_agreement(struct sim *sim);
/* check_end.c: everything has been deleted. NULL when nothing is left, else what. */
const char *check_nothing_left(struct sim *sim);

#endif
