/* The octets of an ESP packet around its payload, RFC 4303 2:
 *
 *     0               1               2               3
 *    +---------------+---------------+---------------+---------------+
 *    |              Security Parameters Index (SPI)                  |
 *    +---------------+---------------+---------------+---------------+
 *    |                      Sequence Number                          |
 *    +---------------+---------------+---------------+---------------+
 *    |   IV, payload, padding ...    |  Pad Length   |  Next Header  |
 *    +---------------+---------------+---------------+---------------+
 *    |                           ICV ...                             |
 */
#ifndef IKEREF_ESP_ESP_HEADER_H
#define IKEREF_ESP_ESP_HEADER_H

#include "crypto/protection.h"

#define ESP_HEADER_LENGTH 8
#define ESP_TRAILER_LENGTH 2     /* Pad Length and Next Header */
#define ESP_SPI_RESERVED_MAX 255 /* RFC 4303 2.1 */

struct esp_header {
    uint32_t spi;
    uint32_t sequence; /* the low half with ESN */
};

/* STATUS_DROP when shorter than the header. */
MUST_USE enum status esp_header_parse(struct bytes packet, struct esp_header *out);
void esp_header_build(uint8_t out[ESP_HEADER_LENGTH], const struct esp_header *header);

/* The text to be encrypted is a multiple of this: the cipher's block, and 4 (RFC 4303 2.4). */
size_t esp_alignment(const struct protection *p);

/* Octets of padding behind `payload` octets; 0 to alignment - 1. */
size_t esp_padding_length(size_t payload, size_t alignment);

/* Writes padding 1, 2, 3..., Pad Length and Next Header: padding + 2 octets. */
void esp_trailer_build(uint8_t *out, size_t padding, uint8_t next_header);

/* Takes the trailer off the decrypted text: what is left in *payload. STATUS_DROP when the padding
 * is longer than the text or not what RFC 4303 2.4 prescribes. */
MUST_USE enum status esp_trailer_parse(struct bytes text, struct bytes *payload,
                                       uint8_t *next_header);

/* What is authenticated beside the text, RFC 4106 5, RFC 7634 2.1, RFC 4303 2.2.1. */
struct esp_aad {
    uint8_t octets[12];
    struct bytes aad;
    struct bytes tail;
};

/* The views point into *out. */
void esp_aad_build(struct esp_aad *out, uint32_t spi, uint64_t sequence, bool esn, bool aead);

#endif
