/* Inbound packets that a policy protects must come through ESP (RFC 4301 5.2): an nftables table
 * drops those that arrive in the clear. */
#ifndef IKEREF_HOST_FIREWALL_H
#define IKEREF_HOST_FIREWALL_H

#include <stdio.h>

#include "host/host_config.h"

/* Loads the table `ikeref_<interface>`. False: it is not there, and why was logged; the daemon goes
 * on, for what it sends is still protected. */
bool firewall_install(const struct host_config *config);

/* Removes it; false: there was none. */
bool firewall_remove(const char *interface);

/* A transport mode peer whose address was not known before. */
void firewall_peer_add(const char *interface, const struct address *local,
                       const struct address *remote);

/* The rules as nft reads them; for firewall_install and tests. */
void firewall_write(FILE *out, const struct host_config *config, bool mark_inbound);

#endif
