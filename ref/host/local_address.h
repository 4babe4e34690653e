/* The addresses this host could send from, and the one it does send from to a given peer. */
#ifndef IKEREF_HOST_LOCAL_ADDRESS_H
#define IKEREF_HOST_LOCAL_ADDRESS_H

#include "sa/config.h"

/* All usable addresses, at most ADDRESSES_MAX: global, of an interface that is up, past duplicate
 * address detection; not the loopback's and not those of the interface `except` (our own TUN; 0:
 * none). False: the kernel has not told all. */
bool local_addresses_list(unsigned except, struct address_list *out);

/* Any address of this host within the selectors, our own TUN's and the loopback's included; false:
 * none. */
bool local_address_within(const struct selector_list *selectors, uint8_t family,
                          struct address *out);

/* The index of the interface that has the address; 0: none has. */
unsigned local_address_interface(const struct address *address);

/* Where a packet with our mark to `remote` starts; NONE: there is no route. */
struct address local_address_towards(const struct address *remote, uint32_t mark);

#endif
