/* How much of something a peer may still do: a token bucket. RFC 8019 5. */
#ifndef IKEREF_SA_ALLOWANCE_H
#define IKEREF_SA_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised it is full. */
struct allowance {
    uint64_t spent_ns; /* what has been taken, as the time it takes to come back... */
    uint64_t since_ns; /* ...counted from here */
};

/* Takes one; false when `burst` of them are out already. Each comes back after `interval_ns`;
 * 0: there is no limit. */
bool allowance_take(struct allowance *allowance, uint64_t interval_ns, uint32_t burst,
                    uint64_t now_ns);

#endif
