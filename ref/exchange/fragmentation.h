/* IKE fragmentation, RFC 7383: messages that would not fit into one IP packet go as several, each
 * sealed by itself. Used only when both sides have said in IKE_SA_INIT that they can (2.3). */
#ifndef IKEREF_EXCHANGE_FRAGMENTATION_H
#define IKEREF_EXCHANGE_FRAGMENTATION_H

#include "exchange/exchange.h"

/* Octets of the largest IP packet a fragment of ours may fill: as configured, or what has turned
 * out to pass on this path (2.5.1, 2.5.2). */
size_t fragmentation_size(const struct ike_sa *sa);

/* The heir of a rekeyed IKE SA fragments as the old one did. */
void fragmentation_inherit(struct ike_sa *heir, const struct ike_sa *old);

/* A message ready to be sealed. */
struct unsealed {
    struct ike_header header;
    uint8_t first;           /* type of the first payload */
    struct bytes inner;      /* all payloads, with their generic headers */
    const struct path *path; /* the one it will take, for the size of its IP header, */
    bool encapsulated;       /* and whether a Non-ESP marker goes with it */
    size_t size;             /* octets of the largest IP packet that may carry it */
};

/* Seals it into `out`: whole when it fits or the peer does not know fragments, else in fragments
 * from 1 on, whose IVs are drawn in this order. What may have to be cut smaller is kept. */
MUST_USE enum status fragmentation_seal(struct sa_store *store, struct ike_sa *sa,
                                        const struct unsealed *message, struct stored_message *out);

/* Sends all its datagrams, and counts. */
void fragmentation_send(struct sa_store *store, struct stored_message *message,
                        const struct path *path, bool encapsulated);

/* The path is new: the cut that is out has all its tries there. */
void fragmentation_retry(struct stored_message *message);

/* Has this cut been sent several times for nothing, and is there a smaller one? */
bool fragmentation_cut_due(const struct stored_message *message);
/* Then cuts the message anew, into smaller and more fragments; they are not sent here, and when
 * that fails it stays as it is. Once a request has been cut, later messages on this path start with
 * that size (2.5.2). */
void fragmentation_cut(struct sa_store *store, struct ike_sa *sa, const struct path *path,
                       bool encapsulated, struct stored_message *message);

/* The path of the IKE SA takes no IP packets of more than `mtu` octets: later messages keep to that
 * (2.5.1), and fragments of this one that do not are cut anew (2.5.2). True: they were, and are to
 * be sent. False also where nothing is stored. */
bool fragmentation_narrow(struct sa_store *store, struct ike_sa *sa, size_t mtu,
                          struct stored_message *message);

/* ---- in ---- */

struct opened {
    bool whole;         /* else more fragments are awaited */
    struct bytes inner; /* in the caller's buffer */
    uint8_t first;
    size_t packet;   /* octets of the largest IP packet it came in when in fragments; else 0 */
    bool false_seal; /* it was looked into, and is not from who has the keys; a copy is not */
};

/* Opens one fragment whose turn it is (`repeated`: of a request that was answered before), and
 * joins the message when it was the last one missing. `plain` has IKE_MESSAGE_MAX octets. What is
 * of no use is STATUS_DROP before any cryptography. A peer that sends more than we take loses its
 * IKE SA (RFC 7383 5): STATUS_INTERNAL. */
MUST_USE enum status fragmentation_open(struct sa_store *store, struct ike_sa *sa,
                                        const struct exchange_input *in,
                                        const struct payload *payload, bool repeated,
                                        uint8_t *plain, struct opened *out);

/* When the fragments of the peer's request have waited long enough for the rest (2.6); UINT64_MAX:
 * none do. */
uint64_t fragmentation_deadline(const struct ike_sa *sa);
/* They are forgotten once that time has come; for the peer it is as if we had seen none. */
void fragmentation_expire(const struct sa_store *store, struct ike_sa *sa);

#endif
