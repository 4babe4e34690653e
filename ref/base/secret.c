/* A key: copied in, viewed, wiped; nothing here prints one. */
#include "base/secret.h"

#include <assert.h>
#include <string.h>

struct bytes secret_bytes(const struct secret *secret)
{
    return bytes_of(secret->data, secret->length);
}

void secret_set(struct secret *secret, struct bytes octets)
{
    assert(octets.length <= SECRET_MAX);
    if (octets.length > 0) {
        /* The octets may be a view of this very secret. */
        memmove(secret->data, octets.data, octets.length);
    }
    secret->length = octets.length;
    /* A shorter key must not leave the tail of the one before it. */
    octets_wipe(secret->data + octets.length, SECRET_MAX - octets.length);
}

void secret_wipe(struct secret *secret)
{
    octets_wipe(secret, sizeof *secret);
}

void octets_wipe(void *data, size_t length)
{
    if (length > 0) {
        explicit_bzero(data, length);
    }
}
