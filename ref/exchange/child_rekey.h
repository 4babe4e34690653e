/* Rekey of a Child SA, RFC 7296 1.3.3, 2.8, and its collisions, 2.8.1 and 2.25.1. */
#ifndef IKEREF_EXCHANGE_CHILD_REKEY_H
#define IKEREF_EXCHANGE_CHILD_REKEY_H

#include "exchange/exchange.h"

enum status child_rekey_create_request(struct sa_store *store, struct ike_sa *sa,
                                       struct chain_writer *chain);
void child_rekey_consume_response(struct sa_store *store, struct ike_sa *sa,
                                  struct request *request, const struct exchange_input *in);
enum status child_rekey_consume_request(struct sa_store *store, struct ike_sa *sa,
                                        const struct exchange_input *in,
                                        const struct notify_payload *rekey,
                                        struct exchange_reply *reply);

/* Notes the lower nonce of the peer's exchange, to be held against ours (2.8.1). */
void rekey_collision_note(struct rekey_collision *collision, struct bytes ni, struct bytes nr);

/* True when our exchange had the lowest nonce of all four: what it made is redundant. */
bool rekey_collision_lost(const struct rekey_collision *collision, struct bytes ni,
                          struct bytes nr);

#endif
