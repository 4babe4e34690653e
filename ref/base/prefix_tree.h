/* Things by the addresses they are for: a binary tree of prefixes, in which all that an address, or
 * a range of them, lies in or meets is found on one way down. Nobody can make that way longer than
 * an address has bits, whatever addresses he chooses, and no hash is needed for that. What is found
 * are candidates: a range is kept under the longest prefix that covers it, and who looks something
 * up compares the selector itself. */
#ifndef IKEREF_BASE_PREFIX_TREE_H
#define IKEREF_BASE_PREFIX_TREE_H

#include "base/selector.h"
#include "base/status.h"

struct prefix_item {
    struct prefix_item *next; /* of the same prefix, by order */
    uint64_t order;
    void *owner;
};

struct prefix_node;

struct prefix_tree { /* of zeros: empty */
    struct prefix_node *roots[2];
};

/* `owner` under every range; each owner has an order of its own. STATUS_INTERNAL: no
 * memory, and it is under none. */
MUST_USE enum status prefix_tree_add(struct prefix_tree *tree, struct selectors ranges,
                                     uint64_t order, void *owner);
/* From under every one that it was added with; with the last one goes all memory. */
void prefix_tree_remove(struct prefix_tree *tree, struct selectors ranges, uint64_t order);

struct prefix_bits { /* an address as a number, its first bit the highest */
    uint64_t high, low;
};

struct prefix_walk {
    const struct prefix_node *next, *top; /* top: all below it is met; NULL: still on the way */
    struct prefix_bits bits;
    unsigned length;
};

/* To all that may cover the address, or may have an address in common with the range. The tree must
 * not change on the way. */
struct prefix_walk prefix_walk_address(const struct prefix_tree *tree,
                                       const struct address *address);
struct prefix_walk prefix_walk_range(const struct prefix_tree *tree,
                                     const struct traffic_selector *range);
/* The items of the next prefix, by order, linked by `next`; NULL: there is none any more. The
 * prefixes come in no order, and an owner may come under several of them. */
const struct prefix_item *prefix_walk_next(struct prefix_walk *walk);

#endif
