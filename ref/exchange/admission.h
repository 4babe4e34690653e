/* Which IKE_SA_INIT requests may cost us an IKE SA: the plan of RFC 8019 6 for defending a
 * responder, with the cookies of RFC 7296 2.6 and the puzzles of RFC 8019 7.1. Until a request is
 * admitted nothing is kept of it, no key is made, and what it is answered is no longer than itself.
 */
#ifndef IKEREF_EXCHANGE_ADMISSION_H
#define IKEREF_EXCHANGE_ADMISSION_H

#include "exchange/exchange.h"

struct admission {
    bool attacked;       /* half-open IKE SAs live shortly, and have no keys before IKE_AUTH */
    bool solved;         /* it has solved a puzzle: it may take its time, */
    bool puzzle;         /* and is to solve another before IKE_AUTH (RFC 8019 7.2.1) */
    struct bytes cookie; /* of the puzzle, a view into the request */
};

/* STATUS_OK: the request may go on. STATUS_DROP: it may not, and if there was something to demand
 * of it, that is queued. STATUS_NOTIFY(NO_PROPOSAL_CHOSEN): it offers no PRF that we have. */
MUST_USE enum status admission_decide(struct sa_store *store, const struct exchange_input *in,
                                      struct admission *out);

/* An IKE SA was made of it: the solution is worth nothing any more. */
void admission_spend(struct sa_store *store, const struct admission *admission);

/* IKE_AUTH in the open of an IKE SA that this many datagrams have failed: may one more be opened? A
 * stranger's half-open IKE SA is to cost only so much (RFC 8019 3), but is never taken away from an
 * honest initiator by somebody who has seen its SPIs. */
bool admission_may_open(const struct sa_store *store, const struct ike_sa *sa);

#endif
