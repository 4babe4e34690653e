/* NAT detection by hashed addresses, RFC 7296 2.23. */

#include "sa/nat_detection.h"

#include <string.h>

enum status nat_detection_hash(uint64_t spi_i, uint64_t spi_r,
                               const struct transport_address *address, uint8_t out[SHA1_LENGTH])
{
    uint8_t octets[8 + 8 + 16 + 2];
    struct writer w = writer_over(octets, sizeof octets);
    writer_u64(&w, spi_i);
    writer_u64(&w, spi_r);
    writer_put(&w, address_bytes(&address->ip));
    writer_u16(&w, address->port);
    struct bytes all = writer_bytes(&w);
    return digest_sha1(&all, 1, out);
}

/* True when any notification of this type carries the hash; *seen when there was one at all. */
static bool any_matches(const struct message *message, uint16_t type,
                        const uint8_t hash[SHA1_LENGTH], bool *seen)
{
    *seen = false;
    for (size_t i = 0; i < message->notify_count; i++) {
        const struct notify_payload *n = &message->notifies[i];
        if (n->type == type) {
            *seen = true;
            if (bytes_equal(n->data, bytes_of(hash, SHA1_LENGTH))) {
                return true;
            }
        }
    }
    return false;
}

enum status nat_detection_evaluate(const struct message *message, uint64_t spi_i, uint64_t spi_r,
                                   const struct path *path, struct nat_detection *out)
{
    uint8_t source[SHA1_LENGTH];
    uint8_t destination[SHA1_LENGTH];
    bool source_seen;
    bool destination_seen;
    TRY(nat_detection_hash(spi_i, spi_r, &path->remote, source));
    TRY(nat_detection_hash(spi_i, spi_r, &path->local, destination));
    bool source_same = any_matches(message, NAT_DETECTION_SOURCE_IP, source, &source_seen);
    bool destination_same =
        any_matches(message, NAT_DETECTION_DESTINATION_IP, destination, &destination_seen);
    out->supported = source_seen && destination_seen;
    out->nat_remote = out->supported && !source_same;
    out->nat_local = out->supported && !destination_same;
    return STATUS_OK;
}

static void notify(struct chain_writer *chain, uint16_t type, const uint8_t hash[SHA1_LENGTH])
{
    payload_begin(chain, PAYLOAD_NOTIFY);
    notify_payload_build(chain->w, PROTOCOL_NONE, bytes_of(NULL, 0), type,
                         bytes_of(hash, SHA1_LENGTH));
    payload_end(chain);
}

enum status nat_detection_build(struct chain_writer *chain, uint64_t spi_i, uint64_t spi_r,
                                const struct path *path, bool hide_source)
{
    uint8_t source[SHA1_LENGTH];
    uint8_t destination[SHA1_LENGTH];
    struct transport_address nowhere = {.ip = {.family = ADDRESS_V4}};
    TRY(nat_detection_hash(spi_i, spi_r, hide_source ? &nowhere : &path->local, source));
    TRY(nat_detection_hash(spi_i, spi_r, &path->remote, destination));
    notify(chain, NAT_DETECTION_SOURCE_IP, source);
    notify(chain, NAT_DETECTION_DESTINATION_IP, destination);
    return STATUS_OK;
}
