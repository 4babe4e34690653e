/* Policies lead to an outbound SA by its SPI, so that a rekey is one change of them; inbound ones
 * want any SA with the peer, so that the old one and the new one both serve. */
#include "host/xfrm_pair.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "esp/esp_pair.h"
#include "host/xfrm_problem.h"
#include "host/xfrm_selector.h"
#include "host/xfrm_tag.h"

#define OUTBOUND_WINDOW 32 /* the kernel wants one with ESN, though nothing is received here */
#define MOVE_SKIP 1024     /* sequence numbers left out when an outbound SA is made anew */
#define RANK_OF_SAS (UINT64_C(1) << 32) /* above the standing policies, see xfrm_standing.c */

struct xfrm_sa_id xfrm_pair_inbound(const struct xfrm_pair *pair)
{
    return (struct xfrm_sa_id){.spi = pair->spi_in, .destination = pair->path.local.ip};
}

struct xfrm_sa_id xfrm_pair_outbound(const struct xfrm_pair *pair)
{
    return (struct xfrm_sa_id){.spi = pair->spi_out, .destination = pair->path.remote.ip};
}

static struct xfrm_sa_path path_in(const struct path *path, bool udp_encapsulation)
{
    return (struct xfrm_sa_path){
        .source = path->remote, .destination = path->local, .udp_encapsulation = udp_encapsulation};
}

static struct xfrm_sa_path path_out(const struct path *path, bool udp_encapsulation)
{
    return (struct xfrm_sa_path){
        .source = path->local, .destination = path->remote, .udp_encapsulation = udp_encapsulation};
}

/* ---- SAs ---- */

static uint64_t least(uint64_t configured, uint64_t natural)
{
    return configured != 0 && configured < natural ? configured : natural;
}

/* Without ESN the numbers end (RFC 4303 3.3.3): a limit in packets stands for that. */
static struct esp_lifetime lifetime_out(const struct esp_lifetime *lifetime, bool esn)
{
    struct esp_lifetime out = *lifetime;
    if (!esn) {
        out.soft_packets = least(out.soft_packets, UINT32_MAX - SEQUENCE_SOFT_MARGIN);
        out.hard_packets = least(out.hard_packets, UINT32_MAX);
    }
    return out;
}

static int states_add(const struct xfrm_pair *pair, const struct event *event,
                      const struct child_config *config, const struct xfrm_selector_list *selectors)
{
    const struct child_sa_info *child = &event->child;
    struct xfrm_sa sa = {
        .spi = pair->spi_in,
        .reqid = xfrm_reqid_of_peer(pair->mark, pair->peer_index),
        .path = path_in(&pair->path, pair->udp_encapsulation),
        .protection = &child->protection,
        .encryption = &child->encryption_in,
        .integrity = &child->integrity_in,
        .transport_mode = pair->transport_mode,
        .esn = child->esn,
        .copy_dscp = config->copy_dscp,
        .ecn = config->ecn,
        .clear_df = config->df == DF_CLEAR,
        .replay_window = config->replay_window,
        .lifetime = pair->lifetime,
        .tell_first_packet = pair->standby,
    };
    if (selectors->count == 1) {
        sa.selector = xfrm_selector_reversed(&selectors->items[0]);
    }
    int error = xfrm_state_add(&sa);
    if (error != 0) {
        return error;
    }
    sa.spi = pair->spi_out;
    sa.path = path_out(&pair->path, pair->udp_encapsulation);
    sa.encryption = &child->encryption_out;
    sa.integrity = &child->integrity_out;
    sa.replay_window = sa.esn ? OUTBOUND_WINDOW : 0;
    sa.lifetime = lifetime_out(&pair->lifetime, sa.esn);
    sa.tell_first_packet = false;
    if (selectors->count == 1) {
        sa.selector = selectors->items[0];
    }
    error = xfrm_state_add(&sa);
    if (error != 0) {
        struct xfrm_sa_id inbound = xfrm_pair_inbound(pair);
        xfrm_state_remove(&inbound);
    }
    return error;
}

/* ---- policies ---- */

static int policies_put(const struct xfrm_pair *pair, uint8_t direction,
                        const struct xfrm_selector_list *selectors, struct xfrm_policy_table *table)
{
    bool out = direction == XFRM_POLICY_OUT;
    struct xfrm_policy policy = {
        .direction = direction,
        .priority = xfrm_priority_of_child(pair->mark, pair->peer_index, pair->child_index, true),
        .action = XFRM_ACTION_ESP,
        .transport_mode = pair->transport_mode,
        .reqid = xfrm_reqid_of_peer(pair->mark, pair->peer_index),
        .spi = out ? pair->spi_out : 0,
    };
    if (out && !pair->transport_mode) {
        policy.source = pair->path.local.ip;
        policy.destination = pair->path.remote.ip;
    }
    int error = 0;
    for (size_t i = 0; i < selectors->count && error == 0; i++) {
        policy.selector = out ? selectors->items[i] : xfrm_selector_reversed(&selectors->items[i]);
        error = xfrm_policy_table_put(table, pair->number, RANK_OF_SAS + pair->number, &policy);
    }
    return error;
}

/* Packets for others come through `fwd`; in transport mode there are none. */
static int inbound_put(const struct xfrm_pair *pair, const struct xfrm_selector_list *selectors,
                       struct xfrm_policy_table *table)
{
    int error = policies_put(pair, XFRM_POLICY_IN, selectors, table);
    if (error == 0 && !pair->transport_mode) {
        error = policies_put(pair, XFRM_POLICY_FWD, selectors, table);
    }
    return error;
}

