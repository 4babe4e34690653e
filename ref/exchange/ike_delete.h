/* Delete of the IKE SA, RFC 7296 1.4.1, 2.25.2. */
#ifndef IKEREF_EXCHANGE_IKE_DELETE_H
#define IKEREF_EXCHANGE_IKE_DELETE_H

#include "exchange/exchange.h"

/* Marks it as going and queues our Delete before anything else that waits. */
void ike_delete_queue(struct sa_store *store, struct ike_sa *sa, enum down_reason reason,
                      uint64_t command);

enum status ike_delete_create_request(struct sa_store *store, struct ike_sa *sa,
                                      struct chain_writer *chain);
void ike_delete_consume_response(struct sa_store *store, struct ike_sa *sa, struct request *request,
                                 const struct exchange_input *in);

/* The peer deletes the IKE SA: an empty answer, then the end. */
void ike_delete_answer(struct sa_store *store, struct ike_sa *sa, struct exchange_reply *reply);

#endif
