/* A message kept octet for octet, to be sent again unchanged (RFC 7296 2.1, RFC 7383 2.5). */

#include "sa/stored_message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

bool stored_message_is_empty(const struct stored_message *stored)
{
    return stored->datagrams == NULL;
}

enum status stored_message_add(struct stored_message *stored, struct bytes octets)
{
    struct stored_datagram **link = &stored->datagrams;
    struct stored_datagram *added = malloc(sizeof *added + octets.length);
    if (added == NULL) {
        return STATUS_INTERNAL;
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    added->next = NULL;
    added->length = octets.length;
    memcpy(added->octets, octets.data, octets.length);
    *link = added;
    return STATUS_OK;
}

enum status stored_message_set(struct stored_message *stored, struct bytes octets)
{
    struct stored_message fresh = {0};
    enum status status = stored_message_add(&fresh, octets); /* `octets` may be what is stored */
    stored_message_clear(stored);
    *stored = fresh;
    return status;
}

enum status stored_message_keep_plain(struct stored_message *stored,
                                      const struct stored_plain *plain, struct bytes inner)
{
    assert(stored->plain == NULL);
    stored->plain = malloc(sizeof *stored->plain + inner.length);
    if (stored->plain == NULL) {
        return STATUS_INTERNAL;
    }
    *stored->plain = *plain;
    stored->plain->length = inner.length;
    memcpy(stored->plain->inner, inner.data, inner.length);
    return STATUS_OK;
}

void stored_message_clear(struct stored_message *stored)
{
    while (stored->datagrams != NULL) {
        struct stored_datagram *next = stored->datagrams->next;
        free(stored->datagrams);
        stored->datagrams = next;
    }
    if (stored->plain != NULL) {
        octets_wipe(stored->plain, sizeof *stored->plain + stored->plain->length);
        free(stored->plain);
        stored->plain = NULL;
    }
}

struct bytes stored_message_bytes(const struct stored_message *stored)
{
    const struct stored_datagram *only = stored->datagrams;
    if (only == NULL) {
        return bytes_of(NULL, 0);
    }
    assert(only->next == NULL);
    return bytes_of(only->octets, only->length);
}
