/* Changing the path of an IKE SA, shared by the causes there are for it. */
#ifndef IKEREF_EXCHANGE_MOBIKE_PATH_H
#define IKEREF_EXCHANGE_MOBIKE_PATH_H

#include "exchange/exchange.h"

/* One of ours may serve this IKE SA: the configuration allows it, and it lies in no network that a
 * Child SA protects. */
bool mobike_may_use(const struct ike_sa *sa, const struct address *ip);

/* Tells the host the Child SAs' path and encapsulation of now. */
void mobike_move_children(struct sa_store *store, struct ike_sa *sa);

/* The path has changed: what is out goes along the new one, with all its tries before it. */
void mobike_resend(struct sa_store *store, struct ike_sa *sa);

/* What this IKE SA has replaced takes its path too: its Delete has still to arrive. `tell` (or
 * TASK_NONE) is asked on it as well when the peer may not know the new IKE SA yet. */
void mobike_predecessors_follow(struct sa_store *store, const struct ike_sa *heir,
                                enum task_type tell);

/* RFC 4555 3.5, the initiator's list of steps: IKE SA and Child SAs to the new path, what is out is
 * sent again along it, UPDATE_SA_ADDRESSES as soon as the window allows. */
void mobike_change_path(struct sa_store *store, struct ike_sa *sa, const struct path *path,
                        uint64_t command);

#endif
