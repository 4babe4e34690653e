/* From the configuration to the kernel's SPD. */
#include "host/xfrm_standing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "host/policy_routes.h"
#include "host/xfrm_problem.h"
#include "host/xfrm_selector.h"
#include "host/xfrm_tag.h"

#define OWNER_TAG (UINT64_C(1) << 63) /* SAs are owners by their number */
#define OWNER_BYPASS OWNER_TAG
#define ND_TYPE_FIRST 133 /* router solicitation to redirect, RFC 4861 4 */
#define ND_TYPE_LAST 137

static uint64_t owner_of(uint16_t peer, uint16_t child)
{
    return OWNER_TAG | (1 + (uint64_t)peer * CHILDREN_MAX + child);
}

/* The first of the configuration comes first; SAs (xfrm_pair.c) come before all of these. */
static uint64_t rank_of(uint16_t peer, uint16_t child)
{
    return (uint64_t)PEERS_MAX * CHILDREN_MAX - (uint64_t)peer * CHILDREN_MAX - child;
}

/* ---- in the clear ---- */

static bool is_no_family(int error)
{
    return error == EAFNOSUPPORT || error == EOPNOTSUPP;
}

static int bypass_put(const struct host_config *config, struct xfrm_policy_table *table,
                      struct xfrm_policy *policy)
{
    policy->priority = xfrm_priority_of_bypass(config->mark);
    policy->action = XFRM_ACTION_BYPASS;
    int error = xfrm_policy_table_put(table, OWNER_BYPASS, UINT64_MAX, policy);
    return policy->selector.family == AF_INET6 && is_no_family(error) ? 0 : error;
}

static int neighbour_discovery_put(const struct host_config *config,
                                   struct xfrm_policy_table *table)
{
    static const uint8_t directions[] = {XFRM_POLICY_OUT, XFRM_POLICY_IN};
    int error = 0;
    for (size_t i = 0; i < 2; i++) {
        for (uint16_t type = ND_TYPE_FIRST; type <= ND_TYPE_LAST && error == 0; type++) {
            struct xfrm_policy policy = {.direction = directions[i],
                                         .selector = {.family = AF_INET6,
                                                      .proto = IP_PROTOCOL_ICMPV6,
                                                      .sport = htons(type),
                                                      .sport_mask = UINT16_MAX}};
            error = bypass_put(config, table, &policy);
        }
    }
    return error;
}

bool xfrm_standing_bypasses(const struct host_config *config, struct xfrm_policy_table *table,
                            struct problem *problem)
{
    static const uint16_t families[] = {AF_INET, AF_INET6};
    int error = 0;
    for (size_t i = 0; i < 2 && error == 0; i++) {
        struct xfrm_policy policy = {
            .direction = XFRM_POLICY_OUT, .selector.family = families[i], .mark = config->mark};
        error = bypass_put(config, table, &policy);
    }
    if (error == 0) {
        error = neighbour_discovery_put(config, table);
    }
    return error == 0 ||
           xfrm_problem_set(problem, "cannot let IKE pass the kernel's policies", error, NULL);
}

/* ---- children ---- */

/* This host, whatever its addresses will be: what an empty local selector stands for in transport
 * mode. */
static struct selector_list local_selectors(const struct child_config *child,
                                            const struct selector_list *remote)
{
    struct selector_list out = child->local;
    bool have[2] = {false, false}; /* IPv4, IPv6 */
    for (size_t i = 0; child->local.count == 0 && i < remote->count; i++) {
        uint8_t family = remote->items[i].start.family;
        if (!have[family == ADDRESS_V6]) {
            have[family == ADDRESS_V6] = true;
            out.items[out.count++] = selector_any(family);
        }
    }
    return out;
}

/* Who may start an SA and knows where asks for it; everybody else's packets end here. */
static struct xfrm_policy policy_without_sa(const struct host_config *config, uint16_t peer_index,
                                            uint16_t child_index)
{
    const struct peer_config *peer = &config->endpoint.peers[peer_index];
    const struct child_config *child = &peer->children[child_index];
    struct xfrm_policy policy = {
        .direction = XFRM_POLICY_OUT,
        .priority = xfrm_priority_of_child(config->mark, peer_index, child_index, false),
        .action = XFRM_ACTION_ESP,
        .transport_mode = child->transport_mode,
        .reqid = xfrm_reqid_of_none(config->mark),
    };
    if (!child->transport_mode && peer->remote_addresses.count != 0) {
        policy.destination = peer->remote_addresses.items[0];
    }
    if (child->start == START_NEVER ||
        (!child->transport_mode && peer->remote_addresses.count == 0)) {
        policy.action = XFRM_ACTION_BLOCK;
    }
    return policy;
}

