/* Every key of the configuration file: its name, what its value is, where it goes. */
#ifndef IKEREF_HOST_CONFIG_KEYS_H
#define IKEREF_HOST_CONFIG_KEYS_H

#include "host/config_value.h"

struct config_key {
    const char *name; /* NULL: end of the table */
    enum value_kind kind;
    size_t offset; /* of the field in the table's structure */
    bool list;     /* { "a", "b" }: each value is appended */
};

extern const struct config_key config_keys_global[]; /* struct host_config */
extern const struct config_key config_keys_peer[];   /* struct peer_config */
extern const struct config_key config_keys_child[];  /* struct child_config */

/* NULL: the table has no such key. */
const struct config_key *config_key_find(const struct config_key *table, const char *name);

/* Of a NULL-terminated list the word most like `name`; NULL when none is like it. */
const char *config_key_nearest(const char *const *names, const char *name);

#endif
