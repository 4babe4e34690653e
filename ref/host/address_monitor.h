/* Hears of changes to links, addresses, routes and rules; several in a row count as one. */
#ifndef IKEREF_HOST_ADDRESS_MONITOR_H
#define IKEREF_HOST_ADDRESS_MONITOR_H

#include "host/event_loop.h"

struct address_monitor {
    struct event_source source;
    uint32_t own_table; /* routes in here are our own doing */
    uint64_t changes;   /* heard of so far */
    uint64_t taken;     /* of them, by address_monitor_take */
};

bool address_monitor_open(struct address_monitor *monitor, struct event_loop *loop,
                          uint32_t own_table, struct problem *problem);
void address_monitor_close(struct address_monitor *monitor, struct event_loop *loop);

/* True once after one or more changes. */
bool address_monitor_take(struct address_monitor *monitor);

#endif
