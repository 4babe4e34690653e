/* Pairs in the order of time: a list that is searched from its end. */
#include "esp/due_list.h"

#include <assert.h>

void due_list_add(struct due_list *list, struct esp_pair *pair, uint64_t due_ns)
{
    assert(pair->due == NULL);
    struct esp_pair *before = list->last;
    while (before != NULL && before->due_ns > due_ns) {
        before = before->due_previous;
    }
    pair->due = list;
    pair->due_ns = due_ns;
    pair->due_previous = before;
    pair->due_next = before != NULL ? before->due_next : list->first;
    *(before != NULL ? &before->due_next : &list->first) = pair;
    *(pair->due_next != NULL ? &pair->due_next->due_previous : &list->last) = pair;
}

void due_list_remove(struct esp_pair *pair)
{
    struct due_list *list = pair->due;
    if (list == NULL) {
        return;
    }
    *(pair->due_previous != NULL ? &pair->due_previous->due_next : &list->first) = pair->due_next;
    *(pair->due_next != NULL ? &pair->due_next->due_previous : &list->last) = pair->due_previous;
    pair->due = NULL;
}

uint64_t due_list_deadline(const struct due_list *list)
{
    return list->first != NULL ? list->first->due_ns : UINT64_MAX;
}

struct esp_pair *due_list_first(const struct due_list *list, uint64_t now_ns)
{
    return list->first != NULL && list->first->due_ns <= now_ns ? list->first : NULL;
}
