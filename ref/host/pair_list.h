/* The pairs the data plane carries, as far as the host must remember them. */
#ifndef IKEREF_HOST_PAIR_LIST_H
#define IKEREF_HOST_PAIR_LIST_H

#include "base/address.h"
#include "base/hash_table.h"

struct pair_entry {
    struct hash_link by_spi_in; /* our SPIs are random: their own hash */
    size_t place;               /* in `items` */
    uint32_t spi_in;
    struct path path;
    uint64_t last_in_ns, last_out_ns; /* as the core was told last */
};

struct pair_list {
    struct pair_entry **items; /* in no order */
    size_t count, capacity;
    struct hash_table by_spi_in;
};

/* STATUS_INTERNAL: no memory. */
MUST_USE enum status pair_list_init(struct pair_list *list);
/* A list of zeros is fine. */
void pair_list_destroy(struct pair_list *list);

/* False: no memory. */
bool pair_list_add(struct pair_list *list, uint32_t spi_in, const struct path *path);
void pair_list_move(struct pair_list *list, uint32_t spi_in, const struct path *path);
void pair_list_remove(struct pair_list *list, uint32_t spi_in);

#endif
