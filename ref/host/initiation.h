/* Where an SA with a peer starts from and where it goes: what the core asks its host to know. */
#ifndef IKEREF_HOST_INITIATION_H
#define IKEREF_HOST_INITIATION_H

#include "host/host_config.h"
#include "host/own_addresses.h"
#include "sa/command.h"

/* Of our own addresses those that may be used with the peer: those configured, else all that do not
 * lie within what the peer's children protect; `source` always. */
void initiation_addresses(const struct peer_config *peer, struct own_addresses *own,
                          const struct address *source, struct address_list *out);

/* Packets from this address are a Child SA's (tunnel mode), so that none of them reaches the peer
 * at `remote` as it is. Not when a person has named the address, and not host to host: there the
 * peer's address, and so ours, is inside and outside alike. */
bool initiation_is_inside(const struct peer_config *peer, const struct address *address,
                          const struct address *remote);

/* Our address towards the peer's: the route's, or a configured one of that family; NONE: there is
 * none. */
struct address initiation_source(const struct host_config *config, const struct peer_config *peer,
                                 struct own_addresses *own, const struct address *remote);

/* Fills path and addresses for COMMAND_INITIATE and COMMAND_ACQUIRE: the first configured address
 * that there is a route to; `remote` when none is configured (NULL: not known either). False:
 * nowhere to go. */
bool initiation_path(const struct host_config *config, const struct peer_config *peer,
                     struct own_addresses *own, const struct address *remote,
                     struct command *command);

#endif
