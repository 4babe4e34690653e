/* What each IKE SA was last told about this host's addresses, so that it is told only what is new.
 */
#ifndef IKEREF_HOST_ROAM_WATCH_H
#define IKEREF_HOST_ROAM_WATCH_H

#include "base/hash_table.h"
#include "endpoint/endpoint.h"
#include "host/host_config.h"
#include "host/own_addresses.h"

struct roam_entry {
    struct hash_link by_ike_sa; /* by its number */
    struct address local;
    struct address_list addresses;
};

struct roam_watch {
    struct hash_table entries;
};

/* STATUS_INTERNAL: no memory. */
MUST_USE enum status roam_watch_init(struct roam_watch *watch);
/* A watch of zeros is fine. */
void roam_watch_destroy(struct roam_watch *watch);

/* An IKE SA that is up, or the successor of `replaces` (0: none). */
void roam_watch_add(struct roam_watch *watch, uint32_t ike_sa, uint32_t replaces,
                    const struct address *local, const struct address_list *addresses);
void roam_watch_remove(struct roam_watch *watch, uint32_t ike_sa);

/* Fills a COMMAND_ROAM when the present state differs from what the IKE SA knows, and notes it;
 * false: nothing is new, or nothing that cannot wait until the host's addresses have settled. */
bool roam_watch_look(struct roam_watch *watch, const struct host_config *config,
                     struct own_addresses *own, const struct ike_sa_status *sa, bool settled,
                     struct command *command);

/* The same for a person who asks: with the address given, or the route's. */
void roam_watch_force(struct roam_watch *watch, const struct host_config *config,
                      struct own_addresses *own, const struct ike_sa_status *sa,
                      const struct address *local, struct command *command);

#endif
