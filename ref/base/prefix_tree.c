/* Things by the addresses they are for: a binary tree without nodes that decide nothing (PATRICIA,
 * Morrison 1968). */

#include "base/prefix_tree.h"

#include <stdlib.h>

struct prefix_node {
    struct prefix_node *parent, *children[2]; /* by the bit behind the prefix */
    struct prefix_item *first, *last;         /* none: it is there for its two children */
    struct prefix_bits bits;                  /* zeros behind the prefix */
    unsigned length;
};

struct prefix {
    struct prefix_bits bits;
    unsigned length;
};

/* ---- bits ---- */

static uint64_t word(const uint8_t octets[8])
{
    return (uint64_t)octets[0] << 56 | (uint64_t)octets[1] << 48 | (uint64_t)octets[2] << 40 |
           (uint64_t)octets[3] << 32 | (uint64_t)octets[4] << 24 | (uint64_t)octets[5] << 16 |
           (uint64_t)octets[6] << 8 | octets[7];
}

static struct prefix_bits bits_of(const struct address *address)
{
    return (struct prefix_bits){word(address->octets), word(address->octets + 8)};
}

static unsigned width_of(const struct address *address)
{
    return 8 * (unsigned)address_length(address);
}

/* The first `length` bits of a word, which may be more than it has. */
static uint64_t mask(unsigned length)
{
    return length >= 64 ? UINT64_MAX : ~(UINT64_MAX >> length);
}

static struct prefix_bits cut(struct prefix_bits bits, unsigned length)
{
    return (struct prefix_bits){bits.high & mask(length),
                                length > 64 ? bits.low & mask(length - 64) : 0};
}

static bool begin_alike(struct prefix_bits a, struct prefix_bits b, unsigned length)
{
    return ((a.high ^ b.high) & mask(length)) == 0 &&
           (length <= 64 || ((a.low ^ b.low) & mask(length - 64)) == 0);
}

static unsigned bit_at(struct prefix_bits bits, unsigned place)
{
    return (place < 64 ? bits.high >> (63 - place) : bits.low >> (127 - place)) & 1;
}

static unsigned leading_zeros(uint64_t word)
{
    return word != 0 ? (unsigned)__builtin_clzll(word) : 64;
}

/* How many bits they begin with alike, at most so many. */
static unsigned common_length(struct prefix_bits a, struct prefix_bits b, unsigned most)
{
    unsigned length = leading_zeros(a.high ^ b.high);
    if (length == 64) {
        length += leading_zeros(a.low ^ b.low);
    }
    return length < most ? length : most;
}

/* The longest prefix that covers the range. */
static struct prefix prefix_of(const struct traffic_selector *range)
{
    struct prefix_bits bits = bits_of(&range->start);
    unsigned length = common_length(bits, bits_of(&range->end), width_of(&range->start));
    return (struct prefix){cut(bits, length), length};
}

/* What is of no family is a candidate for everything of IPv4, and fits nothing. */
static struct prefix_node **root_of(const struct prefix_tree *tree, const struct address *address)
{
    return (struct prefix_node **)&tree->roots[address->family == ADDRESS_V6];
}

/* ---- nodes ---- */

static struct prefix_node *node_create(struct prefix prefix, struct prefix_node *parent)
{
    struct prefix_node *node = calloc(1, sizeof *node);
    if (node != NULL) {
        node->parent = parent;
        node->bits = prefix.bits;
        node->length = prefix.length;
    }
    return node;
}

static void adopt(struct prefix_node *parent, struct prefix_node *child)
{
    parent->children[bit_at(child->bits, parent->length)] = child;
    child->parent = parent;
}

/* Where the node of this prefix is, or would be: *parent is what it would hang on. */
static struct prefix_node **find_link(struct prefix_node **root, struct prefix prefix,
                                      struct prefix_node **parent)
{
    struct prefix_node **link = root;
    *parent = NULL;
    while (*link != NULL && (*link)->length < prefix.length &&
           begin_alike((*link)->bits, prefix.bits, (*link)->length)) {
        *parent = *link;
        link = &(*link)->children[bit_at(prefix.bits, (*link)->length)];
    }
    return link;
}

static bool is_of(const struct prefix_node *node, struct prefix prefix)
{
    return node->length == prefix.length && begin_alike(node->bits, prefix.bits, prefix.length);
}

/* The node of this prefix, made if there is none; NULL: no memory, and nothing has changed. */
static struct prefix_node *node_take(struct prefix_node **root, struct prefix prefix)
{
    struct prefix_node *parent;
    struct prefix_node **link = find_link(root, prefix, &parent);
    struct prefix_node *there = *link;
    if (there != NULL && is_of(there, prefix)) {
        return there;
    }
    struct prefix_node *made = node_create(prefix, parent);
    if (made == NULL) {
        return NULL;
    }
    if (there == NULL) {
        *link = made;
        return made;
    }
    unsigned most = there->length < prefix.length ? there->length : prefix.length;
    unsigned alike = common_length(there->bits, prefix.bits, most);
    struct prefix_node *above = made;
    if (alike < prefix.length) { /* they part before either ends */
        above = node_create((struct prefix){cut(prefix.bits, alike), alike}, parent);
        if (above == NULL) {
            free(made);
            return NULL;
        }
        adopt(above, made);
    }
    adopt(above, there);
    *link = above;
    return made;
}

