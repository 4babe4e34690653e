/* IKE_AUTH, RFC 7296 1.2, 2.15, 2.16 left aside; the first Child SA rides along. */
#ifndef IKEREF_EXCHANGE_IKE_AUTH_H
#define IKEREF_EXCHANGE_IKE_AUTH_H

#include "exchange/exchange.h"

/* Initiator: keys exist, prove who we are. */
void ike_auth_start(struct sa_store *store, struct ike_sa *sa);

enum status ike_auth_create_request(struct sa_store *store, struct ike_sa *sa,
                                    struct chain_writer *chain);
void ike_auth_consume_response(struct sa_store *store, struct ike_sa *sa, struct request *request,
                               const struct exchange_input *in);
consume_request_function ike_auth_consume_request;

/* The signatures of these three as work for others: ours in the request, the peer's in the
 * response, the peer's and ours in the answer to a request. */
prepare_function ike_auth_prepare_request;
prepare_function ike_auth_prepare_response;
prepare_function ike_auth_prepare_answer;

/* Initiator: our signature is made, the request can be. */
void ike_auth_go_on(struct sa_store *store, struct ike_sa *sa);

/* The responder's refusal that the initiator of IKE_AUTH sends afterwards (2.21.2). */
enum status auth_failed_create_request(struct sa_store *store, struct ike_sa *sa,
                                       struct chain_writer *chain);
void auth_failed_consume_response(struct sa_store *store, struct ike_sa *sa,
                                  struct request *request, const struct exchange_input *in);

#endif
