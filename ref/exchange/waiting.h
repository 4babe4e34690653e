/* What waits for public-key work that the host has done elsewhere (sa/job.h): a message of the
 * peer's that has been opened, or a request of ours that is to be built. Its IKE SA is busy until
 * then: what comes for it meanwhile are copies of what is being worked on, to which there is no
 * response yet to repeat (RFC 7296 2.1), since the window is one (2.3). Whoever sent them sends
 * them again.
 *
 * To be asked only where the host wants jobs; else the handlers do it themselves, at once. */
#ifndef IKEREF_EXCHANGE_WAITING_H
#define IKEREF_EXCHANGE_WAITING_H

#include "exchange/fragmentation.h"

/* True: the message, whose turn it is, waits in a job; or there are too many jobs, and it is as if
 * it had not come: *lost. False: its handler has no such work, or it has been done. */
bool waiting_message(struct sa_store *store, struct ike_sa *sa, const struct exchange_input *in,
                     const struct opened *opened, bool *lost);

/* True: sa->request, of which there is the task so far, waits. How many there are of these is up to
 * our host, so they always find a place. */
bool waiting_request(struct sa_store *store, struct ike_sa *sa);

#endif
