/* Delete of a Child SA, RFC 7296 1.4.1, 2.25.1. */
#ifndef IKEREF_EXCHANGE_CHILD_DELETE_H
#define IKEREF_EXCHANGE_CHILD_DELETE_H

#include "exchange/exchange.h"

/* Marks it as going, for this reason, and queues our Delete; `command` (or 0) is answered at the
 * end. */
void child_delete_queue(struct sa_store *store, struct ike_sa *sa, struct child_sa *child,
                        enum down_reason reason, uint64_t command);

enum status child_delete_create_request(struct sa_store *store, struct ike_sa *sa,
                                        struct chain_writer *chain);
void child_delete_consume_response(struct sa_store *store, struct ike_sa *sa,
                                   struct request *request, const struct exchange_input *in);

/* The ESP Deletes of a peer's INFORMATIONAL request; writes our half of each pair. */
void child_delete_answer(struct sa_store *store, struct ike_sa *sa,
                         const struct delete_payload *deletes, struct chain_writer *chain);

#endif
