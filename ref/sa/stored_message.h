/* A message kept octet for octet, to be sent again unchanged (RFC 7296 2.1). */
#ifndef IKEREF_SA_STORED_MESSAGE_H
#define IKEREF_SA_STORED_MESSAGE_H

#include "base/bytes.h"

struct stored_message {
    uint8_t *octets; /* owned */
    size_t length;
};

/* Replaces what was stored by a copy; STATUS_INTERNAL without memory (nothing is stored then). */
MUST_USE enum status stored_message_set(struct stored_message *stored, struct bytes octets);
void stored_message_clear(struct stored_message *stored);
struct bytes stored_message_bytes(const struct stored_message *stored);

#endif
