/* The n-th client has the n-th address of the configuration's own net, as if each were assigned
 * one: no two ask for the same traffic. */

#include "load/members.h"

#include <stdlib.h>

bool members_address_add(struct address *address, size_t n)
{
    size_t i = address_length(address);
    while (i-- > 0 && n > 0) {
        n += address->octets[i];
        address->octets[i] = (uint8_t)n;
        n >>= 8;
    }
    return n == 0;
}

static bool config_check(const struct host_config *config, struct problem *problem)
{
    const struct endpoint_config *endpoint = &config->endpoint;
    if (endpoint->peer_count != 1 || endpoint->peers[0].child_count != 1) {
        return problem_set(problem, EXIT_USAGE,
                           "the configuration must have one peer with one child: all clients are "
                           "like it");
    }
    return true;
}

static bool inners_make(struct members *out, const struct child_config *child, size_t clients,
                        bool whole, struct problem *problem)
{
    bool own_each = !whole && !child->transport_mode;
    out->crowd.inner_count = own_each ? clients : 1;
    out->inners = calloc(out->crowd.inner_count, sizeof *out->inners);
    for (size_t i = 0; out->inners != NULL && own_each && i < clients; i++) {
        const struct traffic_selector *net = &child->local.items[0];
        struct address own = net->start;
        if (!members_address_add(&own, i) || address_compare(&own, &net->end) > 0) {
            return problem_set(problem, EXIT_USAGE,
                               "`local` has no address for each of %zu clients; give a larger net, "
                               "or --whole",
                               clients);
        }
        out->inners[i].count = 1;
        out->inners[i].items[0] = selector_host(&own);
    }
    return out->inners != NULL || problem_set(problem, EXIT_ENVIRONMENT, "no memory");
}

static bool initiates_make(struct members *out, const struct command *route, size_t sources,
                           struct problem *problem)
{
    out->crowd.initiate_count = sources;
    out->initiates = calloc(sources, sizeof *out->initiates);
    for (size_t i = 0; out->initiates != NULL && i < sources; i++) {
        struct command *initiate = &out->initiates[i];
        *initiate = *route;
        if (!members_address_add(&initiate->path.local.ip, i)) {
            return problem_set(problem, EXIT_USAGE, "there are no %zu addresses after ours",
                               sources);
        }
        initiate->addresses.count = 1;
        initiate->addresses.items[0] = initiate->path.local.ip;
    }
    return out->initiates != NULL || problem_set(problem, EXIT_ENVIRONMENT, "no memory");
}

bool members_open(struct members *out, const struct host_config *config,
                  const struct command *route, size_t clients, size_t sources, bool whole,
                  struct problem *problem)
{
    *out = (struct members){.crowd = {.config = &config->endpoint}};
    if (!config_check(config, problem) ||
        !inners_make(out, &config->endpoint.peers[0].children[0], clients, whole, problem) ||
        !initiates_make(out, route, sources, problem)) {
        members_close(out);
        return false;
    }
    out->crowd.initiates = out->initiates;
    out->crowd.inners = out->inners;
    return true;
}

void members_close(struct members *members)
{
    free(members->initiates);
    free(members->inners);
    *members = (struct members){0};
}
