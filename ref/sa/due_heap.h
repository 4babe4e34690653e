/* When each IKE SA is due next: which one is first is known at once, and a change costs the
 * logarithm of their number. Those of one time: the newest first. */
#ifndef IKEREF_SA_DUE_HEAP_H
#define IKEREF_SA_DUE_HEAP_H

#include "sa/ike_sa.h"

struct due_entry {
    uint64_t at_ns;
    struct ike_sa *sa;
};

struct due_heap { /* no entry is due before its parent, (place - 1) / 2 */
    struct due_entry *entries;
    size_t count, room;
};

/* STATUS_INTERNAL: no memory. */
MUST_USE enum status due_heap_init(struct due_heap *heap);
/* Frees the heap, not the IKE SAs. A heap of zeros is fine. */
void due_heap_free(struct due_heap *heap);

/* STATUS_INTERNAL: no memory, and it is not in. */
MUST_USE enum status due_heap_add(struct due_heap *heap, struct ike_sa *sa, uint64_t at_ns);
void due_heap_remove(struct due_heap *heap, struct ike_sa *sa);
/* It is due at another time from now on. */
void due_heap_set(struct due_heap *heap, struct ike_sa *sa, uint64_t at_ns);

#endif
