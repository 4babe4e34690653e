/* IKE SAs by whom they are with: a hash table. */

#include "sa/identity_index.h"

#include <string.h>

#include "base/writer.h"
#include "crypto/distinguished_name.h"

enum status identity_index_init(struct identity_index *index, const uint8_t key[SIPHASH_KEY_LENGTH])
{
    memcpy(index->key, key, sizeof index->key);
    return hash_table_init(&index->table);
}

void identity_index_free(struct identity_index *index)
{
    hash_table_free(&index->table);
    octets_wipe(index, sizeof *index);
}

/* The same for all that identity_equal takes for the same. */
static uint64_t hash_of(const struct identity_index *index, const struct ike_sa *sa)
{
    const struct identity *id = &sa->remote_id;
    struct bytes data = bytes_of(id->data, id->length);
    uint8_t octets[2 + 1 + 8 + IDENTITY_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    writer_u16(&w, sa->peer_index);
    writer_u8(&w, id->type);
    if (id->type == ID_DER_ASN1_DN) {
        writer_u64(&w, distinguished_name_number(data));
    } else {
        writer_put(&w, data);
    }
    return siphash(index->key, writer_bytes(&w));
}

void identity_index_add(struct identity_index *index, struct ike_sa *sa)
{
    hash_table_add(&index->table, &sa->by_identity, hash_of(index, sa));
    sa->known = true;
}

void identity_index_remove(struct identity_index *index, struct ike_sa *sa)
{
    if (sa->known) {
        hash_table_remove(&index->table, &sa->by_identity);
        sa->known = false;
    }
}

struct ike_sa *identity_index_other(const struct identity_index *index, const struct ike_sa *sa,
                                    struct ike_sa *after)
{
    struct hash_link *link = after != NULL ? hash_table_next(&after->by_identity)
                                           : hash_table_find(&index->table, hash_of(index, sa));
    for (; link != NULL; link = hash_table_next(link)) {
        struct ike_sa *other = HASH_OWNER(link, struct ike_sa, by_identity);
        if (other != sa && other->peer_index == sa->peer_index &&
            identity_equal(&other->remote_id, &sa->remote_id)) {
            return other;
        }
    }
    return NULL;
}
