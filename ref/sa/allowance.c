/* A token bucket that needs no timer: what has been spent melts with time. */

#include "sa/allowance.h"

bool allowance_take(struct allowance *allowance, uint64_t interval_ns, uint32_t burst,
                    uint64_t now_ns)
{
    if (interval_ns == 0) {
        return true;
    }
    uint64_t melted_ns = now_ns - allowance->since_ns;
    uint64_t spent_ns = allowance->spent_ns > melted_ns ? allowance->spent_ns - melted_ns : 0;
    if (spent_ns + interval_ns > interval_ns * burst) {
        return false;
    }
    allowance->spent_ns = spent_ns + interval_ns;
    allowance->since_ns = now_ns;
    return true;
}
