/* Our responses: sealed, kept, and repeated octet for octet. RFC 7296 2.1, 2.21. */
#ifndef IKEREF_EXCHANGE_RESPONSE_H
#define IKEREF_EXCHANGE_RESPONSE_H

#include "exchange/exchange.h"

/* A reply over `w`, empty. */
struct exchange_reply exchange_reply_over(struct writer *w);

/* Finishes a request of the peer: seals the reply's chain, or the error that `status` names, keeps
 * and sends it where the request came from, and closes the IKE SA when that follows. */
void response_send(struct sa_store *store, struct ike_sa *sa, const struct exchange_input *in,
                   struct exchange_reply *reply, enum status status);

/* The stored response once more: to a request we have answered already. */
void response_repeat(struct sa_store *store, struct ike_sa *sa, const struct path *path,
                     bool encapsulated);

/* What an IKE_SA_INIT request has to bring before it may cost us anything: COOKIE, and PUZZLE when
 * `puzzle` is not NULL (RFC 7296 2.6, RFC 8019 7.1.1); silence as below. */
void response_demand(struct sa_store *store, const struct exchange_input *in, struct bytes cookie,
                     const struct puzzle_notify *puzzle);

/* An unprotected response with one notification, to a request outside any IKE SA (2.21.1, 2.21.4);
 * silence when it would be longer than the request. */
void response_send_unprotected(struct sa_store *store, const struct ike_header *request,
                               const struct path *path, bool encapsulated, uint16_t type,
                               struct bytes data);

#endif
