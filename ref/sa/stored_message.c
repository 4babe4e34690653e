/* A message kept octet for octet, to be sent again unchanged (RFC 7296 2.1). */

#include "sa/stored_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum status stored_message_set(struct stored_message *stored, struct bytes octets)
{
    uint8_t *copy = malloc(octets.length > 0 ? octets.length : 1);
    stored_message_clear(stored);
    if (copy == NULL) {
        return STATUS_INTERNAL;
    }
    memcpy(copy, octets.data, octets.length);
    stored->octets = copy;
    stored->length = octets.length;
    return STATUS_OK;
}

void stored_message_clear(struct stored_message *stored)
{
    free(stored->octets);
    stored->octets = NULL;
    stored->length = 0;
}

struct bytes stored_message_bytes(const struct stored_message *stored)
{
    return bytes_of(stored->octets, stored->length);
}
