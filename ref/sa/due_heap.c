/* When each IKE SA is due next: a binary heap. */

#include "sa/due_heap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16

enum status due_heap_init(struct due_heap *heap)
{
    *heap = (struct due_heap){.room = ROOM_FIRST};
    heap->entries = calloc(heap->room, sizeof *heap->entries);
    return heap->entries != NULL ? STATUS_OK : STATUS_INTERNAL;
}

void due_heap_free(struct due_heap *heap)
{
    free(heap->entries);
    memset(heap, 0, sizeof *heap);
}

static bool is_before(const struct due_entry *a, const struct due_entry *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sa->id > b->sa->id;
}

static void put(struct due_heap *heap, size_t place, struct due_entry entry)
{
    heap->entries[place] = entry;
    entry.sa->due_place = place;
}

static void sift_up(struct due_heap *heap, size_t place, struct due_entry entry)
{
    while (place > 0 && is_before(&entry, &heap->entries[(place - 1) / 2])) {
        put(heap, place, heap->entries[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(heap, place, entry);
}

static void sift_down(struct due_heap *heap, size_t place, struct due_entry entry)
{
    for (;;) {
        size_t child = 2 * place + 1;
        if (child + 1 < heap->count &&
            is_before(&heap->entries[child + 1], &heap->entries[child])) {
            child++;
        }
        if (child >= heap->count || !is_before(&heap->entries[child], &entry)) {
            break;
        }
        put(heap, place, heap->entries[child]);
        place = child;
    }
    put(heap, place, entry);
}

/* Somewhere from `place` upwards or downwards is where it belongs. */
static void settle(struct due_heap *heap, size_t place, struct due_entry entry)
{
    if (place > 0 && is_before(&entry, &heap->entries[(place - 1) / 2])) {
        sift_up(heap, place, entry);
    } else {
        sift_down(heap, place, entry);
    }
}

enum status due_heap_add(struct due_heap *heap, struct ike_sa *sa, uint64_t at_ns)
{
    if (heap->count == heap->room) {
        size_t room = 2 * heap->room;
        struct due_entry *entries = realloc(heap->entries, room * sizeof *entries);
        if (entries == NULL) {
            return STATUS_INTERNAL;
        }
        heap->entries = entries;
        heap->room = room;
    }
    sift_up(heap, heap->count++, (struct due_entry){at_ns, sa});
    return STATUS_OK;
}

void due_heap_remove(struct due_heap *heap, struct ike_sa *sa)
{
    size_t place = sa->due_place;
    assert(place < heap->count && heap->entries[place].sa == sa);
    struct due_entry last = heap->entries[--heap->count];
    if (last.sa != sa) {
        settle(heap, place, last);
    }
}

void due_heap_set(struct due_heap *heap, struct ike_sa *sa, uint64_t at_ns)
{
    size_t place = sa->due_place;
    assert(place < heap->count && heap->entries[place].sa == sa);
    if (heap->entries[place].at_ns != at_ns) {
        settle(heap, place, (struct due_entry){at_ns, sa});
    }
}
