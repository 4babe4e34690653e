/* Child SAs of two peers that the same packets would fit: behind NATs two clients may have one
 * inner address, behind one NAT all of them are one address. RFC 3948 5.1, 5.2. */
#ifndef IKEREF_EXCHANGE_CHILD_CONFLICT_H
#define IKEREF_EXCHANGE_CHILD_CONFLICT_H

#include "exchange/exchange.h"

/* Beside the Child SA that `made` would be (its mode and selectors), of that child of sa's peer,
 * somebody else has one already, so that nobody could say whose a packet is that we send. The same
 * identity is the same peer, whatever became of its older Child SAs (RFC 7296 2.4, 2.8.3). */
bool child_conflict_exists(const struct sa_store *store, const struct ike_sa *sa,
                           uint16_t child_index, const struct child_sa *made);

#endif
