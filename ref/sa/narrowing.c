/* Narrowing of traffic selectors by the responder, RFC 7296 2.9. */

#include "sa/narrowing.h"

static void add_unless_contained(struct selector_list *list, const struct traffic_selector *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (selector_contains(&list->items[i], s)) {
            return;
        }
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!selector_contains(s, &list->items[i])) {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
    if (list->count < SELECTORS_MAX) {
        list->items[list->count++] = *s;
    }
}

bool selectors_narrow(const struct selector_list *offered, const struct selector_list *policy,
                      struct selector_list *out)
{
    struct selector_list narrowed = {.count = 0};
    for (size_t i = 0; i < offered->count; i++) {
        for (size_t k = 0; k < policy->count; k++) {
            struct traffic_selector both;
            if (selector_intersect(&offered->items[i], &policy->items[k], &both)) {
                add_unless_contained(&narrowed, &both);
            }
        }
    }
    *out = narrowed;
    return narrowed.count > 0;
}

bool selectors_within(struct selectors inner, struct selectors outer)
{
    for (size_t i = 0; i < inner.count; i++) {
        bool found = false;
        for (size_t k = 0; k < outer.count && !found; k++) {
            found = selector_contains(&outer.items[k], &inner.items[i]);
        }
        if (!found) {
            return false;
        }
    }
    return inner.count > 0;
}
