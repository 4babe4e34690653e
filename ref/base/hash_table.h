/* A table of things by a 64-bit hash, for lookups that take the same time among ten as among a
 * hundred thousand. Each thing carries its own link, so that nothing is allocated for it; the table
 * grows by one bucket with each of them (Litwin's linear hashing), so that no addition waits until
 * all others have been moved. Whose hashes come from strangers makes them with a secret key
 * (base/siphash.h). */
#ifndef IKEREF_BASE_HASH_TABLE_H
#define IKEREF_BASE_HASH_TABLE_H

#include <stddef.h>

#include "base/status.h"

struct hash_link { /* part of what is in the table; it may be in several by several of these */
    struct hash_link *next;
    uint64_t hash;
};

struct hash_table {
    struct hash_link **buckets;
    size_t room;  /* buckets that there is memory for */
    size_t used;  /* buckets that are in use */
    size_t level; /* the greatest power of two that is not above `used` */
    size_t count; /* of what is in it */
};

/* What the link is part of; a member of that name and type. */
#define HASH_OWNER(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

/* STATUS_INTERNAL: no memory. */
MUST_USE enum status hash_table_init(struct hash_table *table);
/* Frees the table and nothing that is in it. A table of zeros is fine. */
void hash_table_free(struct hash_table *table);

/* Short of memory the table stays as small as it is: slower, not wrong. Several may have one hash;
 * the newest is found first. */
void hash_table_add(struct hash_table *table, struct hash_link *link, uint64_t hash);
/* Asserts that it is in. */
void hash_table_remove(struct hash_table *table, struct hash_link *link);

/* One of that hash, and the next of the same; NULL: none. */
struct hash_link *hash_table_find(const struct hash_table *table, uint64_t hash);
struct hash_link *hash_table_next(const struct hash_link *link);

/* Any one for NULL, then another until all have been told, in no order; NULL: that was the last. Of
 * a table that does not change meanwhile. */
struct hash_link *hash_table_after(const struct hash_table *table, const struct hash_link *link);

#endif
