/* IKE SAs by our SPI. It is drawn at random by us, so that its octets are a hash already: who tries
 * a million SPIs learns nothing and costs one look each. */
#ifndef IKEREF_SA_SPI_INDEX_H
#define IKEREF_SA_SPI_INDEX_H

#include "sa/ike_sa.h"

#define SPI_BUCKETS 1024

struct spi_index {
    struct ike_sa *buckets[SPI_BUCKETS];
};

/* Under its local SPI, which must not change while it is in. */
void spi_index_add(struct spi_index *index, struct ike_sa *sa);
void spi_index_remove(struct spi_index *index, struct ike_sa *sa);
/* NULL: none. */
struct ike_sa *spi_index_find(const struct spi_index *index, uint64_t local_spi);

#endif
