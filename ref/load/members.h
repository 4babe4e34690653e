/* Who the clients are, from a configuration of ikeref's: where each comes from, and for which
 * address of its own side it asks. */
#ifndef IKEREF_LOAD_MEMBERS_H
#define IKEREF_LOAD_MEMBERS_H

#include "host/host_config.h"
#include "host/problem.h"
#include "load/crowd.h"

struct members {
    struct crowd_members crowd;   /* points to what is below, and to the configuration */
    struct command *initiates;    /* owned */
    struct selector_list *inners; /* owned */
};

/* The configuration has one peer with one child and outlives *out. `route` is the way to the peer
 * from our first address. With `whole` all ask for what the configuration says. False: the problem
 * says what is missing, and nothing is owned. */
MUST_USE bool members_open(struct members *out, const struct host_config *config,
                           const struct command *route, size_t clients, size_t sources, bool whole,
                           struct problem *problem);
void members_close(struct members *members);

/* Adds `n` to an address as to a number. False: there is none so far. */
MUST_USE bool members_address_add(struct address *address, size_t n);

#endif
