/* Looking at an endpoint: for a person's status, and for tests. */

#include <string.h>

#include "endpoint/endpoint.h"
#include "endpoint/endpoint_store.h"

/* What a person wants to see: in a flood, half-open ones are for the counter. */
static bool is_shown(const struct sa_store *store, const struct ike_sa *sa)
{
    bool hidden = sa->state == IKE_SA_HALF_OPEN && store->half_open.count > HALF_OPEN_SHOWN_MAX;
    return sa->state != IKE_SA_CLOSED && !sa->silent && !hidden;
}

bool endpoint_ike_sa_after(const struct endpoint *endpoint, uint32_t id, struct ike_sa_status *out)
{
    const struct sa_store *store = endpoint_store(endpoint);
    const struct ike_sa *sa = sa_store_after(store, id);
    while (sa != NULL && !is_shown(store, sa)) {
        sa = sa->previous;
    }
    if (sa == NULL) {
        return false;
    }
    *out = (struct ike_sa_status){
        .id = sa->id,
        .peer_index = sa->peer_index,
        .state = ike_sa_state_name(sa->state),
        .info = ike_sa_describe(sa),
        .established_ns = sa->established_ns,
        .rekey_at_ns = sa->soft_ns,
        .message_id_next_request = sa->next_request,
        .message_id_expected = sa->expected_request,
        .outstanding = sa->request.active,
        .retransmitted = sa->retransmitted,
        .duplicates = sa->duplicates,
        .peer_addresses = sa->peer_addresses,
    };
    return true;
}

bool endpoint_child_sa_after(const struct endpoint *endpoint, uint32_t id,
                             struct child_sa_status *out)
{
    const struct child_sa *c = sa_store_child_after(endpoint_store(endpoint), id);
    while (c != NULL && c->redundant) {
        c = c->newer;
    }
    if (c == NULL) {
        return false;
    }
    *out = (struct child_sa_status){
        .id = c->id,
        .ike_sa = c->owner->id,
        .peer_index = c->owner->peer_index,
        .child_index = c->child_index,
        .state = child_sa_state_name(c->state),
        .installed_ns = c->installed_ns,
        .rekey_at_ns = c->soft_ns,
        .info = child_sa_describe(c->owner, c),
    };
    return true;
}

void endpoint_counters(const struct endpoint *endpoint, struct endpoint_counters *out)
{
    const struct sa_store *store = endpoint_store(endpoint);
    memset(out, 0, sizeof *out);
    out->datagrams_in = store->counters.datagrams_in;
    out->datagrams_out = store->counters.datagrams_out;
    out->dropped = store->counters.dropped;
    out->invalid = store->counters.invalid;
    out->cookies_sent = store->counters.cookies_sent;
    out->puzzles_sent = store->counters.puzzles_sent;
    out->puzzles_solved = store->counters.puzzles_solved;
    out->requests_refused = store->counters.requests_refused;
    out->retransmissions = store->counters.retransmissions;
    out->fragments_in = store->counters.fragments_in;
    out->fragments_out = store->counters.fragments_out;
    out->half_open = sa_store_half_open_count(store);
    for (const struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        out->ike_sas += ike_sa_is_up(sa);
        for (const struct child_sa *c = sa->children; c != NULL; c = c->next) {
            out->child_sas += !c->redundant;
        }
    }
}
