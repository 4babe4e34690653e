/* The buffer a packet travels in: room in front and behind is used, octets are moved only when the
 * owner left none. */
#ifndef IKEREF_ESP_PACKET_H
#define IKEREF_ESP_PACKET_H

#include "esp/esp_plane.h"

/* The current octets, to be changed in place. */
uint8_t *packet_octets(const struct packet *packet);
struct bytes packet_bytes(const struct packet *packet);

/* The offsets lie within the buffer. */
bool packet_sound(const struct packet *packet);

/* Grow by `length` octets in front, not yet written; false when the buffer has no such room. */
MUST_USE bool packet_prepend(struct packet *packet, size_t length);

/* Grow by `length` octets behind, not yet written; false when the buffer has no such room. */
MUST_USE bool packet_append(struct packet *packet, size_t length);

/* Take octets off the front; asserts that there are as many. */
void packet_strip(struct packet *packet, size_t length);

#endif
