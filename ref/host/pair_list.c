/* An array: walked through rarely, and never for a packet. */
#include "host/pair_list.h"

#include <stdlib.h>

static struct pair_entry *entry_find(struct pair_list *list, uint32_t spi_in)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].spi_in == spi_in) {
            return &list->items[i];
        }
    }
    return NULL;
}

bool pair_list_add(struct pair_list *list, uint32_t spi_in, const struct path *path)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        struct pair_entry *items = realloc(list->items, capacity * sizeof(*items));
        if (items == NULL) {
            return false;
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = (struct pair_entry){.spi_in = spi_in, .path = *path};
    return true;
}

void pair_list_move(struct pair_list *list, uint32_t spi_in, const struct path *path)
{
    struct pair_entry *entry = entry_find(list, spi_in);
    if (entry != NULL) {
        entry->path = *path;
    }
}

void pair_list_remove(struct pair_list *list, uint32_t spi_in)
{
    struct pair_entry *entry = entry_find(list, spi_in);
    if (entry != NULL) {
        *entry = list->items[--list->count];
    }
}

void pair_list_destroy(struct pair_list *list)
{
    free(list->items);
    *list = (struct pair_list){0};
}
