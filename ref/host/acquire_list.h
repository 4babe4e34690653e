/* Children whose packets want an SA: asked for once, and after a failure not again for a while. */
#ifndef IKEREF_HOST_ACQUIRE_LIST_H
#define IKEREF_HOST_ACQUIRE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

#define ACQUIRE_PAUSE_NS 1000000000ULL /* between a failure and the next try */

struct acquire_list {
    size_t count; /* of those in a pause: mostly none, and then nothing is searched */
    /* 0: nothing failed; else when packets count again */
    uint64_t retry_ns[PEERS_MAX][CHILDREN_MAX];
};

void acquire_list_failed(struct acquire_list *list, uint16_t peer, uint16_t child, uint64_t now_ns);

/* The next child whose pause is over; false: none. */
bool acquire_list_take(struct acquire_list *list, uint64_t now_ns, uint16_t *peer, uint16_t *child);

uint64_t acquire_list_deadline(const struct acquire_list *list); /* UINT64_MAX: none */

#endif
