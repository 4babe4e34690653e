/* The Internet checksum, RFC 1071, and its incremental update, RFC 1624. */
#ifndef IKEREF_ESP_CHECKSUM_H
#define IKEREF_ESP_CHECKSUM_H

#include "base/address.h"

/* Adds octets to a running sum; only the last piece may have an odd length. Start with 0. */
uint32_t checksum_add(uint32_t sum, const uint8_t *octets, size_t length);

/* The same, several times as fast where there are hundreds of octets. `sum` is a folded one. */
uint32_t checksum_add_long(uint32_t sum, const uint8_t *octets, size_t length);

/* Adds the pseudo-header of an upper-layer protocol: RFC 9293 3.1 (IPv4), RFC 8200 8.1 (IPv6). */
uint32_t checksum_add_pseudo(uint32_t sum, const struct address *source,
                             const struct address *destination, uint8_t protocol, size_t length);

/* The checksum to put into the packet. */
uint16_t checksum_finish(uint32_t sum);

/* The checksum after one 16-bit word changed from `before` to `after`. */
uint16_t checksum_replace(uint16_t checksum, uint16_t before, uint16_t after);

/* Big-endian 16 bits in place. */
uint16_t octets_get_u16(const uint8_t *at);
void octets_put_u16(uint8_t *at, uint16_t value);
uint32_t octets_get_u32(const uint8_t *at);
void octets_put_u32(uint8_t *at, uint32_t value);

#endif
