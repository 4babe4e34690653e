/* A further Child SA by CREATE_CHILD_SA, RFC 7296 1.3.1, and the door to that exchange's three
 * forms. */
#ifndef IKEREF_EXCHANGE_CHILD_CREATE_H
#define IKEREF_EXCHANGE_CHILD_CREATE_H

#include "exchange/exchange.h"

enum status child_create_create_request(struct sa_store *store, struct ike_sa *sa,
                                        struct chain_writer *chain);
void child_create_consume_response(struct sa_store *store, struct ike_sa *sa,
                                   struct request *request, const struct exchange_input *in);

/* Tells the three forms apart (1.3): REKEY_SA names a Child SA; no selectors and an IKE proposal is
 * a rekey of the IKE SA; else a new Child SA. */
consume_request_function create_child_sa_consume_request;

/* Follows INVALID_KE_PAYLOAD or waits after TEMPORARY_FAILURE: true when the task has been queued
 * again. */
bool create_child_sa_try_again(struct sa_store *store, struct ike_sa *sa,
                               const struct request *request, const struct notify_payload *error,
                               const struct proposal_list *proposals);

/* Draws our nonce and answers with a Child SA; shared with the rekey. */
enum status child_create_answer(struct sa_store *store, struct ike_sa *sa,
                                const struct exchange_input *in, const struct child_sa *old,
                                struct exchange_reply *reply, struct child_sa **out,
                                uint8_t nr[NONCE_OURS]);

#endif
