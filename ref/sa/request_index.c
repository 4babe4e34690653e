/* IKE SAs by the request that made them: a hash table. */

#include "sa/request_index.h"

enum status request_index_init(struct request_index *index)
{
    return hash_table_init(&index->table);
}

void request_index_free(struct request_index *index)
{
    hash_table_free(&index->table);
}

void request_index_add(struct request_index *index, struct hash_link *link, uint64_t request)
{
    if (request != 0) {
        hash_table_add(&index->table, link, request);
    }
}

bool request_index_remove(struct request_index *index, struct hash_link *link)
{
    if (link->hash == 0) {
        return false;
    }
    hash_table_remove(&index->table, link);
    link->hash = 0;
    return true;
}

bool request_index_has(const struct request_index *index, uint64_t request)
{
    return hash_table_find(&index->table, request) != NULL;
}
