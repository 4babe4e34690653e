/* Ranges of addresses as the prefixes a routing table understands. */
#ifndef IKEREF_HOST_PREFIX_H
#define IKEREF_HOST_PREFIX_H

#include "base/selector.h"

struct prefix {
    struct address address;
    uint8_t length; /* bits */
};

#define PREFIXES_PER_RANGE_MAX 254 /* of the worst IPv6 range: 2 * 127 */

/* The fewest prefixes that make up the range exactly; returns how many, at most
 * PREFIXES_PER_RANGE_MAX. */
size_t prefixes_of_range(const struct address *start, const struct address *end,
                         struct prefix out[PREFIXES_PER_RANGE_MAX]);

#endif
