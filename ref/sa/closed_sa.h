/* What is left of an IKE SA that has ended: enough to repeat the answer to the last request, which
 * may have been lost (RFC 7296 2.1), and to know late copies of the IKE_SA_INIT request that made
 * it for what they are. All stay for the same time, so that the oldest goes first; in a gateway
 * whose clients come and go there are many times more of them than of IKE SAs. */
#ifndef IKEREF_SA_CLOSED_SA_H
#define IKEREF_SA_CLOSED_SA_H

#include "sa/ike_sa.h"
#include "sa/request_index.h"

struct closed_sa {
    struct closed_sa *newer;
    struct hash_link by_spi;     /* our SPI */
    struct hash_link by_request; /* in sa/request_index.h */
    uint64_t until_ns;
    uint64_t spi_i, spi_r;
    bool initiator;
    bool fragmentation;
    struct protection protection;
    struct protector *open;
    struct protector *seal; /* NULL: the answer will not be cut smaller (RFC 7383 2.5.2) */
    uint32_t expected_request;
    struct stored_message response;
};

struct closed_list {
    struct closed_sa *oldest, *newest;
    struct hash_table by_spi;
};

/* STATUS_INTERNAL: no memory. */
MUST_USE enum status closed_list_init(struct closed_list *list);
/* Frees those in it too; a list of zeros is fine. */
void closed_list_wipe(struct closed_list *list, struct request_index *answered);

/* Takes out of a CLOSED IKE SA what is to be kept until its close_ns, which is not before that of
 * those in the list; the rest of it is to be freed. STATUS_INTERNAL: no memory, and nothing has
 * changed. */
MUST_USE enum status closed_list_add(struct closed_list *list, struct request_index *answered,
                                     struct ike_sa *sa);
/* NULL: none. */
struct closed_sa *closed_list_find(const struct closed_list *list, uint64_t local_spi);

/* When the next one goes; UINT64_MAX: there is none. And those go whose time has come. */
uint64_t closed_list_deadline(const struct closed_list *list);
void closed_list_expire(struct closed_list *list, struct request_index *answered, uint64_t now_ns);

/* The IKE SA as far as a repeated request is concerned, for the time of one: in no index, with what
 * it owns lent, and then given back. */
void closed_sa_lend(const struct closed_sa *closed, struct ike_sa *out);
void closed_sa_take_back(struct closed_sa *closed, const struct ike_sa *sa);

#endif
