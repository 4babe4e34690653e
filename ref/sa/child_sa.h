/* A Child SA as IKE sees it: the pair of ESP SAs and where it stands in its life. RFC
 * 7296 1.3, 2.8. */
#ifndef IKEREF_SA_CHILD_SA_H
#define IKEREF_SA_CHILD_SA_H

#include "base/hash_table.h"
#include "crypto/protection.h"
#include "sa/config.h"
#include "sa/event.h"

enum child_sa_state {
    CHILD_SA_INSTALLED,
    CHILD_SA_REKEYING, /* our request to replace it is out */
    CHILD_SA_DELETING, /* our Delete is queued or out */
};

struct ike_sa;

struct child_sa {
    struct child_sa *next;                 /* in its IKE SA's list */
    struct ike_sa *owner;                  /* that IKE SA */
    struct child_sa *older, *newer;        /* of all, in order of id */
    struct hash_link by_number, by_spi_in; /* in the store's indexes */
    uint32_t id;
    uint16_t child_index;
    enum child_sa_state state;
    uint32_t spi_in, spi_out;
    bool transport_mode, esn;
    bool replaced;  /* the peer has rekeyed it and is about to delete it */
    bool redundant; /* lost a rekey collision (2.8.1) or is past its hard limit: not installed, only
                       to be deleted */
    struct protection protection;
    const struct key_exchange_algorithm *key_exchange;
    struct selectors local, remote;          /* kept: freed with it */
    enum down_reason down_reason;            /* DELETING: why */
    uint64_t installed_ns, soft_ns, hard_ns; /* UINT64_MAX: never */
    uint64_t last_in_ns, last_out_ns;
};

/* One that is in no list. NULL is fine. */
void child_sa_free(struct child_sa *child);

/* The RFC's or our word for it; static storage. */
const char *child_sa_state_name(enum child_sa_state state);

#endif
