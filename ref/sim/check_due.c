/* What is due is known: each IKE SA has the place among the deadlines that it had if all were
 * looked at, unless it is going to be looked at before anybody asks. */

#include "endpoint/endpoint_store.h"
#include "endpoint/timers.h"
#include "sim/check.h"

void check_due(struct sim *sim, struct host *host)
{
    const struct sa_store *store = endpoint_store(host->endpoint);
    size_t ike_sas = 0;
    for (const struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        uint64_t at_ns = store->due.entries[sa->due_place].at_ns, due_ns = timers_due(sa);
        ike_sas++;
        if (at_ns != 0 && at_ns != due_ns) {
            sim_violation(sim, host, "IKE SA %u is due at %llu ns and thought to be at %llu ns",
                          (unsigned)sa->id, (unsigned long long)due_ns, (unsigned long long)at_ns);
        }
    }
    if (ike_sas != store->due.count) {
        sim_violation(sim, host, "of %zu IKE SAs it knows when %zu are due", ike_sas,
                      store->due.count);
    }
}
