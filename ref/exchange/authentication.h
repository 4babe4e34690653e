/* Proof: how we say who we are and see who the peer is, by shared key or by signature with a
 * certificate. Each side proves itself in its own way: RFC 7296 2.15, 3.6 to 3.8, RFC 7427. */
#ifndef IKEREF_EXCHANGE_AUTHENTICATION_H
#define IKEREF_EXCHANGE_AUTHENTICATION_H

#include "exchange/exchange.h"

/* ---- IKE_SA_INIT ---- */

/* Initiator: SIGNATURE_HASH_ALGORITHMS when either side of this peer is to sign (RFC 7427 4). */
void authentication_ask(const struct ike_sa *sa, struct chain_writer *chain);

/* The responder's notes of a request, before it answers: `sa`->path is set. */
void authentication_note_request(const struct sa_store *store, struct ike_sa *sa,
                                 const struct message *m);

/* Responder: SIGNATURE_HASH_ALGORITHMS, if the request had it and some peer at that address is to
 * sign; CERTREQ with the authorities of all of them, since nobody has a name yet. */
void authentication_answer(const struct sa_store *store, const struct ike_sa *sa,
                           struct chain_writer *chain);

/* The initiator's notes of the response. */
void authentication_note_response(struct ike_sa *sa, const struct message *m);

/* ---- IKE_AUTH ---- */

/* The identity we show: as configured, or else our address, which is `local`. */
struct identity authentication_identity(const struct ike_sa *sa, const struct address *local);

/* CERT: ours and those above it, when we prove ourselves by signature. */
void authentication_add_certificates(const struct ike_sa *sa, struct chain_writer *chain);

/* CERTREQ: whom we trust to say who the peer is; nothing when it has a shared key. */
void authentication_add_request(const struct ike_sa *sa, struct chain_writer *chain);

/* AUTH for sa->local_id. STATUS_NOTIFY(AUTHENTICATION_FAILED), with sa->refusal, when the peer
 * could not verify what we could sign. */
MUST_USE enum status authentication_add_auth(struct ike_sa *sa, struct chain_writer *chain);

/* Whether the peer's message proves that it is `id`; else sa->refusal says why not, and it is
 * STATUS_NOTIFY(AUTHENTICATION_FAILED). */
MUST_USE enum status authentication_verify(const struct sa_store *store, struct ike_sa *sa,
                                           const struct id_payload *id, const struct message *m);

/* ---- the same as work for others ---- */

/* What the two above need a signature for goes into `job` before: once it has been done and is
 * sa->job, they take from it what came of it. False: there is no signature to make or to verify, or
 * something is wrong already; the function itself says what. */
MUST_USE bool authentication_prepare_auth(struct ike_sa *sa, const struct identity *id,
                                          struct job *job);
MUST_USE bool authentication_prepare_verify(const struct sa_store *store, const struct ike_sa *sa,
                                            const struct id_payload *id, const struct message *m,
                                            struct job *job);

#endif
