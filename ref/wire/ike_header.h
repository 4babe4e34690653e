/* The IKE header, RFC 7296 3.1. */
#ifndef IKEREF_WIRE_IKE_HEADER_H
#define IKEREF_WIRE_IKE_HEADER_H

#include "base/writer.h"

#define IKE_HEADER_LENGTH 28
#define IKE_VERSION_MAJOR 2

enum ike_flag { IKE_FLAG_INITIATOR = 0x08, IKE_FLAG_VERSION = 0x10, IKE_FLAG_RESPONSE = 0x20 };

struct ike_header {
    uint64_t spi_i;
    uint64_t spi_r;
    uint8_t next_payload;
    uint8_t major_version;
    uint8_t minor_version;
    uint8_t exchange_type;
    uint8_t flags; /* enum ike_flag; the rest is ignored on receipt, zero when sent */
    uint32_t message_id;
    uint32_t length;
};

/* Reads the header at the start of a whole datagram. Too short, or a Length other than the
 * datagram's: STATUS_DROP. A higher major version: STATUS_NOTIFY(INVALID_MAJOR_VERSION) with *out
 * filled; a lower one: STATUS_DROP. */
MUST_USE enum status ike_header_parse(struct bytes datagram, struct ike_header *out);

/* Writes 28 octets, version 2.0, Length as given (see ike_header_patch_length). */
void ike_header_build(struct writer *w, const struct ike_header *header);

/* Set Length to all that the writer holds. */
void ike_header_patch_length(struct writer *w);

#endif
