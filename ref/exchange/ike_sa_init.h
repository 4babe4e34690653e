/* IKE_SA_INIT, RFC 7296 1.2, 2.6, 2.7, 2.23. */
#ifndef IKEREF_EXCHANGE_IKE_SA_INIT_H
#define IKEREF_EXCHANGE_IKE_SA_INIT_H

#include "exchange/exchange.h"

/* Starts an IKE SA with the peer along `path`; `task` (a Child SA to be made) waits in it. NULL
 * when that is impossible. `encapsulated`: from the NAT traversal port at once, as any initiator
 * may (2.23). */
struct ike_sa *ike_sa_init_start(struct sa_store *store, uint16_t peer_index,
                                 const struct path *path, bool encapsulated,
                                 const struct task *task);

/* The search for a puzzle's solution has ended: the request once more, with what was found. */
void ike_sa_init_ask_again(struct sa_store *store, struct ike_sa *sa);

/* A request outside any IKE SA. The status is for counters; answers are queued. */
enum status ike_sa_init_consume_request(struct sa_store *store, const struct exchange_input *in);

/* An unprotected response to our request: what cannot be right is dropped, since anybody may have
 * sent it (2.21.1). */
enum status ike_sa_init_consume_response(struct sa_store *store, struct ike_sa *sa,
                                         const struct exchange_input *in);

/* The keys of a half-open IKE SA whose key exchange was put off until IKE_AUTH came (RFC 8019 3).
 * Not STATUS_OK: there are none, and there never will be. */
MUST_USE enum status ike_sa_init_derive(struct sa_store *store, struct ike_sa *sa);

#endif
