/* A table of things by a 64-bit hash: linear hashing, with chains. */

#include "base/hash_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 16

enum status hash_table_init(struct hash_table *table)
{
    *table = (struct hash_table){.room = BUCKETS_FIRST, .used = 1, .level = 1};
    table->buckets = calloc(table->room, sizeof *table->buckets);
    return table->buckets != NULL ? STATUS_OK : STATUS_INTERNAL;
}

void hash_table_free(struct hash_table *table)
{
    free(table->buckets);
    memset(table, 0, sizeof *table);
}

/* Buckets below `used` - `level` have been split: one bit more of the hash tells where. */
static size_t place_of(const struct hash_table *table, uint64_t hash)
{
    size_t i = hash & (2 * table->level - 1);
    return i < table->used ? i : i - table->level;
}

static struct hash_link **bucket_of(const struct hash_table *table, uint64_t hash)
{
    return &table->buckets[place_of(table, hash)];
}

static bool has_room(struct hash_table *table)
{
    if (table->used < table->room) {
        return true;
    }
    size_t room = 2 * table->room;
    struct hash_link **buckets = realloc(table->buckets, room * sizeof *buckets);
    if (buckets == NULL) {
        return false;
    }
    table->buckets = buckets;
    table->room = room;
    return true;
}

/* One bucket more, into which goes its share of the one that it is split from. */
static void grow(struct hash_table *table)
{
    if (!has_room(table)) {
        return;
    }
    struct hash_link **from = &table->buckets[table->used - table->level];
    struct hash_link **to = &table->buckets[table->used];
    while (*from != NULL) {
        if (((*from)->hash & table->level) != 0) {
            *to = *from;
            *from = (*from)->next;
            to = &(*to)->next;
        } else {
            from = &(*from)->next;
        }
    }
    *to = NULL;
    table->used++;
    if (table->used == 2 * table->level) {
        table->level = table->used;
    }
}

void hash_table_add(struct hash_table *table, struct hash_link *link, uint64_t hash)
{
    if (table->count++ >= table->used) {
        grow(table);
    }
    struct hash_link **bucket = bucket_of(table, hash);
    link->hash = hash;
    link->next = *bucket;
    *bucket = link;
}

void hash_table_remove(struct hash_table *table, struct hash_link *link)
{
    struct hash_link **at = bucket_of(table, link->hash);
    while (*at != link) {
        assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = link->next;
    link->next = NULL;
    table->count--;
}

static struct hash_link *first_of(struct hash_link *link, uint64_t hash)
{
    while (link != NULL && link->hash != hash) {
        link = link->next;
    }
    return link;
}

struct hash_link *hash_table_find(const struct hash_table *table, uint64_t hash)
{
    return first_of(*bucket_of(table, hash), hash);
}

struct hash_link *hash_table_next(const struct hash_link *link)
{
    return first_of(link->next, link->hash);
}

struct hash_link *hash_table_after(const struct hash_table *table, const struct hash_link *link)
{
    struct hash_link *next = link != NULL ? link->next : NULL;
    size_t at = link != NULL ? place_of(table, link->hash) + 1 : 0;
    while (next == NULL && at < table->used) {
        next = table->buckets[at++];
    }
    return next;
}
