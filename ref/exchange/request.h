/* Our requests: one at a time, retransmitted until answered. RFC 7296 2.1 to 2.4. */
#ifndef IKEREF_EXCHANGE_REQUEST_H
#define IKEREF_EXCHANGE_REQUEST_H

#include "exchange/exchange.h"

/* Queues a task and starts it when nothing else is out. False when there is no
 * room, or no memory: its command has been answered. */
bool request_queue(struct sa_store *store, struct ike_sa *sa, const struct task *task);

/* Builds, seals and sends the request of one task at once, or when public-key work for it has been
 * done (exchange/waiting.h). STATUS_DROP: there is nothing to ask. */
MUST_USE enum status request_start(struct sa_store *store, struct ike_sa *sa,
                                   const struct task *task);

/* Starts what waits, as far as the state and the window of one allow. */
void request_start_next(struct sa_store *store, struct ike_sa *sa);

/* Sends sa->request.message as our outstanding request for `task` (request fields of the exchange
 * are kept) and starts its retransmission. */
void request_send(struct sa_store *store, struct ike_sa *sa, const struct task *task,
                  uint8_t exchange_type);

/* The same octets once more, all fragments: after a roam, or because the time has come. */
void request_resend(struct sa_store *store, struct ike_sa *sa);

/* Time has passed: retransmit, in smaller fragments if need be, or give the peer up. */
void request_expire(struct sa_store *store, struct ike_sa *sa);

/* The path takes no IP packets of more than `mtu` octets: larger fragments go no more, and smaller
 * ones at once (RFC 7383 2.5.2). A response that is kept does when it is asked for again. */
void request_narrow(struct sa_store *store, struct ike_sa *sa, size_t mtu);

/* The opened response to our outstanding request: takes the request off and hands it on. */
void request_answered(struct sa_store *store, struct ike_sa *sa, const struct exchange_input *in);

/* Frees what a request holds. */
void request_end(struct request *request);

/* For want of memory or randomness the request could not be made: once more in a while, but not for
 * ever, and then the task has ended with STATUS_INTERNAL; one that could not say an end takes the
 * whole IKE SA with it. */
void request_start_later(struct sa_store *store, struct ike_sa *sa, const struct task *task);

/* After TEMPORARY_FAILURE: again later, with growing pauses; an IKE SA that gets nothing else for
 * minutes is out of step and is closed (RFC 7296 2.25). */
void request_retry_later(struct sa_store *store, struct ike_sa *sa, const struct task *task);

#endif
