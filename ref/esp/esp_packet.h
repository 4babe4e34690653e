/* One packet through one SA: sealing and opening, RFC 4303 3.3 and 3.4. */
#ifndef IKEREF_ESP_ESP_PACKET_H
#define IKEREF_ESP_ESP_PACKET_H

#include "esp/esp_header.h"
#include "esp/esp_pair.h"
#include "esp/packet.h"

/* Turns the payload in `packet` into ESP, in place. Takes a sequence number even when it fails:
 * none is ever used twice. PACKET_FORWARD or PACKET_DROP_INTERNAL. */
enum packet_verdict esp_seal(struct esp_pair *pair, const struct random_source *random,
                             struct packet *packet, uint8_t next_header);

struct esp_opened {
    uint8_t next_header;
    bool highest; /* the highest sequence number of this SA so far */
};

/* Turns ESP with this (already parsed) header into its payload, in place: replay check, opening,
 * replay update, trailer. PACKET_FORWARD, or why it is dropped; counts replays and the like in
 * pair->usage. Nothing but counters changes before the packet proved authentic. */
enum packet_verdict esp_open(struct esp_pair *pair, const struct esp_header *header,
                             struct packet *packet, struct esp_opened *out);

#endif
