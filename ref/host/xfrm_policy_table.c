/* An array, walked through: SAs come and go some times a second at most. */
#include "host/xfrm_policy_table.h"

#include <errno.h>
#include <stdlib.h>

#include "host/xfrm_selector.h"

static bool same_place(const struct xfrm_policy *a, const struct xfrm_policy *b)
{
    return a->direction == b->direction && a->mark == b->mark &&
           xfrm_selector_equal(&a->selector, &b->selector);
}

/* NULL: nobody wants one there. */
static const struct xfrm_policy_wish *highest(const struct xfrm_policy_table *table,
                                              const struct xfrm_policy *place)
{
    const struct xfrm_policy_wish *found = NULL;
    for (size_t i = 0; i < table->count; i++) {
        const struct xfrm_policy_wish *wish = &table->items[i];
        if (same_place(&wish->policy, place) && (found == NULL || wish->rank > found->rank)) {
            found = wish;
        }
    }
    return found;
}

static struct xfrm_policy_wish *find(struct xfrm_policy_table *table, uint64_t owner,
                                     const struct xfrm_policy *place)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->items[i].owner == owner && same_place(&table->items[i].policy, place)) {
            return &table->items[i];
        }
    }
    return NULL;
}

static struct xfrm_policy_wish *append(struct xfrm_policy_table *table)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity == 0 ? 32 : table->capacity * 2;
        struct xfrm_policy_wish *items = realloc(table->items, capacity * sizeof(*items));
        if (items == NULL) {
            return NULL;
        }
        table->items = items;
        table->capacity = capacity;
    }
    return &table->items[table->count++];
}

int xfrm_policy_table_put(struct xfrm_policy_table *table, uint64_t owner, uint64_t rank,
                          const struct xfrm_policy *policy)
{
    struct xfrm_policy_wish *wish = find(table, owner, policy), before = {0};
    bool known = wish != NULL;
    if (known) {
        before = *wish;
    } else if ((wish = append(table)) == NULL) {
        return ENOMEM;
    }
    *wish = (struct xfrm_policy_wish){.owner = owner, .rank = rank, .policy = *policy};
    int error = highest(table, policy) == wish ? xfrm_policy_put(policy) : 0;
    if (error != 0 && known) {
        *wish = before;
    } else if (error != 0) {
        table->count--;
    }
    return error;
}

void xfrm_policy_table_remove(struct xfrm_policy_table *table, uint64_t owner, uint8_t direction)
{
    size_t i = 0;
    while (i < table->count) {
        struct xfrm_policy_wish gone = table->items[i];
        if (gone.owner != owner || gone.policy.direction != direction) {
            i++;
            continue;
        }
        bool had_it = highest(table, &gone.policy) == &table->items[i];
        table->items[i] = table->items[--table->count];
        const struct xfrm_policy_wish *next = highest(table, &gone.policy);
        if (next == NULL) {
            xfrm_policy_remove(&gone.policy);
        } else if (had_it) {
            xfrm_policy_put(&next->policy);
        }
    }
}

void xfrm_policy_table_refresh(const struct xfrm_policy_table *table, uint64_t owner,
                               uint8_t direction)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct xfrm_policy_wish *wish = &table->items[i];
        if (wish->owner == owner && wish->policy.direction == direction &&
            highest(table, &wish->policy) == wish) {
            xfrm_policy_put(&wish->policy);
        }
    }
}

bool xfrm_policy_table_has(const struct xfrm_policy_table *table, const struct xfrm_policy *policy)
{
    return highest(table, policy) != NULL;
}

void xfrm_policy_table_destroy(struct xfrm_policy_table *table)
{
    free(table->items);
    *table = (struct xfrm_policy_table){0};
}
