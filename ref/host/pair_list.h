/* The pairs the data plane carries, as far as the host must remember them. */
#ifndef IKEREF_HOST_PAIR_LIST_H
#define IKEREF_HOST_PAIR_LIST_H

#include "base/address.h"

struct pair_entry {
    uint32_t spi_in;
    struct path path;
    uint64_t last_in_ns, last_out_ns; /* as the core was told last */
};

struct pair_list {
    struct pair_entry *items; /* in no order */
    size_t count, capacity;
};

bool pair_list_add(struct pair_list *list, uint32_t spi_in, const struct path *path);
void pair_list_move(struct pair_list *list, uint32_t spi_in, const struct path *path);
void pair_list_remove(struct pair_list *list, uint32_t spi_in);
void pair_list_destroy(struct pair_list *list);

#endif
