/* The chain of payloads behind the IKE header or inside SK: generic headers, RFC 7296 3.2. */
#ifndef IKEREF_WIRE_PAYLOAD_CHAIN_H
#define IKEREF_WIRE_PAYLOAD_CHAIN_H

#include "base/limits.h"
#include "base/writer.h"

struct payload {
    uint8_t type;
    bool critical;
    uint8_t next_payload; /* meaningful for SK and SKF: the first payload inside */
    struct bytes body;    /* a view, without the generic header */
    size_t offset;        /* of the generic header in what was parsed */
};

struct payload_chain {
    size_t count;
    struct payload items[PAYLOADS_MAX];
    uint8_t unsupported_critical; /* the type, when the status says UNSUPPORTED_CRITICAL_PAYLOAD */
};

/* Walks `octets` from payload type `first` to the end; SK and SKF end a chain (RFC 7296 3.14).
 * Lengths that do not fit, octets left over, or too many payloads: STATUS_NOTIFY(INVALID_SYNTAX).
 * An unknown payload with the critical bit: STATUS_NOTIFY(UNSUPPORTED_CRITICAL_PAYLOAD); without it
 * it is skipped (2.5). The critical bit on a payload we know is ignored. */
MUST_USE enum status payload_chain_parse(uint8_t first, struct bytes octets,
                                         struct payload_chain *out);

/* Builds a chain into `w`. Start with chain_writer_over, bracket each body with begin and end.
 * The type of the first payload is in `first` afterwards (PAYLOAD_NONE for an empty chain). */
struct chain_writer {
    struct writer *w;
    uint8_t first;
    size_t previous; /* offset of the last generic header */
    size_t current;
    bool any;
};

struct chain_writer chain_writer_over(struct writer *w);
void payload_begin(struct chain_writer *chain, uint8_t type);
void payload_end(struct chain_writer *chain);

#endif
