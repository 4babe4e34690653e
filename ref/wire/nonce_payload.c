/* Nonce payload, RFC 7296 3.9: the body is the nonce, 16 to 256 octets.
 *
 *   +---------------------------------------------------------------+
 *   | nonce ...
 */
#include "wire/payloads.h"

#include <assert.h>

static bool length_is_right(struct bytes nonce)
{
    return nonce.length >= NONCE_MIN && nonce.length <= NONCE_MAX;
}

enum status nonce_payload_parse(struct bytes body, struct nonce_payload *out)
{
    if (!length_is_right(body)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->nonce = body;
    return STATUS_OK;
}

void nonce_payload_build(struct writer *w, struct bytes nonce)
{
    assert(length_is_right(nonce));
    writer_put(w, nonce);
}
