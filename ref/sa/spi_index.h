/* IKE SAs by our SPI. It is drawn at random by us, so that its octets are a hash already, and of
 * nobody else's choosing: who tries a million SPIs learns nothing and costs one look each. */
#ifndef IKEREF_SA_SPI_INDEX_H
#define IKEREF_SA_SPI_INDEX_H

#include "base/hash_table.h"
#include "sa/ike_sa.h"

struct spi_index {
    struct hash_table table;
};

/* STATUS_INTERNAL: no memory. */
MUST_USE enum status spi_index_init(struct spi_index *index);
/* Frees the index, not the IKE SAs. */
void spi_index_free(struct spi_index *index);

/* Under its local SPI, which must not change while it is in. */
void spi_index_add(struct spi_index *index, struct ike_sa *sa);
void spi_index_remove(struct spi_index *index, struct ike_sa *sa);
/* NULL: none. */
struct ike_sa *spi_index_find(const struct spi_index *index, uint64_t local_spi);

#endif
