/* Nothing grows without end: IKE SAs, Child SAs, what waits to be asked, what waits to be sent. */

#include "endpoint/endpoint_store.h"
#include "sim/check.h"

#define IKE_SAS_MAX 48 /* closed ones included, which are kept for a repeated request */
#define CHILD_SAS_OF_ALL_MAX 96

void check_bounds(struct sim *sim, struct host *host)
{
    const struct sa_store *store = endpoint_store(host->endpoint);
    size_t ike_sas = 0, child_sas = 0, unproven = 0, failing = 0;
    for (const struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        ike_sas++;
        unproven += sa->unproven;
        failing += sa->unproven && sa->failures > 0;
        for (const struct child_sa *child = sa->children; child != NULL; child = child->next) {
            child_sas++;
        }
    }
    if (ike_sas > IKE_SAS_MAX || child_sas > CHILD_SAS_OF_ALL_MAX) {
        sim_violation(sim, host, "%zu IKE SAs and %zu Child SAs", ike_sas, child_sas);
    }
    if (store->half_open.count != unproven || store->half_open.failing != failing) {
        sim_violation(sim, host,
                      "counts %zu strangers, %zu of them failing, and there are %zu, %zu",
                      store->half_open.count, store->half_open.failing, unproven, failing);
    }
    if (store->datagram_first != NULL || store->event_first != NULL) {
        sim_violation(sim, host, "the core's queues do not empty");
    }
}
