/* One nftables table that is there already, by netlink: a running daemon starts no program. */
#ifndef IKEREF_HOST_NF_TABLE_H
#define IKEREF_HOST_NF_TABLE_H

#include "base/bytes.h"

/* Removes the table of family inet and all that is in it; 0 or an errno (ENOENT: there is none). */
int nf_table_remove(const char *table);

/* Adds one element to a set of the table, as its key stands in a packet; 0 or an errno. */
int nf_table_set_add(const char *table, const char *set, struct bytes key);

#endif
