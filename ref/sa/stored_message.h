/* A message kept octet for octet, to be sent again unchanged (RFC 7296 2.1): one datagram, or as
 * many as it has fragments (RFC 7383 2.5). */
#ifndef IKEREF_SA_STORED_MESSAGE_H
#define IKEREF_SA_STORED_MESSAGE_H

#include "wire/ike_header.h"

struct stored_datagram {
    struct stored_datagram *next;
    size_t length;
    uint8_t octets[];
};

/* What a message was sealed from, kept only when it may have to be cut smaller (RFC 7383 2.5.2). */
struct stored_plain {
    struct ike_header header;
    uint8_t first;    /* type of the first payload */
    uint16_t total;   /* fragments it is in; 1: whole */
    uint32_t copies;  /* of this cut sent on this path */
    size_t next_size; /* octets of the IP packets it is cut for next */
    size_t length;
    uint8_t inner[];
};

struct stored_message {
    struct stored_datagram *datagrams; /* owned, in the order they are sent */
    struct stored_plain *plain;        /* owned; NULL: the message stays as it is */
};

bool stored_message_is_empty(const struct stored_message *stored);

/* Replaces what was stored by a copy of one datagram; STATUS_INTERNAL without memory (nothing is
 * stored then). */
MUST_USE enum status stored_message_set(struct stored_message *stored, struct bytes octets);
/* Appends one more datagram; STATUS_INTERNAL without memory (what was there stays). */
MUST_USE enum status stored_message_add(struct stored_message *stored, struct bytes octets);
/* Keeps a copy of the payloads too, the other fields as in `plain`; STATUS_INTERNAL without memory.
 */
MUST_USE enum status stored_message_keep_plain(struct stored_message *stored,
                                               const struct stored_plain *plain,
                                               struct bytes inner);
void stored_message_clear(struct stored_message *stored);

/* The only datagram of a message that is never in fragments; empty when nothing is stored. */
struct bytes stored_message_bytes(const struct stored_message *stored);

#endif
