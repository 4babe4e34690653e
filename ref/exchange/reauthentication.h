/* Reauthentication, RFC 7296 2.8.3: a new IKE SA from scratch beside the old one, with the Child
 * SAs that the old one has; the old one is deleted when all of them are there, and not before. */
#ifndef IKEREF_EXCHANGE_REAUTHENTICATION_H
#define IKEREF_EXCHANGE_REAUTHENTICATION_H

#include "exchange/exchange.h"

/* Starts the successor of `old`; `command` is answered when `old` is gone, or when the successor
 * has come to nothing and `old` stays. DROP: it has no Child SA that could be made again. */
MUST_USE enum status reauthentication_start(struct sa_store *store, struct ike_sa *old,
                                            uint64_t command);

/* Nothing is out in this IKE SA: when it has all that it was made for, what it replaces is deleted.
 */
void reauthentication_conclude(struct sa_store *store, struct ike_sa *sa);

/* A rekey comes between: `heir` stands for `old` from now on, as successor and as what is replaced.
 */
void reauthentication_inherit(struct sa_store *store, struct ike_sa *old, struct ike_sa *heir);

/* A Child SA of the old one cannot be had in this one: the old one stays, and this one goes. */
void reauthentication_fail(struct sa_store *store, struct ike_sa *sa, enum status status);

#endif
