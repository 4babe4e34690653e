/* Raw protocol 50: ESP without UDP, RFC 4303 2. */
#ifndef IKEREF_HOST_ESP_SOCKET_H
#define IKEREF_HOST_ESP_SOCKET_H

#include "host/datagram_socket.h"

/* False with a problem; or false without one (fd -1) when the machine has no such address family.
 */
bool esp_socket_open(struct datagram_socket *sock, uint8_t family, uint32_t mark,
                     struct problem *problem);

#endif
