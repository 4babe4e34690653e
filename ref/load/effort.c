/* /proc/self/schedstat: nanoseconds on a processor, nanoseconds waited for one, times. */

#include "load/effort.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define SECOND_NS UINT64_C(1000000000)
#define LIMIT_PERCENT 90

struct effort effort_now(void)
{
    struct effort effort = {0};
    struct timespec spent;
    uint64_t ran;
    FILE *file = fopen("/proc/self/schedstat", "r");
    if (file != NULL) {
        if (fscanf(file, "%" SCNu64 " %" SCNu64, &ran, &effort.waited_ns) != 2) {
            effort.waited_ns = 0;
        }
        (void)fclose(file);
    }
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0) {
        effort.processor_ns = (uint64_t)spent.tv_sec * SECOND_NS + (uint64_t)spent.tv_nsec;
    }
    return effort;
}

struct effort effort_since(const struct effort *before)
{
    struct effort now = effort_now();
    return (struct effort){.processor_ns = now.processor_ns - before->processor_ns,
                           .waited_ns = now.waited_ns - before->waited_ns};
}

bool effort_is_the_limit(const struct effort *spent, uint64_t duration_ns)
{
    return (spent->processor_ns + spent->waited_ns) * 100 >= duration_ns * LIMIT_PERCENT;
}
