/* IKE SAs by our SPI: a hash table whose hash is the SPI. */

#include "sa/spi_index.h"

enum status spi_index_init(struct spi_index *index)
{
    return hash_table_init(&index->table);
}

void spi_index_free(struct spi_index *index)
{
    hash_table_free(&index->table);
}

void spi_index_add(struct spi_index *index, struct ike_sa *sa)
{
    hash_table_add(&index->table, &sa->by_spi, ike_sa_local_spi(sa));
}

void spi_index_remove(struct spi_index *index, struct ike_sa *sa)
{
    hash_table_remove(&index->table, &sa->by_spi);
}

struct ike_sa *spi_index_find(const struct spi_index *index, uint64_t local_spi)
{
    struct hash_link *link = hash_table_find(&index->table, local_spi);
    return link != NULL ? HASH_OWNER(link, struct ike_sa, by_spi) : NULL;
}
