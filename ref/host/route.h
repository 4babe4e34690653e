/* The one routing table that is ours and the rule that leads to it: RFC 4301 says what is
 * protected, these make the kernel hand it over. */
#ifndef IKEREF_HOST_ROUTE_H
#define IKEREF_HOST_ROUTE_H

#include "host/prefix.h"

#define ROUTE_RULE_PRIORITY 4500
#define ROUTE_RULE_PRIORITY_LAST 45000 /* behind every table the machine has */
#define ROUTE_METRIC_TUN 100
#define ROUTE_METRIC_UNREACHABLE 9000 /* worse: counts when the TUN's route is gone */
#define ROUTE_METRIC_GUARD                                                                         \
    9001 /* unreachable too: while an earlier instance's routes make way for ours */

struct route {
    struct prefix to;
    unsigned interface; /* 0: unreachable, so that nothing passes */
    uint32_t metric;
    struct address source; /* preferred local address; NONE: the kernel's choice */
    uint32_t mtu;          /* of packets that go by it; 0: the interface's */
};

/* Adds it or replaces the one of the same prefix and metric; 0 or an errno. */
int route_put(uint32_t table, const struct route *route);
int route_remove(uint32_t table, const struct route *route);

/* All packets without our mark look in the table first; 0 or an errno (EEXIST is none). */
int route_rule_add(uint8_t family, uint32_t table, uint32_t mark);

/* Packets that no other table has a route for look in the table; 0 or an errno. */
int route_rule_add_last(uint8_t family, uint32_t table);

/* Removes the rules and every static unicast or unreachable route of the table, whichever instance
 * left it; how many there were. */
size_t route_clear(uint8_t family, uint32_t table);

/* The same but for routes of metric `keep` and the rule of that mark: no packet gets past them
 * meanwhile. */
size_t route_clear_others(uint8_t family, uint32_t table, uint32_t keep, uint32_t mark);

/* Removes the table's routes of that metric. */
void route_clear_metric(uint8_t family, uint32_t table, uint32_t metric);

/* True when the table holds a route to an interface: those go when their daemon does, so one is
 * alive. */
bool route_table_alive(uint8_t family, uint32_t table);

#endif
