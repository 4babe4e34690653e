/* Client puzzles of RFC 8019 7, both roles: the initiator's search in slices, and the responder's
 * look at the first IKE_AUTH request before it costs a key exchange. */
#ifndef IKEREF_EXCHANGE_CLIENT_PUZZLE_H
#define IKEREF_EXCHANGE_CLIENT_PUZZLE_H

#include "exchange/exchange.h"

/* ---- initiator ---- */

/* Are we ready to solve this one? It may be too hard for us, or for a PRF we do not have. */
bool client_puzzle_is_fair(const struct sa_store *store, const struct puzzle_notify *puzzle);

/* The search begins: for IKE_SA_INIT over the cookie in sa->init, once the responder's SPI is known
 * for IKE_AUTH over Nr | SPIr. Meanwhile nothing is sent. STATUS_DROP: it is not fair. */
MUST_USE enum status client_puzzle_begin(struct sa_store *store, struct ike_sa *sa,
                                         const struct puzzle_notify *puzzle);

/* When the search wants to go on; UINT64_MAX: there is none. */
uint64_t client_puzzle_deadline(const struct ike_sa *sa);
/* Lets it go on when it is due: what waited for the solution is sent once it is found. */
void client_puzzle_expire(struct sa_store *store, struct ike_sa *sa);

/* ---- responder ---- */

/* To be called with the first message of a half-open IKE SA that has no keys yet: `outer` is its
 * chain in the open. STATUS_OK: the solution, if one was demanded, is good. STATUS_DROP: it is not
 * there, or wrong (7.2.4). */
MUST_USE enum status client_puzzle_check(struct sa_store *store, const struct ike_sa *sa,
                                         const struct payload_chain *outer);

#endif
