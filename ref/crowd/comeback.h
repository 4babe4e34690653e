/* Everybody comes back at once: to a gateway that has lost all it knew, or, after they have lost
 * it themselves, to one that still has their old SAs. */
#ifndef IKEREF_CROWD_COMEBACK_H
#define IKEREF_CROWD_COMEBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct comeback_config {
    size_t pairs;
    unsigned spread_s;  /* all begin within so much time, one after the other */
    unsigned rate;      /* datagrams that the gateway takes in a second; others wait, */
    size_t waiting_max; /* so many of them, and what comes then is lost */
    bool gateway_lost;  /* else the gateway has kept their old SAs */
};

struct comeback_report {
    size_t back;           /* clients that have a Child SA that carries packets */
    size_t stale;          /* IKE SAs at the gateway beyond those */
    size_t seconds;        /* from the first until the last is back */
    size_t half_open_most; /* at one time, and */
    size_t half_open_max;  /* what the configuration allows */
    uint64_t cookies;      /* demanded */
    size_t dropped;        /* datagrams for which there was no room */
    size_t again;          /* clients that gave up and began anew, each time */
    uint64_t cpu_ns;       /* processor time of both sides */
};

void comeback_play(const struct comeback_config *config, struct comeback_report *out);

#endif
