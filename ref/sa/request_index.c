/* IKE SAs by the request that made them: a hash table of fixed size. */

#include "sa/request_index.h"

void request_index_add(struct request_index *index, struct ike_sa *sa)
{
    if (sa->request_hash != 0) {
        struct ike_sa **bucket = &index->buckets[sa->request_hash % REQUEST_BUCKETS];
        sa->next_by_request = *bucket;
        *bucket = sa;
    }
}

void request_index_remove(struct request_index *index, struct ike_sa *sa)
{
    struct ike_sa **link = &index->buckets[sa->request_hash % REQUEST_BUCKETS];
    while (*link != NULL && *link != sa) {
        link = &(*link)->next_by_request;
    }
    if (*link == sa) {
        *link = sa->next_by_request;
    }
}

bool request_index_has(const struct request_index *index, uint64_t request)
{
    const struct ike_sa *sa = index->buckets[request % REQUEST_BUCKETS];
    while (sa != NULL && sa->request_hash != request) {
        sa = sa->next_by_request;
    }
    return sa != NULL;
}
