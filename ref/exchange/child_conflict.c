/* Child SAs of two peers that the same packets would fit. RFC 3948 5.1, 5.2. */

#include "exchange/child_conflict.h"

#include "sa/narrowing.h"

static bool overlap(struct selectors a, struct selectors b)
{
    struct traffic_selector both;
    for (size_t i = 0; i < a.count; i++) {
        for (size_t k = 0; k < b.count; k++) {
            if (selector_intersect(&a.items[i], &b.items[k], &both)) {
                return true;
            }
        }
    }
    return false;
}

static bool some_traffic_is_both(const struct child_sa *a, const struct child_sa *b)
{
    return overlap(a->local, b->local) && overlap(a->remote, b->remote);
}

static bool all_traffic_is_both(const struct child_sa *a, const struct child_sa *b)
{
    return selectors_within(a->local, b->local) && selectors_within(b->local, a->local) &&
           selectors_within(a->remote, b->remote) && selectors_within(b->remote, a->remote);
}

/* Two entries of the configuration may overlap, a host and the network around it for instance: the
 * first that fits a packet has it (RFC 4301 4.4.1). That decides nothing between clients of one
 * entry, and means nobody's will where the two say the same, or where a NAT made one address of two
 * hosts. */
static bool cannot_be_told_apart(const struct child_sa *a, const struct child_sa *b, bool one_entry)
{
    bool one_address = a->transport_mode && b->transport_mode;
    return one_entry || one_address ? some_traffic_is_both(a, b) : all_traffic_is_both(a, b);
}

static bool conflicts(const struct child_sa *c, const struct ike_sa *sa, uint16_t child_index,
                      const struct child_sa *made)
{
    const struct ike_sa *other = c->owner;
    bool one_entry = other->peer_index == sa->peer_index && c->child_index == child_index;
    return c->state != CHILD_SA_DELETING && !c->redundant && ike_sa_is_up(other) &&
           cannot_be_told_apart(c, made, one_entry) &&
           !identity_equal(&other->remote_id, &sa->remote_id);
}

/* Whoever has traffic in common has remote addresses in common. */
bool child_conflict_exists(const struct sa_store *store, const struct ike_sa *sa,
                           uint16_t child_index, const struct child_sa *made)
{
    for (size_t i = 0; i < made->remote.count; i++) {
        struct prefix_walk walk =
            prefix_walk_range(&store->child_by_remote, &made->remote.items[i]);
        for (const struct prefix_item *item; (item = prefix_walk_next(&walk)) != NULL;) {
            for (; item != NULL; item = item->next) {
                if (conflicts(item->owner, sa, child_index, made)) {
                    return true;
                }
            }
        }
    }
    return false;
}
