/* MOBIKE, RFC 4555: moving an IKE SA and its Child SAs to other addresses. */
#ifndef IKEREF_EXCHANGE_MOBIKE_H
#define IKEREF_EXCHANGE_MOBIKE_H

#include "exchange/exchange.h"
#include "sa/command.h"

/* ADDITIONAL_IP4/6_ADDRESS for every local address but the one in use; with none of them, and only
 * if asked for, NO_ADDITIONAL_ADDRESSES (3.4, 3.6). */
void mobike_build_additional(struct sa_store *store, struct ike_sa *sa, struct chain_writer *chain,
                             bool announce_none);

/* Takes over the peer's list when the message carries one. */
void mobike_note_additional(struct ike_sa *sa, const struct message *message,
                            const struct path *path);

/* The host has moved: COMMAND_ROAM for one IKE SA. */
void mobike_roam(struct sa_store *store, struct ike_sa *sa, const struct command *command);

/* The same before it is established: what is out goes from the new address, and when it is up the
 * responder, who has noted where the first copy came from, is told. */
void mobike_roam_connecting(struct sa_store *store, struct ike_sa *sa,
                            const struct command *command);

/* Called with each retransmission; from the second one on: the same request along one other pair of
 * addresses (3.10), should the path in use have died. The original initiator only; IKE_SA_INIT,
 * too (3.1). */
void mobike_probe_other_paths(struct sa_store *store, struct ike_sa *sa);

/* IKE_SA_INIT was answered along one of the paths that were tried: that one is taken. NAT detection
 * in what was repeated is of the first one, so that the addresses are told once more (3.5). */
void mobike_init_answered_on(struct sa_store *store, struct ike_sa *sa, const struct path *path);

/* An authentic response has come along another path than the one in use: that one works. */
void mobike_answered_on(struct sa_store *store, struct ike_sa *sa, const struct path *path);

/* Has the NAT's mapping changed since we were last seen? Then update the addresses (3.8). */
void mobike_compare_mapping(struct sa_store *store, struct ike_sa *sa,
                            const struct message *message);

/* The MOBIKE notifications of a peer's INFORMATIONAL request. */
enum status mobike_consume_request(struct sa_store *store, struct ike_sa *sa,
                                   const struct exchange_input *in, struct exchange_reply *reply);

/* An authentic request of a responder from another port of the address in use: the NAT in front of
 * it has a new mapping. RFC 4555 gives it no word for that (1.2 leaves such responders out), and
 * whatever we send to the old port is lost: go there, and say so. */
void mobike_follow_responder(struct sa_store *store, struct ike_sa *sa,
                             const struct exchange_input *in);

/* Authentic traffic from elsewhere, without MOBIKE: the peer's NAT has a new mapping (7296 2.23).
 */
void nat_follow(struct sa_store *store, struct ike_sa *sa, const struct path *path);
/* The same seen by the data plane; with MOBIKE only ESP follows (4555 3.8). */
void nat_follow_esp(struct sa_store *store, struct ike_sa *sa, const struct path *path);

enum status update_addresses_create_request(struct sa_store *store, struct ike_sa *sa,
                                            struct chain_writer *chain);
void update_addresses_consume_response(struct sa_store *store, struct ike_sa *sa,
                                       struct request *request, const struct exchange_input *in);
enum status additional_addresses_create_request(struct sa_store *store, struct ike_sa *sa,
                                                struct chain_writer *chain);
void additional_addresses_consume_response(struct sa_store *store, struct ike_sa *sa,
                                           struct request *request,
                                           const struct exchange_input *in);
enum status return_routability_create_request(struct sa_store *store, struct ike_sa *sa,
                                              struct chain_writer *chain);
void return_routability_consume_response(struct sa_store *store, struct ike_sa *sa,
                                         struct request *request, const struct exchange_input *in);

#endif
