/* Explicit Congestion Notification across the protected path, RFC 6040. */
#ifndef IKEREF_ESP_ECN_H
#define IKEREF_ESP_ECN_H

#include <stdbool.h>
#include <stdint.h>

#define ECN_MASK 0x03
#define DSCP_MASK 0xfc

enum ecn { ECN_NOT_ECT = 0, ECN_ECT_1 = 1, ECN_ECT_0 = 2, ECN_CE = 3 };

/* What the inner header says after decapsulation (RFC 6040 4.2, figure 4); false: drop the packet.
 */
bool ecn_decapsulate(uint8_t inner, uint8_t outer, uint8_t *out);

#endif
