/* Pairs in the order of the time when something is to be done about them. A pair is in one list at
 * most and carries its own links; who is added with the latest time of all, as nearly everybody is,
 * costs the same however many there are. */
#ifndef IKEREF_ESP_DUE_LIST_H
#define IKEREF_ESP_DUE_LIST_H

#include "esp/esp_pair.h"

struct due_list { /* of zeros: empty */
    struct esp_pair *first, *last;
};

/* Asserts that it is in none. */
void due_list_add(struct due_list *list, struct esp_pair *pair, uint64_t due_ns);
void due_list_remove(struct esp_pair *pair); /* no matter if it is in none */

/* UINT64_MAX: nobody is in. */
uint64_t due_list_deadline(const struct due_list *list);
/* The first one whose time has come; NULL: none. It stays in. */
struct esp_pair *due_list_first(const struct due_list *list, uint64_t now_ns);

#endif
