/* What the generator itself needs, so that one sees when it is the limit and not the peer. */
#ifndef IKEREF_LOAD_EFFORT_H
#define IKEREF_LOAD_EFFORT_H

#include <stdbool.h>
#include <stdint.h>

struct effort {
    uint64_t processor_ns;
    uint64_t waited_ns; /* ready to run, and no processor was free; 0 where the kernel is silent */
};

/* Of this process so far; it has one thread. */
struct effort effort_now(void);
struct effort effort_since(const struct effort *before);

/* Working, or waiting for a processor, for 90 % of the time: more load would not have come. */
bool effort_is_the_limit(const struct effort *spent, uint64_t duration_ns);

#endif
