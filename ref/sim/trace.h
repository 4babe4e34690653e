/* The ladder of a run: a line for each datagram, event and command, when it is asked for. */
#ifndef IKEREF_SIM_TRACE_H
#define IKEREF_SIM_TRACE_H

#include "sim/sim.h"

void trace_line(const struct sim *sim, const struct host *host, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void trace_ike(const struct sim *sim, const struct host *host, const char *arrow,
               const struct path *path, struct bytes octets);
void trace_esp(const struct sim *sim, const struct host *host, const char *arrow,
               const struct path *path, struct bytes octets);
void trace_event(const struct sim *sim, const struct host *host, const struct event *event);
void trace_command(const struct sim *sim, const struct host *host, const struct command *command);
/* What became of something; nothing is said of what went well. */
void trace_status(const struct sim *sim, const struct host *host, enum status status);
void trace_verdict(const struct sim *sim, const struct host *host, enum packet_verdict verdict);

#endif
