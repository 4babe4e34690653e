/* Rekey of the IKE SA, RFC 7296 1.3.2, 2.18, and its collisions, 2.8.2 and 2.25. */
#ifndef IKEREF_EXCHANGE_IKE_REKEY_H
#define IKEREF_EXCHANGE_IKE_REKEY_H

#include "exchange/exchange.h"

enum status ike_rekey_create_request(struct sa_store *store, struct ike_sa *sa,
                                     struct chain_writer *chain);
void ike_rekey_consume_response(struct sa_store *store, struct ike_sa *sa, struct request *request,
                                const struct exchange_input *in);
consume_request_function ike_rekey_consume_request;

/* `heir` takes over the Child SAs and everything that waits; `old` has only its Delete left. */
void ike_rekey_inherit(struct sa_store *store, struct ike_sa *old, struct ike_sa *heir);

#endif