int xfrm_pair_send(struct xfrm_pair *pair, struct xfrm_policy_table *table)
{
    struct xfrm_selector_list selectors;
    bool fit = xfrm_selectors_of(&pair->local, &pair->remote, &selectors);
    assert(fit); /* they did when it was created */
    (void)fit;
    pair->standby = false;
    pair->sending = true;
    return policies_put(pair, XFRM_POLICY_OUT, &selectors, table);
}

void xfrm_pair_stop_sending(struct xfrm_pair *pair, struct xfrm_policy_table *table)
{
    struct xfrm_sa_id outbound = xfrm_pair_outbound(pair);
    pair->sending = false;
    xfrm_policy_table_remove(table, pair->number, XFRM_POLICY_OUT);
    xfrm_state_remove(&outbound);
}

/* ---- life ---- */

static struct xfrm_pair *pair_from(const struct event *event, const struct child_config *config)
{
    struct xfrm_pair *pair = calloc(1, sizeof(*pair));
    if (pair == NULL) {
        return NULL;
    }
    const struct child_sa_info *child = &event->child;
    const struct lifetime_config *lifetime = &config->lifetime;
    pair->peer_index = event->peer_index;
    pair->child_index = event->child_index;
    pair->spi_in = child->spi_in;
    pair->spi_out = child->spi_out;
    pair->replaces_spi_in = child->replaces_spi_in;
    pair->transport_mode = child->transport_mode;
    pair->standby = pair->awaits_packet = child->outbound_standby;
    pair->path = child->path;
    pair->udp_encapsulation = child->udp_encapsulation;
    pair->local = child->local;
    pair->remote = child->remote;
    pair->lifetime = (struct esp_lifetime){.soft_octets = lifetime->soft_octets,
                                           .hard_octets = lifetime->hard_octets,
                                           .soft_packets = lifetime->soft_packets,
                                           .hard_packets = lifetime->hard_packets};
    return pair;
}

struct xfrm_pair *xfrm_pair_create(const struct event *event, const struct child_config *config,
                                   uint32_t mark, uint64_t number, uint64_t now_ns,
                                   struct xfrm_policy_table *table, struct problem *problem)
{
    struct xfrm_selector_list selectors;
    if (!xfrm_selectors_of(&event->child.local, &event->child.remote, &selectors)) {
        problem_set(problem, EXIT_RUNTIME,
                    "these selectors are more than the kernel's policies can say; use fewer and "
                    "rounder ranges, or data-plane = \"tun\"");
        return NULL;
    }
    struct xfrm_pair *pair = pair_from(event, config);
    if (pair == NULL) {
        problem_set(problem, EXIT_RUNTIME, "no memory for one more Child SA");
        return NULL;
    }
    pair->mark = mark;
    pair->number = number;
    pair->looked_ns = pair->last_in_ns = pair->last_out_ns = now_ns;
    int error = states_add(pair, event, config, &selectors);
    if (error != 0) {
        xfrm_problem_set(problem, "the kernel refuses the SA", error, &event->child.protection);
        free(pair);
        return NULL;
    }
    error = inbound_put(pair, &selectors, table);
    if (error != 0) {
        xfrm_problem_set(problem, "the kernel refuses the policy", error, NULL);
        xfrm_pair_destroy(pair, table);
        return NULL;
    }
    return pair;
}

void xfrm_pair_destroy(struct xfrm_pair *pair, struct xfrm_policy_table *table)
{
    struct xfrm_sa_id inbound = xfrm_pair_inbound(pair);
    if (!pair->lingering) {
        xfrm_pair_stop_sending(pair, table);
    }
    xfrm_state_remove(&inbound);
    xfrm_policy_table_remove(table, pair->number, XFRM_POLICY_IN);
    xfrm_policy_table_remove(table, pair->number, XFRM_POLICY_FWD);
    free(pair);
}

int xfrm_pair_move(struct xfrm_pair *pair, const struct path *path, bool udp_encapsulation,
                   struct xfrm_policy_table *table)
{
    struct xfrm_sa_id inbound = xfrm_pair_inbound(pair), outbound = xfrm_pair_outbound(pair);
    struct xfrm_sa_path to_us = path_in(path, udp_encapsulation);
    struct xfrm_sa_path from_us = path_out(path, udp_encapsulation);
    int error = xfrm_state_move(&inbound, &to_us, 0);
    int error_out = pair->lingering ? 0 : xfrm_state_move(&outbound, &from_us, MOVE_SKIP);
    pair->path = *path;
    pair->udp_encapsulation = udp_encapsulation;
    pair->moved_reported = false;
    if (error == 0) {
        error = error_out;
    }
    if (pair->sending) { /* packets that came meanwhile are held there, and are looked at again */
        int error_policy = xfrm_pair_send(pair, table);
        error = error != 0 ? error : error_policy;
    }
    return error;
}

void xfrm_pair_started_receiving(struct xfrm_pair *pair)
{
    struct xfrm_sa_id inbound = xfrm_pair_inbound(pair);
    pair->awaits_packet = false;
    xfrm_state_set_lifetime(&inbound, &pair->lifetime);
}

bool xfrm_pair_covers(const struct xfrm_pair *pair, const struct packet_key *key)
{
    return selector_list_matches(&pair->local, &key->source, key->protocol, key->has_ports,
                                 key->source_port) &&
           selector_list_matches(&pair->remote, &key->destination, key->protocol, key->has_ports,
                                 key->destination_port);
}
