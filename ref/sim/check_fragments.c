/* Fragments are kept for a message that is still awaited, and for no other: a request that has not
 * been answered, a response to the request that is out, of an IKE SA that lives. RFC 7383 2.6. */

#include "endpoint/endpoint_store.h"
#include "sim/check.h"

void check_fragments(struct sim *sim, struct host *host)
{
    const struct sa_store *store = endpoint_store(host->endpoint);
    for (const struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        const struct reassembly *request = sa->partial_request;
        const struct reassembly *response = sa->request.partial_response;
        if (request != NULL && request->message_id != sa->expected_request) {
            sim_violation(sim, host, "keeps fragments of request %u and waits for %u",
                          (unsigned)request->message_id, (unsigned)sa->expected_request);
        }
        if (response != NULL &&
            (!sa->request.active || response->message_id != sa->request.message_id)) {
            sim_violation(sim, host, "keeps fragments of response %u, which it does not wait for",
                          (unsigned)response->message_id);
        }
        if (request != NULL && sa->state == IKE_SA_CLOSED) {
            sim_violation(sim, host, "keeps fragments for an IKE SA that has ended");
        }
        if ((request != NULL && reassembly_is_complete(request)) ||
            (response != NULL && reassembly_is_complete(response))) {
            sim_violation(sim, host, "keeps the fragments of a message that is whole");
        }
    }
}
