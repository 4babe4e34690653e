/* Liveness: an INFORMATIONAL that asks nothing, RFC 7296 2.4; with MOBIKE also RFC 4555 3.8. */
#ifndef IKEREF_EXCHANGE_LIVENESS_H
#define IKEREF_EXCHANGE_LIVENESS_H

#include "exchange/exchange.h"

enum status liveness_create_request(struct sa_store *store, struct ike_sa *sa,
                                    struct chain_writer *chain);
void liveness_consume_response(struct sa_store *store, struct ike_sa *sa, struct request *request,
                               const struct exchange_input *in);

#endif
