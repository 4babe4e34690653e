/* Sorted when first asked, and again when more have come. */

#include "load/latencies.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

bool latencies_open(struct latencies *latencies, size_t capacity)
{
    *latencies =
        (struct latencies){.items = calloc(capacity, sizeof(uint64_t)), .capacity = capacity};
    return latencies->items != NULL;
}

void latencies_close(struct latencies *latencies)
{
    free(latencies->items);
    *latencies = (struct latencies){0};
}

void latencies_add(struct latencies *latencies, uint64_t ns)
{
    assert(latencies->count < latencies->capacity);
    latencies->items[latencies->count++] = ns;
    latencies->sorted = false;
}

static int order(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

uint64_t latencies_quantile(struct latencies *latencies, double share)
{
    assert(share >= 0 && share <= 1);
    if (latencies->count == 0) {
        return 0;
    }
    if (!latencies->sorted) {
        qsort(latencies->items, latencies->count, sizeof(uint64_t), order);
        latencies->sorted = true;
    }
    size_t rank = (size_t)ceil(share * (double)latencies->count);
    return latencies->items[rank > 0 ? rank - 1 : 0];
}