static int child_put(const struct host_config *config, uint16_t peer, uint16_t child,
                     const struct xfrm_selector_list *selectors, struct xfrm_policy_table *table)
{
    static const uint8_t inbound[] = {XFRM_POLICY_IN, XFRM_POLICY_FWD};
    struct xfrm_policy out = policy_without_sa(config, peer, child), in = out;
    in.action = XFRM_ACTION_ESP;
    in.reqid = xfrm_reqid_of_peer(config->mark, peer);
    in.destination = (struct address){0};
    int error = 0;
    for (size_t i = 0; i < selectors->count && error == 0; i++) {
        out.selector = selectors->items[i];
        in.selector = xfrm_selector_reversed(&selectors->items[i]);
        error = xfrm_policy_table_put(table, owner_of(peer, child), rank_of(peer, child), &out);
        for (size_t j = 0; j < (in.transport_mode ? 1 : 2) && error == 0; j++) {
            in.direction = inbound[j];
            error = xfrm_policy_table_put(table, owner_of(peer, child), rank_of(peer, child), &in);
        }
        if (out.selector.family == AF_INET6 && is_no_family(error)) {
            error = 0; /* no such packets either */
        }
    }
    return error;
}

static bool child_stand(const struct host_config *config, uint16_t peer, uint16_t child,
                        const struct selector_list *remote, struct xfrm_policy_table *table,
                        struct problem *problem)
{
    const struct child_config *child_config = &config->endpoint.peers[peer].children[child];
    struct selector_list local = local_selectors(child_config, remote);
    struct xfrm_selector_list selectors;
    if (!xfrm_selectors_of(&local, remote, &selectors)) {
        return problem_set(problem, EXIT_USAGE,
                           "the selectors of child \"%s\" are more than the kernel's policies can "
                           "say; use fewer and rounder ranges, or data-plane = \"tun\"",
                           child_config->name);
    }
    int error = child_put(config, peer, child, &selectors, table);
    if (error != 0) {
        char what[NAME_MAX_LENGTH + 64];
        snprintf(what, sizeof(what), "cannot install the policy of child \"%s\"",
                 child_config->name);
        return xfrm_problem_set(problem, what, error, NULL);
    }
    return true;
}

bool xfrm_standing_children(const struct host_config *config, struct xfrm_policy_table *table,
                            struct problem *problem)
{
    for (uint16_t i = 0; i < config->endpoint.peer_count; i++) {
        const struct peer_config *peer = &config->endpoint.peers[i];
        for (uint16_t j = 0; j < peer->child_count; j++) {
            struct selector_list remote;
            child_remote_selectors(peer, &peer->children[j], &remote);
            if (!child_stand(config, i, j, &remote, table, problem)) {
                return false;
            }
        }
    }
    return true;
}

bool xfrm_standing_learn(const struct host_config *config, uint16_t peer, uint16_t child,
                         const struct selector_list *remote, struct xfrm_policy_table *table,
                         struct problem *problem)
{
    const struct peer_config *peer_config = &config->endpoint.peers[peer];
    struct selector_list known;
    child_remote_selectors(peer_config, &peer_config->children[child], &known);
    return known.count != 0 || child_stand(config, peer, child, remote, table, problem);
}

void xfrm_standing_refresh(const struct xfrm_policy_table *table, uint16_t peer, uint16_t child)
{
    xfrm_policy_table_refresh(table, owner_of(peer, child), XFRM_POLICY_OUT);
}

/* ---- those of an earlier instance ---- */

struct clearing {
    const struct xfrm_policy_table *table;
    bool remove;
    size_t count;
};

static void clear_one(void *context, const struct xfrm_policy *policy)
{
    struct clearing *clearing = context;
    if (clearing->table != NULL && xfrm_policy_table_has(clearing->table, policy)) {
        return;
    }
    clearing->count += !clearing->remove || xfrm_policy_remove(policy) == 0;
}

static size_t ours_look(const struct host_config *config, struct clearing clearing)
{
    xfrm_policy_each(xfrm_tag_first(config->mark), xfrm_tag_last(config->mark), clear_one,
                     &clearing);
    return clearing.count;
}

size_t xfrm_standing_clear(const struct host_config *config, const struct xfrm_policy_table *table)
{
    return ours_look(config, (struct clearing){.table = table, .remove = true});
}

size_t xfrm_standing_count(const struct host_config *config)
{
    return ours_look(config, (struct clearing){.table = NULL});
}
