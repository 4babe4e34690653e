/* RFC 7296 2: port 500; 2.23: port 4500. */
#include "host/ike_sockets.h"

#include <string.h>

#include "esp/udp_encap.h"
#include "host/udp_socket.h"

void ike_sockets_init(struct ike_sockets *sockets)
{
    for (size_t i = 0; i < IKE_SOCKETS; i++) {
        sockets->sockets[i].fd = -1;
    }
}

bool ike_sockets_open(struct ike_sockets *sockets, const struct host_config *config,
                      struct problem *problem)
{
    ike_sockets_init(sockets);
    for (size_t i = 0; i < IKE_SOCKETS; i++) {
        uint8_t family = i == IKE_V4 || i == NATT_V4 ? ADDRESS_V4 : ADDRESS_V6;
        uint16_t port = i < NATT_V4 ? config->endpoint.ike_port : config->endpoint.natt_port;
        if (!udp_socket_open(&sockets->sockets[i], family, port, config->mark, problem) &&
            problem->code != EXIT_FINE) {
            ike_sockets_close(sockets);
            return false;
        }
    }
    return true;
}

void ike_sockets_close(struct ike_sockets *sockets)
{
    for (size_t i = 0; i < IKE_SOCKETS; i++) {
        datagram_socket_close(&sockets->sockets[i]);
    }
}

struct datagram_socket *ike_sockets_pick(struct ike_sockets *sockets, uint8_t family, bool natt)
{
    enum ike_socket v4 = natt ? NATT_V4 : IKE_V4;
    return &sockets->sockets[family == ADDRESS_V6 ? v4 + 1 : v4];
}

bool ike_sockets_send(struct ike_sockets *sockets, struct burst *burst,
                      const struct datagram *datagram)
{
    struct packet *packet = &burst->packets[0];
    struct packet *const run[] = {packet};
    size_t marker = datagram->encapsulated && !datagram->keepalive ? NON_ESP_MARKER_LENGTH : 0;
    bool natt = datagram->encapsulated || datagram->keepalive;
    if (datagram->path.remote.ip.family == ADDRESS_NONE ||
        datagram->octets.length > BURST_PACKET_MAX - marker) {
        return true;
    }
    burst_reset(burst);
    memset(packet->buffer + packet->offset, 0, marker);
    memcpy(packet->buffer + packet->offset + marker, datagram->octets.data,
           datagram->octets.length);
    packet->length = marker + datagram->octets.length;
    packet->path = datagram->path;
    packet->dont_fragment = datagram->dont_fragment;
    const struct packet *too_big;
    datagram_socket_send(ike_sockets_pick(sockets, datagram->path.remote.ip.family, natt), run, 1,
                         datagram->keepalive, &too_big);
    return too_big == NULL || !datagram->dont_fragment;
}