/* Takes the node out when it has neither items nor two children, and then its parent likewise. */
static void node_release(struct prefix_node **root, struct prefix_node *node)
{
    while (node != NULL && node->first == NULL &&
           (node->children[0] == NULL || node->children[1] == NULL)) {
        struct prefix_node *parent = node->parent;
        struct prefix_node *child = node->children[node->children[0] == NULL];
        if (parent == NULL) {
            *root = child;
        } else {
            parent->children[parent->children[1] == node] = child;
        }
        if (child != NULL) {
            child->parent = parent;
        }
        free(node);
        node = parent;
    }
}

/* ---- items ---- */

/* By order, which mostly is that in which they come, forwards or backwards. */
static enum status item_add(struct prefix_node *node, uint64_t order, void *owner)
{
    struct prefix_item **link = &node->first;
    if (node->last != NULL && node->last->order < order) {
        link = &node->last->next;
    }
    while (*link != NULL && (*link)->order < order) {
        link = &(*link)->next;
    }
    if (*link != NULL && (*link)->order == order) {
        return STATUS_OK; /* two ranges of one prefix */
    }
    struct prefix_item *item = malloc(sizeof *item);
    if (item == NULL) {
        return STATUS_INTERNAL;
    }
    *item = (struct prefix_item){.next = *link, .order = order, .owner = owner};
    *link = item;
    node->last = item->next == NULL ? item : node->last;
    return STATUS_OK;
}

static void item_remove(struct prefix_node *node, uint64_t order)
{
    struct prefix_item *before = NULL, *item = node->first;
    while (item != NULL && item->order != order) {
        before = item;
        item = item->next;
    }
    if (item == NULL) {
        return; /* two ranges of one prefix */
    }
    *(before != NULL ? &before->next : &node->first) = item->next;
    node->last = node->last == item ? before : node->last;
    free(item);
}

static void remove_some(struct prefix_tree *tree, struct selectors ranges, size_t count,
                        uint64_t order)
{
    for (size_t i = 0; i < count; i++) {
        struct prefix_node *parent;
        struct prefix prefix = prefix_of(&ranges.items[i]);
        struct prefix_node **root = root_of(tree, &ranges.items[i].start);
        struct prefix_node *node = *find_link(root, prefix, &parent);
        if (node != NULL && is_of(node, prefix)) {
            item_remove(node, order);
            node_release(root, node);
        }
    }
}

enum status prefix_tree_add(struct prefix_tree *tree, struct selectors ranges, uint64_t order,
                            void *owner)
{
    for (size_t i = 0; i < ranges.count; i++) {
        struct prefix_node **root = root_of(tree, &ranges.items[i].start);
        struct prefix_node *node = node_take(root, prefix_of(&ranges.items[i]));
        if (node == NULL || item_add(node, order, owner) != STATUS_OK) {
            if (node != NULL) {
                node_release(root, node);
            }
            remove_some(tree, ranges, i, order);
            return STATUS_INTERNAL;
        }
    }
    return STATUS_OK;
}

void prefix_tree_remove(struct prefix_tree *tree, struct selectors ranges, uint64_t order)
{
    remove_some(tree, ranges, ranges.count, order);
}

/* ---- looking up ---- */

struct prefix_walk prefix_walk_address(const struct prefix_tree *tree,
                                       const struct address *address)
{
    return (struct prefix_walk){
        .next = *root_of(tree, address), .bits = bits_of(address), .length = width_of(address)};
}

struct prefix_walk prefix_walk_range(const struct prefix_tree *tree,
                                     const struct traffic_selector *range)
{
    struct prefix prefix = prefix_of(range);
    return (struct prefix_walk){
        .next = *root_of(tree, &range->start), .bits = prefix.bits, .length = prefix.length};
}

/* The next one below `top`, which comes first itself. */
static const struct prefix_node *next_below(const struct prefix_node *node,
                                            const struct prefix_node *top)
{
    if (node->children[0] != NULL) {
        return node->children[0];
    }
    if (node->children[1] != NULL) {
        return node->children[1];
    }
    while (node != top) {
        const struct prefix_node *parent = node->parent;
        if (node == parent->children[0] && parent->children[1] != NULL) {
            return parent->children[1];
        }
        node = parent;
    }
    return NULL;
}

const struct prefix_item *prefix_walk_next(struct prefix_walk *walk)
{
    while (walk->next != NULL) {
        const struct prefix_node *node = walk->next;
        if (walk->top == NULL && node->length >= walk->length) { /* what is wanted ends here */
            walk->top = node;
            if (!begin_alike(node->bits, walk->bits, walk->length)) {
                walk->next = NULL;
                return NULL;
            }
        }
        if (walk->top != NULL) {
            walk->next = next_below(node, walk->top);
        } else {
            walk->next = node->children[bit_at(walk->bits, node->length)];
            if (node->first != NULL && !begin_alike(node->bits, walk->bits, node->length)) {
                walk->next = NULL;
                return NULL;
            }
        }
        if (node->first != NULL) {
            return node->first;
        }
    }
    return NULL;
}
