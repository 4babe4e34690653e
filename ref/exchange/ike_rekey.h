/* Rekey of the IKE SA, RFC 7296 1.3.2, 2.18, and its collisions, 2.8.2 and 2.25. */
#ifndef IKEREF_EXCHANGE_IKE_REKEY_H
#define IKEREF_EXCHANGE_IKE_REKEY_H

#include "exchange/exchange.h"

enum status ike_rekey_create_request(struct sa_store *store, struct ike_sa *sa,
                                     struct chain_writer *chain);
void ike_rekey_consume_response(struct sa_store *store, struct ike_sa *sa, struct request *request,
                                const struct exchange_input *in);
consume_request_function ike_rekey_consume_request;

/* The IKE SA that the peer's rekey made while this rekey of ours is out, if it is still there. */
struct ike_sa *ike_rekey_rival(struct sa_store *store, const struct request *request);

/* The peer uses an IKE SA that we made for its rekey while ours was still out: so it is the one
 * that stays, and what there was is inherited now. */
void ike_rekey_believe(struct sa_store *store, struct ike_sa *heir);

/* `heir` takes over the Child SAs and everything that waits; `old` has only its Delete left. */
void ike_rekey_inherit(struct sa_store *store, struct ike_sa *old, struct ike_sa *heir);

#endif
