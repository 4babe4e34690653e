/* NO_NATS_ALLOWED, RFC 4555 3.9, 4.2.6:
 *
 *     source address | destination address | source port | destination port
 *     4 or 16 octets each                  | 2 octets each
 */

#include "exchange/nat_prohibition.h"

#define NO_NATS_ALLOWED_MAX (2 * 16 + 2 * 2)

static void path_ends_build(struct writer *w, const struct transport_address *source,
                            const struct transport_address *destination)
{
    writer_put(w, address_bytes(&source->ip));
    writer_put(w, address_bytes(&destination->ip));
    writer_u16(w, source->port);
    writer_u16(w, destination->port);
}

void nat_prohibition_build(const struct ike_sa *sa, struct chain_writer *chain)
{
    uint8_t octets[NO_NATS_ALLOWED_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    if (!sa->nat_supported) {
        path_ends_build(&w, &sa->path.local, &sa->path.remote);
        notify_add(chain, NO_NATS_ALLOWED, writer_bytes(&w));
    }
}

bool nat_prohibition_broken(const struct exchange_input *in)
{
    uint8_t octets[NO_NATS_ALLOWED_MAX];
    const struct notify_payload *n = message_notify(in->message, NO_NATS_ALLOWED);
    if (n == NULL) {
        return false;
    }
    struct writer w = writer_over(octets, sizeof octets);
    path_ends_build(&w, &in->path->remote, &in->path->local);
    return !bytes_equal(writer_bytes(&w), n->data);
}
