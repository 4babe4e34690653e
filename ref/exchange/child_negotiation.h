/* The part that every exchange which makes a Child SA shares: SA, TS, transport mode, keys.
 * RFC 7296 1.2, 1.3.1, 1.3.3, 2.9, 2.17, 2.23.1. */
#ifndef IKEREF_EXCHANGE_CHILD_NEGOTIATION_H
#define IKEREF_EXCHANGE_CHILD_NEGOTIATION_H

#include "exchange/exchange.h"

/* Initiator: draws our SPI (and, outside IKE_AUTH, nonce and key) into sa->request and writes the
 * payloads. `old` is the Child SA being rekeyed, or NULL. */
MUST_USE enum status child_offer_build(struct sa_store *store, struct ike_sa *sa,
                                       const struct child_config *config,
                                       const struct child_sa *old, bool in_ike_auth,
                                       struct chain_writer *chain);

/* A request of ours may have made a Child SA that only the peer knows as yet. */
bool child_offer_is_out(const struct ike_sa *sa);

struct child_exchange { /* what a Child SA is made with, besides the payloads of the message */
    uint16_t child_index;
    const struct child_sa *old; /* being rekeyed, or NULL */
    bool in_ike_auth;
    bool redundant; /* do not install it: it lost (2.8.1) and is only to be deleted */
    struct bytes ni, nr;
};

/* Initiator: checks the answer against the offer, derives keys, installs. The SPI is in
 * request->spi_in. STATUS_DROP: the peer has made it and deleted it again; nothing is installed. */
MUST_USE enum status child_offer_conclude(struct sa_store *store, struct ike_sa *sa,
                                          struct request *request, const struct message *answer,
                                          const struct child_exchange *exchange,
                                          struct child_sa **out);

/* The peer has made a Child SA that we cannot have: deletes it, without ever installing it. */
void child_offer_reject(struct sa_store *store, struct ike_sa *sa, const struct request *request,
                        const struct message *answer);

/* Responder: chooses, installs (inbound at once, outbound when the initiator is known to be ready:
 * 2.8) and writes the payloads. `exchange->old` restricts it to that Child SA's selectors, and
 * exchange->nr is our nonce. */
MUST_USE enum status child_answer_build(struct sa_store *store, struct ike_sa *sa,
                                        const struct exchange_input *in,
                                        const struct child_exchange *exchange,
                                        struct exchange_reply *reply, struct child_sa **out);

/* Rekey and hard times from the configuration. */
void child_sa_set_lifetime(struct sa_store *store, struct child_sa *child,
                           const struct lifetime_config *lifetime);

#endif
