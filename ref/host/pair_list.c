/* An array for who walks through all of them, which is rare, and a table for who looks for one,
 * which every Child SA does that comes or goes. */
#include "host/pair_list.h"

#include <stdlib.h>

enum status pair_list_init(struct pair_list *list)
{
    *list = (struct pair_list){0};
    return hash_table_init(&list->by_spi_in);
}

void pair_list_destroy(struct pair_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    hash_table_free(&list->by_spi_in);
    *list = (struct pair_list){0};
}

static struct pair_entry *entry_find(const struct pair_list *list, uint32_t spi_in)
{
    struct hash_link *link = hash_table_find(&list->by_spi_in, spi_in);
    return link != NULL ? HASH_OWNER(link, struct pair_entry, by_spi_in) : NULL;
}

static bool has_room(struct pair_list *list)
{
    if (list->count < list->capacity) {
        return true;
    }
    size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
    struct pair_entry **items = realloc(list->items, capacity * sizeof(struct pair_entry *));
    if (items == NULL) {
        return false;
    }
    list->items = items;
    list->capacity = capacity;
    return true;
}

bool pair_list_add(struct pair_list *list, uint32_t spi_in, const struct path *path)
{
    struct pair_entry *entry = has_room(list) ? malloc(sizeof(*entry)) : NULL;
    if (entry == NULL) {
        return false;
    }
    *entry = (struct pair_entry){.place = list->count, .spi_in = spi_in, .path = *path};
    list->items[list->count++] = entry;
    hash_table_add(&list->by_spi_in, &entry->by_spi_in, spi_in);
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
        hash_table_remove(&list->by_spi_in, &entry->by_spi_in);
        struct pair_entry *last = list->items[--list->count];
        list->items[entry->place] = last;
        last->place = entry->place;
        free(entry);
    }
}
