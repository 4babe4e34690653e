/* Several datagrams that cross the kernel as one: those it cuts for us on the way out (UDP_SEGMENT)
 * and those it has joined on the way in (UDP_GRO). On the wire they are single datagrams. */
#ifndef IKEREF_ESP_DATAGRAM_TRAIN_H
#define IKEREF_ESP_DATAGRAM_TRAIN_H

#include "esp/esp_plane.h"

#define TRAIN_SEGMENTS_MAX 64 /* of one call: every kernel with UDP_SEGMENT takes as many */

/* How many of the packets, from the first on, may go in one call: to the same place with the same
 * marks, and of one length, but for a last shorter one. At least 1; `count` is not 0. */
size_t datagram_train_length(struct packet *const *packets, size_t count);

/* How many datagrams came in one call: octets of all, and of each but the last; 0: it is one. */
size_t datagram_train_count(size_t length, size_t segment);

/* What came in one call gives up its first datagram, of `segment` octets unless it is the last; 0:
 * it is one alone. It is copied into the packet, whose buffer stays. False: there is none left. One
 * that does not fit the packet's buffer is left out. */
bool datagram_train_next(struct packet *whole, size_t segment, struct packet *packet);

#endif
