/* IKE SAs by our SPI: a hash table of fixed size. */

#include "sa/spi_index.h"

#include <assert.h>

void spi_index_add(struct spi_index *index, struct ike_sa *sa)
{
    struct ike_sa **bucket = &index->buckets[ike_sa_local_spi(sa) % SPI_BUCKETS];
    sa->next_by_spi = *bucket;
    *bucket = sa;
}

void spi_index_remove(struct spi_index *index, struct ike_sa *sa)
{
    struct ike_sa **link = &index->buckets[ike_sa_local_spi(sa) % SPI_BUCKETS];
    while (*link != sa) {
        assert(*link != NULL);
        link = &(*link)->next_by_spi;
    }
    *link = sa->next_by_spi;
}

struct ike_sa *spi_index_find(const struct spi_index *index, uint64_t local_spi)
{
    struct ike_sa *sa = index->buckets[local_spi % SPI_BUCKETS];
    while (sa != NULL && ike_sa_local_spi(sa) != local_spi) {
        sa = sa->next_by_spi;
    }
    return sa;
}
