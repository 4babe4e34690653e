/* Between our addresses and those of the kernel's XFRM (linux/xfrm.h). */
#ifndef IKEREF_HOST_XFRM_ADDRESS_H
#define IKEREF_HOST_XFRM_ADDRESS_H

#include <linux/xfrm.h>

#include "base/address.h"

/* All zero for ADDRESS_NONE, which XFRM takes for "any". */
xfrm_address_t xfrm_address_from(const struct address *address);

/* The address of that family (AF_INET, AF_INET6); ADDRESS_NONE for another family. */
struct address xfrm_address_read(const xfrm_address_t *address, uint16_t family);

#endif
